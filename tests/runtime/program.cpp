// SPDX-License-Identifier: Apache-2.0
// Programs run through the binary interface, with an entry function written by hand.
#include "runtime/abi.h"

#include <catch2/catch.hpp>

#include <cfenv>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr std::int64_t two[] = {2};

/// x' = x + a * input, twice; output = x', time = t. Notes what it was called with.
struct Call {
  int count = 0;
  std::int64_t steps = 0, i0 = 0, k0 = 0;
  std::uint64_t seed = 0;
  std::vector<std::int64_t> strides;
  bool rounds_up = true, flushes_subnormals = true;
} last;

void entry(std::int64_t steps, std::int64_t i0, std::int64_t k0, double t0, std::uint64_t seed, void *const *buffers,
           const std::int64_t *strides, std::int64_t, std::int64_t, void *) {
  volatile double one = 1, little = 0x1p-60, tiny = 1e-308;
  last = {last.count + 1, steps, i0, k0, seed, {strides, strides + 3}, one + little > 1, tiny / 16 == 0};
  auto *x = static_cast<double *>(buffers[0]);
  auto *a = static_cast<const double *>(buffers[1]);
  for (std::int64_t k = 0; k < steps; ++k) {
    auto *input = static_cast<const double *>(buffers[2]) + k * strides[0];
    auto *output = static_cast<double *>(buffers[3]) + k * strides[1];
    auto *time = static_cast<double *>(buffers[4]) + k * strides[2];
    for (int e = 0; e < 2; ++e)
      output[e] = x[e] += a[0] * input[e];
    *time = t0 + double(k0 + k) * 0.5;
  }
  std::memset(buffers[5], 1, 64);
}

const overtime_array arrays[] = {{"x", "mV", OVERTIME_F64, 1, two, 2, 64},
                                 {"a", "1", OVERTIME_F64, 0, nullptr, 1, 128},
                                 {"I", "nA", OVERTIME_F64, 1, two, 2, 192},
                                 {"y", "mV", OVERTIME_F64, 1, two, 2, 256},
                                 {"t", "ms", OVERTIME_F64, 0, nullptr, 1, 320}};

struct Initial {
  double x[8] = {1, 2};
  double a[8] = {10};
} const initial;

overtime_program make_program() {
  return {OVERTIME_ABI_VERSION,
          0,
          "test",
          "any",
          entry,
          {1, 0, 64, -1},
          448 + OVERTIME_MESSAGE_BYTES,
          384,
          448,
          1,
          1,
          1,
          2,
          arrays,
          &initial,
          sizeof initial,
          5,
          100.0,
          0.5,
          nullptr};
}

struct alignas(64) Block {
  unsigned char bytes[448 + OVERTIME_MESSAGE_BYTES];
  double &at(std::size_t offset) { return *reinterpret_cast<double *>(bytes + offset); }
};

} // namespace

TEST_CASE("statuses and dtypes have their meanings") {
  for (int status = OVERTIME_OK; status <= OVERTIME_WRONG_ARRAY; ++status)
    CHECK(std::string(overtime_status_message(status)) != "unknown status");
  CHECK(std::string(overtime_status_message(-1)) == "unknown status");
  CHECK(overtime_dtype_size(OVERTIME_F32) == 4);
  CHECK(overtime_dtype_size(OVERTIME_BOOL) == 1);
  CHECK(overtime_dtype_size(99) == 0);
}

TEST_CASE("reset writes the initial image and clears the rest") {
  overtime_program program = make_program();
  Block block;
  std::memset(block.bytes, 0xff, sizeof block.bytes);
  REQUIRE(overtime_program_reset(&program, &block, 9) == OVERTIME_OK);
  CHECK(block.at(64) == 1);
  CHECK(block.at(72) == 2);
  CHECK(block.at(128) == 10);
  for (std::size_t k = 192; k < sizeof block.bytes; ++k)
    REQUIRE(block.bytes[k] == 0);
  CHECK(overtime_program_array(&program, &block, "x") == block.bytes + 64);
  CHECK(overtime_program_array(&program, &block, "a") == block.bytes + 128);
  CHECK(overtime_program_array(&program, &block, "I") == nullptr);
  CHECK(overtime_program_array(&program, nullptr, "x") == nullptr);
}

