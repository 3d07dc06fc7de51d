// SPDX-License-Identifier: Apache-2.0
// An emitted object, loaded into this process, runs through the descriptor found in it.
#include "compiler/driver/Jit.h"
#include "tests/driver/program.h"

#include <thread>

using namespace overtime::driver;
using namespace overtime::driver::test;

namespace {

std::unique_ptr<llvm::MemoryBuffer> bufferOf(const llvm::SmallVector<char, 0> &bytes) {
  return llvm::MemoryBuffer::getMemBufferCopy(llvm::StringRef(bytes.data(), bytes.size()));
}

std::unique_ptr<Jit> loadAcc(unsigned level = 1) {
  return value(Jit::load(bufferOf(accObject(level)), "acc_loop", value(TargetSpec::get("native"))));
}

struct Block {
  explicit Block(const overtime_program *program) : memory(std::aligned_alloc(64, program->state_bytes), &std::free) {
    std::memset(memory.get(), 0xa5, program->state_bytes); // reset must not rely on zeros
    REQUIRE(overtime_program_reset(program, memory.get(), 0) == OVERTIME_OK);
  }
  std::unique_ptr<void, void (*)(void *)> memory;
};

const overtime_program *programIn(Jit &jit) {
  return static_cast<const overtime_program *>(value(jit.lookup("acc_program")));
}

std::vector<double> inputRows(std::int64_t steps) {
  std::vector<double> rows(static_cast<std::size_t>(steps * lanes));
  for (std::size_t k = 0; k < rows.size(); ++k)
    rows[k] = 0.125 * static_cast<double>(k % 7);
  return rows;
}

} // namespace

TEST_CASE("the descriptor says what the program is", "[driver][jit]") {
  auto jit = loadAcc();
  const overtime_program *program = programIn(*jit);
  CHECK(program->abi_version == OVERTIME_ABI_VERSION);
  CHECK(std::string(program->name) == "acc");
  CHECK(program->target == value(TargetSpec::get("native")).describe());
  CHECK(program->entry == jit->entry());
  CHECK(program->n_states == 1);
  CHECK(program->n_params == 1);
  CHECK(program->n_inputs == 1);
  CHECK(program->n_outputs == 2);
  CHECK(program->dt == 0.1);
  const overtime_array &x = program->arrays[0], &gain = program->arrays[1], &over = program->arrays[4];
  CHECK(std::string(x.name) == "l1.x");
  CHECK(std::string(x.unit) == "mV");
  CHECK(x.dtype == OVERTIME_F64);
  REQUIRE(x.rank == 1);
  CHECK(x.shape[0] == lanes);
  CHECK(x.offset == 64);
  CHECK(gain.rank == 0);
  CHECK(gain.elements == 1);
  CHECK(over.dtype == OVERTIME_BOOL);
  for (int k = 0; k < 5; ++k)
    CHECK(program->arrays[k].offset % 64 == 0);
}

TEST_CASE("a loaded program computes the steps and continues", "[driver][jit]") {
  unsigned level = GENERATE(0u, 1u, 2u, 3u);
  auto jit = loadAcc(level);
  const overtime_program *program = programIn(*jit);
  Block whole(program), parts(program);
  const std::int64_t steps = 20;
  std::vector<double> input = inputRows(steps), x(input.size()), x2(input.size());
  std::vector<unsigned char> over(input.size());
  const void *inputs[] = {input.data()};
  void *outputs[] = {x.data(), over.data()};
  REQUIRE(overtime_program_run(program, whole.memory.get(), steps, inputs, outputs) == OVERTIME_OK);
  for (int lane = 0; lane < lanes; ++lane) {
    double expected = 0.5 * lane;
    for (std::int64_t k = 0; k < steps; ++k) {
      std::size_t at = static_cast<std::size_t>(k * lanes + lane);
      expected = accStep(expected, input[at]);
      CHECK(x[at] == expected); // multiples of 1/32: exact with and without FMA
      CHECK(over[at] == (expected > 3.0));
    }
  }
  const void *second[] = {input.data() + 7 * lanes};
  void *first_out[] = {x2.data(), nullptr}, *second_out[] = {x2.data() + 7 * lanes, nullptr};
  REQUIRE(overtime_program_run(program, parts.memory.get(), 7, inputs, first_out) == OVERTIME_OK);
  REQUIRE(overtime_program_run(program, parts.memory.get(), steps - 7, second, second_out) == OVERTIME_OK);
  CHECK(x == x2);
}

TEST_CASE("a left out input counts as zeros", "[driver][jit]") {
  auto jit = loadAcc();
  const overtime_program *program = programIn(*jit);
  Block block(program);
  REQUIRE(overtime_program_run(program, block.memory.get(), 3, nullptr, nullptr) == OVERTIME_OK);
  const auto *x = static_cast<const double *>(overtime_program_array(program, block.memory.get(), "l1.x"));
  REQUIRE(x != nullptr);
  CHECK(x[3] == 1.5);
}

TEST_CASE("the C functions work from the process as well", "[driver][jit]") {
  auto jit = loadAcc();
  auto bytes = reinterpret_cast<std::uint64_t (*)()>(const_cast<void *>(value(jit->lookup("acc_state_bytes"))));
  auto reset = reinterpret_cast<int (*)(void *, std::uint64_t)>(const_cast<void *>(value(jit->lookup("acc_reset"))));
  CHECK(bytes() == layoutOf(accInfo()).stateBytes);
  CHECK(reset(nullptr, 0) == OVERTIME_NULL_ARGUMENT);
}

TEST_CASE("what cannot be loaded is an error", "[driver][jit]") {
  TargetSpec native = value(TargetSpec::get("native"));
  auto load = [&](std::unique_ptr<llvm::MemoryBuffer> object, llvm::StringRef symbol) {
    return errorOf(Jit::load(std::move(object), symbol, native));
  };
  CHECK(load(llvm::MemoryBuffer::getMemBufferCopy("no object"), "acc_loop") != "");
  CHECK(load(llvm::MemoryBuffer::getMemBufferCopy(""), "acc_loop") != "");
  CHECK_THAT(load(bufferOf(accObject()), "other_loop"), Catch::Contains("other_loop"));
  CHECK_THAT(errorOf(Jit::load(bufferOf(accObject(1, "aarch64")), "acc_loop", value(TargetSpec::get("aarch64")))),
             Catch::Contains("cannot run on this machine"));
}

TEST_CASE("programs are loaded and dropped from many threads", "[driver][jit]") {
  auto object = accObject();
  TargetSpec native = value(TargetSpec::get("native"));
  std::vector<int> good(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < good.size(); ++t)
    threads.emplace_back([&, t] {
      for (int round = 0; round < 25; ++round) {
        auto jit = Jit::load(bufferOf(object), "acc_loop", native);
        if (!jit)
          llvm::consumeError(jit.takeError());
        else
          ++good[t];
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  CHECK(good == std::vector<int>(4, 25));
}
