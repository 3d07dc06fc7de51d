// SPDX-License-Identifier: Apache-2.0
// Data and results that stay on a device: the bits of copied ones, without the copies, and lifetimes of what is shared.
#include "models/neurons/hh.h"
#include "models/neurons/lif.h"
#include "tests/gpu/emulation.h"
#include "tests/trace/foreign_array.h"
#include "tests/trace/helper.h"

#include <dlfcn.h>

using namespace overtime;
using namespace overtime::test;

namespace {

constexpr std::int64_t steps = 20, neurons = 40;

Tensor currents() { return sample({steps, neurons}, 3, f32, 0.0, 12.0); }

/// Numbers at an address of the device, which is the host's in the fake.
Tensor read(const DeviceTensor &x) { return x.host(); }

} // namespace

TEST_CASE("data and results stay on the device, with the bits of copied ones", "[gpu]") {
  Emulation emulation;
  HH copied(neurons), stays(neurons);
  LoopOverTime over_time(copied, {.out_vars = copied.V, .cache = false, .device = cuda()});
  LoopResult expected = over_time(currents());
  LoopOverTime there(stays, {.out_vars = stays.V, .cache = false, .device = cuda()});
  DeviceTensor data = DeviceTensor(currents()).to(cuda());
  there.run_on_device(data);
  stays.reset_state();
  emulation.fake.calls();
  DeviceResult result = there.run_on_device(data);
  // States go there after the reset and come back; nothing has the size of data or results of all steps.
  for (const std::string &call : {"cuMemcpyHtoDAsync", "cuMemcpyDtoHAsync"})
    CHECK(emulation.fake.calls({call}).find(std::to_string(steps * neurons * 4)) == std::string::npos);
  CHECK(result.vars.leaf().device() == cuda());
  CHECK(same_bits(read(result.vars.leaf()), expected.vars.leaf()));
  CHECK(same_bits(read(result.out.leaf()), expected.out.leaf()));
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("results outlive the loop, and everything is given back", "[gpu]") {
  Emulation emulation;
  DLManagedTensor *rows = nullptr, *state = nullptr;
  Tensor last;
  {
    HH hh(neurons);
    LoopOverTime over_time(hh, {.out_vars = hh.V, .cache = false, .device = cuda()});
    DeviceResult result = over_time.steps_on_device(steps);
    rows = result.vars.leaf().to_dlpack();
    state = over_time.on_device(hh.V).to_dlpack();
    last = hh.V.value();
  }
  const dlpack::Array &array = managed(rows).array;
  CHECK((array.device.type == dlpack::cuda && array.device.number == 0 && array.rank == 2 && array.shape[0] == steps));
  Tensor whole = DeviceTensor::from_dlpack(rows).host();
  CHECK(same_bits(whole.rows(steps - 1, steps).reshape({neurons}), last));
  CHECK(same_bits(DeviceTensor::from_dlpack(state).host(), last));
  CHECK(emulation.fake.alive() == "0 allocations, 0 streams, 0 events, 0 modules");
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("memory of another library is read where it is, and given back after the run", "[gpu]") {
  Emulation emulation;
  DeviceTensor owner = DeviceTensor(currents()).to(cuda());
  ForeignArray array(owner.data(), {steps, neurons}, f32_type, {}, {dlpack::cuda, 0});
  HH hh(neurons), same(neurons);
  LoopOverTime over_time(hh, {.out_vars = hh.V, .cache = false, .device = cuda()});
  DeviceResult result = over_time.run_on_device(DeviceTensor::from_dlpack(array.handed_over()));
  CHECK(array.given_back == 1);
  LoopOverTime copied(same, {.out_vars = same.V, .cache = false, .device = cuda()});
  CHECK(same_bits(read(result.vars.leaf()), copied(currents()).vars.leaf()));
  ForeignArray strided(owner.data(), {neurons, steps}, f32_type, {1, neurons}, {dlpack::cuda, 0});
  CHECK(fails(ErrorKind::Usage, {"dlpack.cpp", "[40, 20] on cuda:0 is not dense", "contiguous()"},
              [&] { DeviceTensor::from_dlpack(strided.handed_over()); }) == "");
  CHECK(strided.given_back == 1);
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("what others write into a state on the device counts in the next run", "[gpu]") {
  Emulation emulation;
  LIF lif(neurons), same(neurons);
  LoopOverTime over_time(lif, {.cache = false, .device = cuda()}), host(same, {.cache = false, .device = cuda()});
  over_time.steps(steps);
  host.steps(steps);
  DeviceTensor V = over_time.on_device(lif.V);
  auto *numbers = static_cast<float *>(V.data()); // of the fake, which has nothing in flight
  std::fill(numbers, numbers + neurons, 3.0f);
  same.V.set_value(3.0);
  over_time.steps(steps);
  host.steps(steps);
  CHECK(same_bits(lif.V.value(), same.V.value()));
  CHECK(emulation.fake.calls({"cuStreamSynchronize"}).find("cuStreamSynchronize default") != std::string::npos);
  CHECK(over_time.on_device(lif.V).data() == V.data());
  CHECK(same_bits(V.host(), lif.V.value()));
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("on the host data and results are shared", "[gpu]") {
  HH hh(neurons), same(neurons);
  LoopOverTime over_time(hh, {.out_vars = hh.V, .cache = false}), usual(same, {.out_vars = same.V, .cache = false});
  DeviceResult result = over_time.run_on_device(DeviceTensor(currents()));
  CHECK(same_bits(result.vars.leaf().host(), usual(currents()).vars.leaf()));
  DeviceTensor V = over_time.on_device(hh.V);
  CHECK(V.device() == cpu());
  over_time.steps(1);
  CHECK(same_bits(V.host(), hh.V.value())); // where the run writes
}

TEST_CASE("what cannot stay on the device is an error that says why", "[gpu]") {
  Emulation emulation;
  HH hh(neurons);
  LoopOverTime over_time(hh, {.out_vars = {{"V", Monitor(hh.V).every(2)}}, .cache = false, .device = cuda()});
  CHECK(fails(ErrorKind::Usage, {"dlpack.cpp", "'V' is recorded on the host"}, [&] { over_time.steps_on_device(4); }) ==
        "");
  CHECK(fails(ErrorKind::Device, {"dlpack.cpp", "the data is on cpu and the loop runs on cuda:0"},
              [&] { over_time.run_on_device(DeviceTensor(currents())); }) == "");
  CHECK(fails(ErrorKind::Usage, {"dlpack.cpp", "'V' is on the host and not on cuda:0", "run it first"},
              [&] { over_time.on_device(hh.V); }) == "");
  over_time.steps(2);
  CHECK(over_time.on_device(hh.V).shape() == Shape{neurons});
  hh.V.set_value(1.0);
  CHECK(fails(ErrorKind::Usage, {"'V' is on the host"}, [&] { over_time.on_device(hh.V); }) == "");
  LoopOverTime direct(hh, {.out_vars = hh.V, .cache = false, .device = cuda()});
  emulation.fake.fail_next("cuMemAlloc", 2);
  CHECK(fails(ErrorKind::Device, {"dlpack.cpp", "allocating device memory: out of memory"},
              [&] { direct.steps_on_device(4); }) == "");
  CHECK(direct.steps_on_device(4).vars.leaf().shape() == Shape{4, neurons});
  CHECK(emulation.fake.faults() == "");
}