TEST_CASE("runs follow on from each other") {
  overtime_program program = make_program();
  Block block;
  REQUIRE(overtime_program_reset(&program, &block, 9) == OVERTIME_OK);
  double input[] = {1, 1, 2, 2, 3, 3}, y[6], t[3];
  const void *inputs[] = {input};
  void *outputs[] = {y, t};
  REQUIRE(overtime_program_run(&program, &block, 3, inputs, outputs) == OVERTIME_OK);
  CHECK(std::vector<double>(y, y + 6) == std::vector<double>{11, 12, 31, 32, 61, 62});
  CHECK(std::vector<double>(t, t + 3) == std::vector<double>{100, 100.5, 101});
  CHECK((last.i0 == 5 && last.k0 == 0 && last.seed == 9));
  REQUIRE(overtime_program_run(&program, &block, 1, inputs, outputs) == OVERTIME_OK);
  CHECK((last.i0 == 8 && last.k0 == 3));
  CHECK(t[0] == 101.5);
  CHECK(std::string(overtime_program_error(&block)) == "no error");
}

TEST_CASE("arrays left out take their default row") {
  overtime_program program = make_program();
  Block block;
  REQUIRE(overtime_program_reset(&program, &block, 0) == OVERTIME_OK);
  REQUIRE(overtime_program_run(&program, &block, 4, nullptr, nullptr) == OVERTIME_OK);
  CHECK(last.strides == std::vector<std::int64_t>{0, 0, 0});
  CHECK(block.at(64) == 1);
  CHECK(block.at(320) == 101.5);
  double t[2];
  void *outputs[] = {nullptr, t};
  const void *inputs[] = {nullptr};
  REQUIRE(overtime_program_run(&program, &block, 2, inputs, outputs) == OVERTIME_OK);
  CHECK(last.strides == std::vector<std::int64_t>{0, 0, 1});
  CHECK(t[1] == 102.5);
}

TEST_CASE("no steps are a run that does nothing") {
  overtime_program program = make_program();
  Block block;
  REQUIRE(overtime_program_reset(&program, &block, 0) == OVERTIME_OK);
  int before = last.count;
  CHECK(overtime_program_run(&program, &block, 0, nullptr, nullptr) == OVERTIME_OK);
  CHECK(last.count == before);
}

TEST_CASE("wrong calls give their status and leave the state alone") {
  overtime_program program = make_program(), other = make_program();
  Block block;
  std::memset(block.bytes, 0, sizeof block.bytes);
  CHECK(overtime_program_reset(nullptr, &block, 0) == OVERTIME_NULL_ARGUMENT);
  CHECK(overtime_program_reset(&program, nullptr, 0) == OVERTIME_NULL_ARGUMENT);
  CHECK(overtime_program_reset(&program, block.bytes + 8, 0) == OVERTIME_MISALIGNED);
  CHECK(overtime_program_run(&program, nullptr, 1, nullptr, nullptr) == OVERTIME_NULL_ARGUMENT);
  CHECK(overtime_program_run(&program, block.bytes + 8, 1, nullptr, nullptr) == OVERTIME_MISALIGNED);
  CHECK(overtime_program_run(&program, &block, 1, nullptr, nullptr) == OVERTIME_NOT_RESET);
  CHECK(overtime_program_error(&block) == std::string(overtime_status_message(OVERTIME_NOT_RESET)));
  other.abi_version += 1;
  CHECK(overtime_program_reset(&other, &block, 0) == OVERTIME_BAD_FORMAT);
  overtime_program foreign = make_program();
  foreign.instructions = 1u << 31; // no processor has it
  CHECK(overtime_program_reset(&foreign, &block, 0) == OVERTIME_WRONG_PROCESSOR);

  REQUIRE(overtime_program_reset(&program, &block, 0) == OVERTIME_OK);
  Block before = block;
  auto fails = [&](int status, int expected) {
    CHECK(status == expected);
    CHECK(overtime_program_error(&block) == std::string(overtime_status_message(expected)));
    CHECK(std::memcmp(block.bytes + 64, before.bytes + 64, sizeof block.bytes - 64) == 0);
  };
  fails(overtime_program_run(&program, &block, -1, nullptr, nullptr), OVERTIME_NEGATIVE_STEPS);
  fails(overtime_program_run(&program, &block, INT64_MAX - 4, nullptr, nullptr), OVERTIME_STEP_OVERFLOW);
  fails(overtime_program_run(&other, &block, 1, nullptr, nullptr), OVERTIME_NOT_RESET);
  fails(overtime_program_run(nullptr, &block, 1, nullptr, nullptr), OVERTIME_NULL_ARGUMENT);
  const void *inputs[] = {block.bytes + 193};
  fails(overtime_program_run(&program, &block, 1, inputs, nullptr), OVERTIME_MISALIGNED);
  CHECK(overtime_program_run(&program, &block, 1, nullptr, nullptr) == OVERTIME_OK);
}

