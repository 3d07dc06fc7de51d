// SPDX-License-Identifier: Apache-2.0
// What the runtime asks of the driver: in which order, with what memory, and what it says when the driver fails.
#include "runtime/cuda/session.h"
#include "tests/gpu/fake_driver.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <optional>

using namespace overtime::gpu;
using overtime::test::FakeDriver;

namespace {

const char ptx[] = ".version 8.0\n.visible .entry kernel(\n";
overtime_gpu_image image_of(const void *data, std::size_t bytes, int capability, bool is_ptx) {
  overtime_gpu_image image = {};
  image.data = data;
  image.bytes = bytes;
  image.capability = capability;
  image.is_ptx = is_ptx;
  image.threads = 128;
  image.blocks = 2;
  return image;
}
const overtime_gpu_image image = image_of(ptx, sizeof ptx, 80, true);

/// One state, one parameter, one input and one output of 4 f32 each.
struct Arrays {
  std::vector<float> state = std::vector<float>(4, 1), param = state, input, output;
  std::vector<HostArray> table;
  explicit Arrays(std::size_t steps, bool on_device = false) : input(4 * steps, 2), output(4 * steps) {
    table = {{HostArray::State, state.data(), 16, 4, false, on_device},
             {HostArray::Param, param.data(), 16, 4, false, on_device},
             {HostArray::Input, input.data(), 16, 4, true, false},
             {HostArray::Output, output.data(), 16, 4, true, false}};
  }
};

struct Opened {
  Device device;
  Failure failure;
  std::optional<Session> session;
  explicit Opened(const FakeDriver &fake) {
    if (!device.open(0, failure))
      return;
    session.emplace(device);
    session->open(&image, 1, "kernel", failure);
    fake.calls();
  }
  bool run(Arrays &arrays, std::int64_t steps) {
    return session->run({steps, 0, 0, 0.0, 1}, arrays.table.data(), arrays.table.size(), failure);
  }
};

} // namespace

TEST_CASE("a run is copies to the device, a launch, copies back, and waiting", "[gpu]") {
  FakeDriver fake;
  {
    Opened it(fake);
    REQUIRE(it.failure.text == std::string());
    Arrays arrays(3);
    CHECK(it.run(arrays, 3));
    CHECK(fake.calls({"cuMemcpyHtoDAsync", "cuLaunchKernel", "cuMemcpyDtoHAsync", "cuStreamSynchronize"}) ==
          "cuMemcpyHtoDAsync 16\ncuMemcpyHtoDAsync 16\ncuMemcpyHtoDAsync 48\ncuLaunchKernel 2 x 128\n"
          "cuMemcpyDtoHAsync 48\ncuMemcpyDtoHAsync 16\ncuStreamSynchronize\ncuStreamSynchronize\n");
  }
  CHECK(fake.faults() == "");
  CHECK(fake.alive() == "0 allocations, 0 streams, 0 events, 0 modules");
}

TEST_CASE("memory stays between calls, and numbers that the device has are not copied again", "[gpu]") {
  FakeDriver fake;
  Opened it(fake);
  Arrays first(3), second(3, true), longer(5, true);
  CHECK(it.run(first, 3));
  fake.calls();
  CHECK(it.run(second, 3));
  CHECK(fake.calls({"cuMemAlloc", "cuMemcpyHtoDAsync"}) == "cuMemcpyHtoDAsync 48\n");
  CHECK(it.run(longer, 5));
  CHECK(fake.calls({"cuMemAlloc", "cuMemcpyHtoDAsync"}) ==
        "cuMemAlloc 80\ncuMemAlloc 80\ncuMemAlloc 80\ncuMemcpyHtoDAsync 80\n");
  CHECK(fake.faults() == "");
}

TEST_CASE("outputs that do not fit come in pieces, while the next is computed", "[gpu]") {
  FakeDriver fake(90, 4 * 2 * 32); // a quarter holds two steps of input and output
  Opened it(fake);
  Arrays arrays(5);
  CHECK(it.run(arrays, 5));
  CHECK(fake.calls({"cuLaunchKernel", "cuMemcpyDtoHAsync"}) ==
        "cuLaunchKernel 2 x 128\ncuLaunchKernel 2 x 128\ncuMemcpyDtoHAsync 32\ncuLaunchKernel 2 x 128\n"
        "cuMemcpyDtoHAsync 32\ncuMemcpyDtoHAsync 16\ncuMemcpyDtoHAsync 16\n");
  CHECK(fake.faults() == "");
}

