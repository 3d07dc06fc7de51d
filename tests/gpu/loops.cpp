// SPDX-License-Identifier: Apache-2.0
// Loops on a device: the numbers of the processor, states that go on from call to call, edits in between.
//
// The fake driver runs the kernels, compiled for this processor from the LLVM IR that the PTX is made of.
#include "compiler/overtime.h"
#include "models/inputs/ou_process.h"
#include "models/neurons/hh.h"
#include "models/neurons/lif.h"
#include "models/rates/wilson_cowan.h"
#include "tests/gpu/emulation.h"
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

namespace {

/// V of HH neurons with different currents.
template <class Run> Tensor potentials(LoopOptions options, Run run) {
  HH hh(70);
  options.out_vars = hh.V;
  options.cache = false;
  LoopOverTime over_time(hh, std::move(options));
  over_time.reset_state();
  Tensor current({70}, f64);
  for (std::int64_t k = 0; k < 70; ++k)
    current.set(k, 0.25 * double(k));
  hh.I.set_value(current);
  return run(over_time);
}
Tensor hundred(LoopOverTime &over_time) { return over_time.steps(100).vars.leaf(); }

} // namespace

TEST_CASE("neurons have the processor's numbers on a device", "[gpu]") {
  Emulation emulation;
  for (DType real : {f32, f64})
    for (Numerics numerics : {Numerics::Reproducible, Numerics::Fast}) {
      Tensor host = potentials({.real = real, .numerics = numerics}, hundred);
      Tensor there = potentials({.real = real, .numerics = numerics, .device = cuda()}, hundred);
      double allowed = real == f64 ? 1e-9 : numerics == Numerics::Fast ? 2e-2 : 2e-3; // [mV], at a spike's flank
      CHECK(largest_difference(host, there) < allowed);
      CHECK(largest_difference(host, there) > 0); // polynomials of another form: it did not run on the host
    }
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("a run in pieces on a device is the whole, bit for bit", "[gpu]") {
  Emulation emulation;
  Tensor whole = potentials({.device = cuda()}, hundred);
  Tensor pieces = potentials({.device = cuda()}, [](LoopOverTime &over_time) {
    Tensor first = over_time.steps(33).vars.leaf(), second = over_time.steps(1).vars.leaf();
    return joined(joined(first, second), over_time.steps(66).vars.leaf());
  });
  CHECK(same_bits(whole, pieces));
  FakeDriver narrow(90, 4 * 3 * 70 * 5); // a quarter holds 3 steps of V and of the spikes
  CHECK(same_bits(whole, potentials({.device = cuda()}, hundred)));
  CHECK(narrow.faults() == "");
}

TEST_CASE("monitors of windows, elements and events record what is computed on a device", "[gpu]") {
  Emulation emulation;
  auto run = [](Tree<Monitor> monitors, HH &hh) {
    hh.I.set_value(20.0);
    LoopOverTime over_time(hh, {.out_vars = std::move(monitors), .cache = false, .device = cuda()});
    LoopResult first = over_time.steps(70), second = over_time.steps(80);
    return std::pair(first.vars, second.vars);
  };
  HH whole(6), parts(6);
  auto [all_first, all_second] = run({{"V", whole.V}, {"spike", whole.spike}}, whole);
  Tensor V = joined(all_first["V"].leaf(), all_second["V"].leaf());
  auto [first, second] = run({{"some", Monitor(parts.V).at({4, 0})},
                              {"last", Monitor(parts.V).every(10)},
                              {"most", Monitor(parts.V).every(20, Reduce::Max)},
                              {"spikes", Monitor(parts.spike).events()}},
                             parts);
  auto rows = [&](const char *name) { return joined(first[name].leaf(), second[name].leaf()); };
  for (std::int64_t k = 0; k < 150; ++k)
    CHECK((rows("some")[2 * k] == V[6 * k + 4] && rows("some")[2 * k + 1] == V[6 * k]));
  for (std::int64_t k = 0; k < 15; ++k)
    CHECK(same_bits(rows("last").rows(k, k + 1), V.rows(10 * k + 9, 10 * k + 10)));
  double most = V[0];
  for (std::int64_t k = 0; k < 20; ++k)
    most = std::max(most, V[6 * k]);
  CHECK((rows("most").shape() == Shape{7, 6} && rows("most")[0] == most));
  Tensor spike = joined(all_first["spike"].leaf(), all_second["spike"].leaf());
  std::int64_t events = 0;
  for (std::int64_t k = 0; k < spike.size(); ++k)
    events += spike[k] != 0;
  CHECK(events > 0);
  CHECK(first["spikes"]["i"].leaf().size() + second["spikes"]["i"].leaf().size() == events);
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("random numbers on a device are those of the processor", "[gpu]") {
  Emulation emulation;
  auto noise = [](LoopOptions options) {
    OUProcess process(100, {});
    options.out_vars = process.x;
    options.seed = 7;
    options.cache = false;
    LoopOverTime over_time(process, std::move(options));
    return over_time.steps(50).vars.leaf();
  };
  CHECK(largest_difference(noise({}), noise({.device = cuda()})) < 1e-5);
  CHECK(largest_difference(noise({.real = f64}), noise({.real = f64, .device = cuda()})) < 1e-13);
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("data goes to the device step by step, edits before the next call", "[gpu]") {
  Emulation emulation;
  auto run = [](const Device &device) {
    LIF lif(40);
    LoopOverTime over_time(lif, {.out_vars = lif.V, .cache = false, .device = device});
    Tensor data = sample({20, 40}, 3, f32, 0.0, 40.0);
    Tensor first = over_time(data).vars.leaf();
    lif.V.set_value(5.0);
    lif.tau.set_value(20_ms);
    return joined(first, over_time(data).vars.leaf());
  };
  CHECK(largest_difference(run(cpu()), run(cuda())) < 1e-3);
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("a loop moves between devices and its states with it", "[gpu]") {
  Emulation emulation;
  WilsonCowan rates(10);
  LoopOverTime over_time(rates, {.out_vars = rates.x, .cache = false});
  over_time.steps(20);
  over_time.cuda();
  Tensor there = over_time.steps(20).vars.leaf();
  over_time.to("cpu");
  Tensor back = over_time.steps(20).vars.leaf();
  WilsonCowan same(10);
  LoopOverTime stays(same, {.out_vars = same.x, .cache = false});
  stays.steps(20);
  CHECK(largest_difference(stays.steps(20).vars.leaf(), there) < 1e-6);
  CHECK(largest_difference(stays.steps(20).vars.leaf(), back) < 1e-6);
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("what the device cannot do is an error that says so", "[gpu]") {
  FakeDriver fake;
  CHECK(fails(ErrorKind::Device, {"no CUDA device 3", "has 1"}, [] { cuda(3); }) == "");
  CHECK(fails(ErrorKind::Usage, {"'cuda:x'", "cpu, cuda"}, [] { Device("cuda:x"); }) == "");
  CHECK(cuda().name() == "cuda:0");
  HH hh(4);
  hh.cuda();
  LoopOverTime over_time(hh, {.cache = false});
  fake.fail_next("cuMemAlloc", 2);
  CHECK(fails(ErrorKind::Device, {"loops.cpp", "allocating device memory: out of memory"},
              [&] { over_time.steps(10); }) == "");
}
