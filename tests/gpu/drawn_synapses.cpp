// SPDX-License-Identifier: Apache-2.0
// Synapses that a device draws at every event: the bits of the processor.
#include "tests/gpu/emulation.h"
#include "tests/trace/event_network.h"

#include <fstream>
#include <iterator>

#include <unistd.h>

using namespace overtime;
using namespace overtime::test;

namespace {

/// Flags and numbers as events, some of them in every step, through rows by a rule.
struct DrawnNetwork : Model {
  DrawnNetwork(std::int64_t n, const DrawnRows &rows)
      : Model(Shape{n}), rows(rows), V(state("V", uniform(0, 1))), spike(state("spike", false)), g(state("g", 0.0)),
        h(state("h", 0.0)), all(state("all", 0.0)) {
    this->rows.posts = n;
  }
  DrawnRows rows;
  State V, spike, g, h, all;
  Tree<Value> update(const Tree<Value> &) override {
    V = V + 0.04 + 0.01 * g + 0.01 * h + 0.001 * all;
    spike = V > 1;
    V = where(spike, V - 1, V);
    DrawnRows other = rows;
    other.seed += 1;
    g = propagate(spike, rows, 0.3, 0.9 * g);
    h = propagate(as_real(spike) * V, other, 0.7, 0.9 * h); // the place of a spike says how strong it is
    all = propagate(slice(Value(V), 0, std::min<std::int64_t>(70, rows.posts)), rows, 0.01, 0.5 * all);
    return {};
  }
};

void check_rule(const DrawnRows &rows, std::int64_t n, DType real, std::int64_t steps,
                std::optional<std::int64_t> batch = {}) {
  INFO(n << " cells, " << name_of(real) << (rows.number ? ", by number" : ", by gaps"));
  check_same_bits([&] { return std::make_unique<DrawnNetwork>(n, rows); }, real, steps, batch);
}

} // namespace

TEST_CASE("targets by gaps on a device: the bits of the processor", "[gpu]") {
  Emulation emulation;
  for (DType real : {f32, f64}) {
    check_rule({.probability = 0.2, .include_self = false, .seed = 3}, 50, real, 31);
    check_rule({.probability = 0.05, .share = 0.7, .seed = uint64_t(5) << 40}, 50, real, 31);
  }
  check_rule({.probability = 0.15, .seed = 3}, 1500, f32, 4);  // two segments, rounds of events
  check_rule({.probability = 0.001, .seed = 7}, 1500, f32, 8); // a table of 4,096 gaps
  check_rule({.probability = 1.0}, 40, f32, 9);
  check_rule({.probability = 0.0}, 40, f32, 9);
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("numbers of targets on a device: the bits of the processor", "[gpu]") {
  Emulation emulation;
  for (DType real : {f32, f64}) {
    check_rule({.number = 7, .include_self = false, .seed = 3}, 50, real, 31);
    check_rule({.number = 20, .share = 0.7, .seed = 4}, 50, real, 31);
  }
  check_rule({.number = 48, .include_self = false, .seed = 5}, 50, f32, 21); // nearly all, chosen by who is taken
  check_rule({.number = 50, .seed = 6}, 50, f32, 21);
  check_rule({.number = 150, .seed = 8}, 1500, f32, 4);
  check_rule({.number = 0}, 40, f32, 9);
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("rows of a batch draw the same synapses on a device", "[gpu]") {
  Emulation emulation;
  check_rule({.probability = 0.2, .seed = 3}, 50, f32, 21, 3);
  check_rule({.number = 9, .seed = 3}, 50, f32, 21, 3);
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("one cell draws its only target on a device", "[gpu]") {
  Emulation emulation;
  check_rule({.number = 1}, 1, f32, 40);
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("gradients go back through drawn synapses on a device: the bits of the processor", "[gpu][gradient]") {
  struct Linear : Model {
    Linear(std::int64_t n, const DrawnRows &rows) : Model(Shape{n}), rows(rows) { this->rows.posts = n; }
    DrawnRows rows;
    State x = state("x", uniform(0, 1)), g = state("g", 0.0);
    Param w = param("w", 0.1);
    Tree<Value> update(const Tree<Value> &data) override {
      g = propagate(x, rows, w, 0.5 * g);
      x = 0.5 * x + 0.125 * g + data.leaf();
      return Value(x);
    }
  };
  Emulation emulation;
  auto check = [](std::int64_t n, std::int64_t steps, const DrawnRows &rows, std::optional<std::int64_t> batch = {}) {
    INFO(n << " cells" << (rows.number ? ", by number" : ", by gaps"));
    auto gradient_on = [&](const Device &device) {
      Linear model(n, rows);
      LoopOverTime over_time(model, {.real = f64, .cache = false, .device = device});
      over_time.reset_state(batch);
      Shape shape = batch ? Shape{steps, *batch, n} : Shape{steps, n};
      auto error = each_step([](Value out, Value target) { return square(out - target); });
      GradientResult r =
          value_and_grad(over_time, error, {.wrt = {model.w, model.x}})(sample(shape, 2), Tensor::zeros(shape, f64));
      return std::pair{r[model.w], r[model.x]};
    };
    auto [host_w, host_x] = gradient_on(cpu());
    auto [w, x] = gradient_on(cuda());
    CHECK(same_bits(x, host_x));
    CHECK(w[0] == Approx(host_w[0]).epsilon(1e-12));
    CHECK(w[0] != 0.0);
  };
  check(50, 3, {.probability = 0.1, .seed = 3});
  check(50, 3, {.number = 12, .include_self = false, .seed = 4});
  check(1100, 1, {.number = 3, .seed = 5}); // a grid
  check(40, 2, {.number = 9, .seed = 6}, 3);
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("ptxas assembles kernels that draw synapses", "[gpu]") {
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("overtime-drawn-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  std::string missing;
  for (const DrawnRows &rows : {DrawnRows{.probability = 0.02, .include_self = false}, DrawnRows{.number = 40}})
    for (std::int64_t n : {500, 4000}) // a block, a grid
      for (const char *capability : {"sm_80", "sm_90"}) {
        DrawnNetwork model(n, rows);
        LoopOverTime over_time(model, {.cache = false});
        over_time.reset_state();
        Artifact kernel = compile(over_time, {.target = capability, .inputs = std::vector<Shape>{}});
        kernel.write_ptx(folder / "drawn.ptx");
        std::ifstream file(folder / "drawn.ptx");
        std::string ptx(std::istreambuf_iterator<char>(file), {});
        CHECK(ptx.find(".extern") == std::string::npos); // calls nothing of the host
        CHECK(ptx.find(".local ") == std::string::npos);
        try {
          KernelFacts facts = kernel.write_cubin(folder / "drawn.cubin");
          INFO(n << " cells, " << capability << ", " << facts.registers << " registers");
          CHECK(facts.local_bytes <= 32); // some numbers that ptxas would rather keep there than in more registers
          CHECK(facts.registers > 0);
        } catch (const Error &error) {
          missing = error.what();
          CHECK(missing.find("ptxas") != std::string::npos);
        }
      }
  if (!missing.empty())
    WARN("assembling skipped: " << missing);
  std::filesystem::remove_all(folder);
}