TEST_CASE("pieces come by way of pinned memory, which stays for the next run", "[gpu]") {
  FakeDriver fake(90, 4 * 2 * 32);
  {
    Opened it(fake);
    Arrays one_piece(2), pieces(7), again(7, true);
    CHECK(it.run(one_piece, 2));
    CHECK(fake.calls({"cuMemHostAlloc", "cuEventSynchronize"}) == "");
    CHECK(it.run(pieces, 7));
    // Two pieces of two rows; each of the four is waited for before it goes to its place.
    CHECK(fake.calls({"cuMemHostAlloc", "cuLaunchKernel", "cuMemcpyDtoHAsync", "cuEventSynchronize"}) ==
          "cuMemHostAlloc 32\ncuMemHostAlloc 32\ncuLaunchKernel 2 x 128\ncuLaunchKernel 2 x 128\n"
          "cuMemcpyDtoHAsync 32\ncuLaunchKernel 2 x 128\ncuMemcpyDtoHAsync 32\ncuEventSynchronize\n"
          "cuLaunchKernel 2 x 128\ncuMemcpyDtoHAsync 32\ncuEventSynchronize\ncuMemcpyDtoHAsync 16\n"
          "cuEventSynchronize\ncuEventSynchronize\ncuMemcpyDtoHAsync 16\n");
    // The fake fills its memory with this pattern, which an empty kernel leaves as it is.
    CHECK(std::all_of(pieces.output.begin(), pieces.output.end(),
                      [&](float x) { return std::memcmp(&x, &pieces.output[0], 4) == 0; }));
    const unsigned char *byte = reinterpret_cast<const unsigned char *>(pieces.output.data());
    CHECK(*byte == 0xAB);
    CHECK(it.run(again, 7));
    CHECK(fake.calls({"cuMemHostAlloc"}) == "");
  }
  CHECK(fake.alive() == "0 allocations, 0 streams, 0 events, 0 modules");
  CHECK(fake.faults() == "");
}

TEST_CASE("without pinned memory pieces come to their place", "[gpu]") {
  FakeDriver fake(90, 4 * 2 * 32);
  Opened it(fake);
  Arrays arrays(5);
  fake.fail_next("cuMemHostAlloc", 2);
  CHECK(it.run(arrays, 5));
  CHECK(it.failure.text == std::string());
  CHECK(fake.calls({"cuMemcpyDtoHAsync", "cuEventSynchronize"}) ==
        "cuMemcpyDtoHAsync 32\ncuMemcpyDtoHAsync 32\ncuMemcpyDtoHAsync 16\ncuMemcpyDtoHAsync 16\n");
  CHECK(fake.faults() == "");
}

TEST_CASE("what the driver says is in the failure, and everything is given back", "[gpu]") {
  for (const char *call :
       {"cuMemAlloc", "cuMemcpyHtoDAsync", "cuLaunchKernel", "cuEventRecord", "cuMemcpyDtoHAsync",
        "cuStreamSynchronize", "cuMemGetInfo", "cuCtxSetCurrent", "cuStreamWaitEvent", "cuEventSynchronize"}) {
    INFO(call);
    FakeDriver fake(90, 4 * 2 * 32);
    {
      Opened it(fake);
      Arrays arrays(5); // in pieces
      fake.fail_next(call, 2);
      CHECK_FALSE(it.run(arrays, 5));
      CHECK(std::string(it.failure.text).find("out of memory (CUDA_ERROR_OUT_OF_MEMORY, 2)") != std::string::npos);
      // The caller may free its arrays now: nothing is in flight.
      std::fill(arrays.output.begin(), arrays.output.end(), 0.0F);
    }
    CHECK(fake.alive() == "0 allocations, 0 streams, 0 events, 0 modules");
    CHECK(fake.faults() == "");
  }
}