TEST_CASE("arrays that overlap what a run writes are refused") {
  overtime_program program = make_program();
  Block block;
  REQUIRE(overtime_program_reset(&program, &block, 0) == OVERTIME_OK);
  double memory[12] = {}, t[3];
  auto status = [&](const void *input, void *y, void *time) {
    const void *inputs[] = {input};
    void *outputs[] = {y, time};
    return overtime_program_run(&program, &block, 3, inputs, outputs);
  };
  CHECK(status(memory, memory + 6, t) == OVERTIME_OK); // one ends where the other begins
  CHECK(status(memory, memory + 5, t) == OVERTIME_OVERLAP);
  CHECK(status(memory + 5, memory, nullptr) == OVERTIME_OVERLAP);
  CHECK(status(nullptr, memory, memory + 5) == OVERTIME_OVERLAP);
  CHECK(status(nullptr, memory, memory + 6) == OVERTIME_OK);
  CHECK(status(&block.at(64), nullptr, nullptr) == OVERTIME_OVERLAP);
  CHECK(status(nullptr, nullptr, &block.at(440)) == OVERTIME_OVERLAP);
  CHECK(std::string(overtime_program_error(&block)).find("overlap") != std::string::npos);
  const void *inputs[] = {memory};
  void *outputs[] = {memory, nullptr};
  CHECK(overtime_program_run(&program, &block, 0, inputs, outputs) == OVERTIME_OK); // no steps touch nothing
}

TEST_CASE("the caller's floating-point mode changes nothing and comes back") {
  overtime_program program = make_program();
  Block block;
  REQUIRE(overtime_program_reset(&program, &block, 0) == OVERTIME_OK);
  std::fesetround(FE_UPWARD);
#if defined(__x86_64__)
  unsigned flushing = __builtin_ia32_stmxcsr() | 0x8040;
  __builtin_ia32_ldmxcsr(flushing);
#endif
  int status = overtime_program_run(&program, &block, 1, nullptr, nullptr);
  int after = std::fegetround();
#if defined(__x86_64__)
  unsigned mode = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(0x1f80);
  CHECK((mode & 0xffc0) == (flushing & 0xffc0)); // without the sticky flags
#endif
  std::fesetround(FE_TONEAREST);
  CHECK(status == OVERTIME_OK);
  CHECK(after == FE_UPWARD);
  CHECK_FALSE(last.rounds_up);
  CHECK_FALSE(last.flushes_subnormals);
}

TEST_CASE("programs of many arrays run too") {
  constexpr int n = 100;
  static std::int64_t seen_last = 0;
  std::vector<overtime_array> many(n, {"s", "1", OVERTIME_F32, 0, nullptr, 1, 64});
  many.back().name = "o";
  overtime_program program = make_program();
  program.n_states = n - 1;
  program.n_params = program.n_inputs = 0;
  program.n_outputs = 1;
  program.arrays = many.data();
  program.entry = [](std::int64_t, std::int64_t, std::int64_t, double, std::uint64_t, void *const *buffers,
                     const std::int64_t *strides, std::int64_t, std::int64_t, void *) {
    seen_last = strides[0];
    *static_cast<float *>(buffers[n - 1]) = 7;
    std::memset(buffers[n], 1, 64);
  };
  Block block;
  REQUIRE(overtime_program_reset(&program, &block, 0) == OVERTIME_OK);
  float o = 0;
  void *outputs[] = {&o};
  REQUIRE(overtime_program_run(&program, &block, 1, nullptr, outputs) == OVERTIME_OK);
  CHECK(o == 7);
  CHECK(seen_last == 1);
}

TEST_CASE("a program without code for a GPU stays on the processor and says why") {
  overtime_program program = make_program();
  Block block;
  CHECK(overtime_program_set_device(&program, nullptr, "cpu") == OVERTIME_NULL_ARGUMENT);
  CHECK(overtime_program_set_device(&program, &block, "cpu") == OVERTIME_NOT_RESET);
  REQUIRE(overtime_program_reset(&program, &block, 0) == OVERTIME_OK);
  CHECK(overtime_program_set_device(&program, &block, nullptr) == OVERTIME_NULL_ARGUMENT);
  for (const char *name : {"", "gpu", "cud", "cuda:", "cuda:x", "cuda:1x", "cuda1", "cuda:-1", "cuda:99999999999"})
    CHECK(overtime_program_set_device(&program, &block, name) == OVERTIME_UNKNOWN_DEVICE);
  CHECK(overtime_program_set_device(&program, &block, "cuda:1") == OVERTIME_NO_GPU_CODE);
  CHECK(std::string(overtime_program_error(&block)).find("overtime compile --gpu") != std::string::npos);
  CHECK(overtime_program_set_device(&program, &block, "cpu") == OVERTIME_OK);
  int before = last.count;
  CHECK(overtime_program_run(&program, &block, 3, nullptr, nullptr) == OVERTIME_OK);
  CHECK(last.count == before + 1);
}