TEST_CASE("a kernel is chosen for the device, machine code first", "[gpu]") {
  auto loaded = [](int capability, std::vector<overtime_gpu_image> images) {
    FakeDriver fake(capability);
    Device device;
    Failure failure;
    REQUIRE(device.open(0, failure));
    fake.calls();
    Kernel kernel(device);
    kernel.load(images.data(), images.size(), "kernel", failure);
    return failure ? std::string(failure.text) : fake.calls({"cuModuleLoadDataEx"});
  };
  const char elf[] = "\177ELF";
  auto sm80 = image_of(elf, 5, 80, false), sm90 = image_of(elf, 5, 90, false),
       ptx90 = image_of(ptx, sizeof ptx, 90, true);
  CHECK(loaded(90, {image, sm80, sm90}) == "cuModuleLoadDataEx cubin\n");
  CHECK(loaded(86, {image, sm80, sm90}) == "cuModuleLoadDataEx cubin\n");
  CHECK(loaded(100, {image, sm80, sm90}) == "cuModuleLoadDataEx ptx\n");
  CHECK(loaded(86, {ptx90}) == "fake device has compute capability 8.6, and 'kernel' was compiled for 9.0 and later: "
                               "compile it for sm_86");
}

TEST_CASE("the driver's complaint about PTX is passed on", "[gpu]") {
  FakeDriver fake;
  Device device;
  Failure failure;
  REQUIRE(device.open(0, failure));
  fake.fail_next("cuModuleLoadDataEx", 218);
  Kernel kernel(device);
  CHECK_FALSE(kernel.load(&image, 1, "kernel", failure));
  CHECK(std::string(failure.text).find("assembling PTX") != std::string::npos);
  CHECK(std::string(failure.text).find("ptxas fatal") != std::string::npos);
}

TEST_CASE("PTX stands in for machine code that the driver refuses", "[gpu]") {
  FakeDriver fake;
  Device device;
  Failure failure;
  REQUIRE(device.open(0, failure));
  const char elf[] = "\177ELF";
  overtime_gpu_image images[] = {image_of(elf, 5, 90, false), image};
  fake.calls();
  fake.fail_next("cuModuleLoadDataEx", 209);
  Kernel kernel(device);
  CHECK(kernel.load(images, 2, "kernel", failure));
  CHECK(fake.calls({"cuModuleLoadDataEx"}) == "cuModuleLoadDataEx cubin\ncuModuleLoadDataEx ptx\n");
  CHECK(kernel.image().is_ptx);
  Kernel machine(device);
  fake.fail_next("cuModuleLoadDataEx", 209);
  CHECK_FALSE(machine.load(images, 1, "kernel", failure));
  CHECK(std::string(failure.text).find("loading machine code") != std::string::npos);
}

TEST_CASE("blocks that wait for each other are as many as the device holds", "[gpu]") {
  FakeDriver fake;
  Device device;
  Failure failure;
  REQUIRE(device.open(0, failure));
  Session session(device);
  overtime_gpu_image together = image;
  together.blocks = 0;
  together.most_blocks = 6;
  together.cooperative = true;
  together.workspace_bytes = 64;
  REQUIRE(session.open(&together, 1, "kernel", failure));
  Arrays arrays(1);
  CHECK(session.run({1, 0, 0, 0.0, 1}, arrays.table.data(), arrays.table.size(), failure));
  CHECK(fake.calls({"cuLaunchCooperativeKernel"}) == "cuLaunchCooperativeKernel 6 x 128\n");
  CHECK(fake.faults() == "");
}

TEST_CASE("a program whose blocks must all run says so where a device is too small", "[gpu]") {
  FakeDriver fake; // holds 8
  Device device;
  Failure failure;
  REQUIRE(device.open(0, failure));
  overtime_gpu_image all = image;
  all.cooperative = true;
  all.workspace_bytes = 64;
  for (std::uint32_t blocks : {8u, 9u}) {
    Session session(device);
    all.blocks = blocks;
    REQUIRE(session.open(&all, 1, "kernel", failure));
    Arrays arrays(1);
    CHECK(session.run({1, 0, 0, 0.0, 1}, arrays.table.data(), arrays.table.size(), failure) == (blocks == 8));
  }
  CHECK(std::string(failure.text)
            .find("the program's 9 blocks must run at the same time, and fake device holds 8; compile "
                  "it for as many multiprocessors as this device has: sm_80:4") != std::string::npos);
  CHECK(fake.calls({"cuLaunchCooperativeKernel"}) == "cuLaunchCooperativeKernel 8 x 128\n");
  CHECK(fake.faults() == "");
}

TEST_CASE("a block's shared memory is asked for before the first launch", "[gpu]") {
  FakeDriver fake;
  Device device;
  Failure failure;
  REQUIRE(device.open(0, failure));
  Session session(device);
  overtime_gpu_image large = image;
  large.launch_shared_bytes = 100000;
  fake.fail_next("cuFuncSetAttribute", 1);
  CHECK_FALSE(session.open(&large, 1, "kernel", failure));
  CHECK(std::string(failure.text).find("asking for the shared memory of a block") != std::string::npos);
  failure = {};
  Session other(device);
  REQUIRE(other.open(&large, 1, "kernel", failure));
  Arrays arrays(1);
  CHECK(other.run({1, 0, 0, 0.0, 1}, arrays.table.data(), arrays.table.size(), failure));
  CHECK(fake.calls({"cuFuncSetAttribute"}) == "cuFuncSetAttribute 8 = 100000\ncuFuncSetAttribute 8 = 100000\n");
  CHECK(fake.faults() == "");
}

// The checks of the fake itself: each of these mistakes must be seen.
TEST_CASE("the fake driver sees what must not be", "[gpu]") {
  FakeDriver fake;
  Device device;
  Failure failure;
  REQUIRE(device.open(0, failure));
  Stream one(device), other(device);
  REQUIRE((one.open(failure) && other.open(failure)));
  Buffer buffer(device);
  REQUIRE(buffer.reserve(64, failure));
  std::vector<char> host(64);
  CHECK(one.upload(buffer.at, host.data(), 64, failure));
  SECTION("a stream that does not wait for another") {
    CHECK(other.download(host.data(), buffer.at, 64, failure));
    CHECK(fake.faults().find("does not wait for a stream that writes") != std::string::npos);
    other.wait(failure);
    one.wait(failure);
  }
  SECTION("an event in between") {
    Event event(device);
    CHECK((event.open(failure) && event.record(one, failure) && event.hold_back(other, failure)));
    CHECK(other.download(host.data(), buffer.at, 64, failure));
    CHECK(fake.faults() == "");
    other.wait(failure);
    one.wait(failure);
  }
  SECTION("memory freed while it is used, twice, and used after") {
    DevicePointer at = buffer.at;
    device.driver().cuMemFree(at);
    CHECK(fake.faults().find("a stream may still use") != std::string::npos);
    device.driver().cuMemFree(at);
    CHECK(fake.faults().find("cuMemFree twice") != std::string::npos);
    CHECK_FALSE(one.upload(at, host.data(), 64, failure));
    CHECK(fake.faults().find("memory that was freed") != std::string::npos);
    one.wait(failure);
    buffer.at = 0;
  }
  SECTION("a copy beyond the end") {
    std::vector<char> more(65);
    CHECK_FALSE(one.upload(buffer.at, more.data(), 65, failure));
    CHECK(fake.faults().find("beyond the end") != std::string::npos);
    one.wait(failure);
  }
  SECTION("pinned memory freed while a copy uses it, twice, and used after") {
    PinnedBuffer pinned(device);
    REQUIRE(pinned.reserve(64));
    char *at = pinned.at;
    CHECK(one.download(at, buffer.at, 64, failure));
    device.driver().cuMemFreeHost(at);
    CHECK(fake.faults().find("a copy may still use") != std::string::npos);
    device.driver().cuMemFreeHost(at);
    CHECK(fake.faults().find("cuMemFreeHost twice") != std::string::npos);
    CHECK(one.download(at, buffer.at, 64, failure));
    CHECK(fake.faults().find("pinned memory that was freed") != std::string::npos);
    one.wait(failure);
    pinned.at = nullptr;
  }
  SECTION("numbers read before they were waited for") {
    one.wait(failure);
    std::vector<char> back(64, 1);
    CHECK(one.download(back.data(), buffer.at, 64, failure));
    CHECK(back[0] == char(0xCD));
    one.wait(failure);
    CHECK(back[0] == 0);
  }
}
