// SPDX-License-Identifier: Apache-2.0
// Graphs: what is recorded is launched as one, and the fake driver sees who misuses them.
#include "runtime/cuda/graph.h"
#include "tests/gpu/fake_driver.h"

#include <catch2/catch.hpp>

#include <cstring>
#include <optional>
#include <string>

using namespace overtime::gpu;
using overtime::test::FakeDriver;

namespace {

/// A device with a stream, 64 bytes there, and 64 of pinned memory.
struct Opened {
  FakeDriver fake;
  Device device;
  Failure failure;
  std::optional<Stream> stream;
  std::optional<Buffer> there;
  std::optional<PinnedBuffer> here;
  Opened() {
    REQUIRE(device.open(0, failure));
    stream.emplace(device);
    there.emplace(device);
    here.emplace(device);
    REQUIRE((stream->open(failure) && there->reserve(64, failure) && here->reserve(64)));
    fake.calls();
  }
  bool up_and_down() {
    return stream->upload(there->at, here->at, 32, failure) && stream->download(here->at + 32, there->at, 32, failure);
  }
};

bool has(const std::string &text, const char *part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("a graph does at every launch what was recorded, with what lies in memory then", "[gpu][graph]") {
  Opened it;
  {
    Graph graph(it.device);
    REQUIRE(graph.record(*it.stream, [&] { return it.up_and_down(); }, it.failure));
    CHECK(it.fake.calls() == "cuStreamBeginCapture\ncuMemcpyHtoDAsync 32\ncuMemcpyDtoHAsync 32\ncuStreamEndCapture\n"
                             "cuGraphInstantiate\ncuGraphDestroy\n");
    for (char letter : {'a', 'b'}) {
      std::memset(it.here->at, letter, 32);
      REQUIRE((graph.launch(*it.stream, it.failure) && it.stream->wait(it.failure)));
      CHECK(std::string(it.here->at + 32, 32) == std::string(32, letter));
    }
    CHECK(it.fake.calls() == "cuGraphLaunch\ncuStreamSynchronize\ncuGraphLaunch\ncuStreamSynchronize\n");
  }
  CHECK(it.fake.faults() == "");
  CHECK_FALSE(has(it.fake.alive(), "graphs"));
}

TEST_CASE("a failure of the driver leaves no graph, and a stream as it was", "[gpu][graph]") {
  Opened it;
  for (auto [call, doing] :
       {std::pair("cuStreamBeginCapture", "beginning a graph"),
        std::pair("cuMemcpyDtoHAsync", "copying from the device"), std::pair("cuStreamEndCapture", "recording a graph"),
        std::pair("cuGraphInstantiate", "making a graph")}) {
    INFO(call);
    Graph graph(it.device);
    it.fake.fail_next(call, 900);
    it.failure = {};
    CHECK_FALSE(graph.record(*it.stream, [&] { return it.up_and_down(); }, it.failure));
    CHECK(has(it.failure.text, doing));
    it.failure = {};
    CHECK((it.up_and_down() && it.stream->wait(it.failure)));
  }
  Graph graph(it.device);
  REQUIRE(graph.record(*it.stream, [&] { return it.up_and_down(); }, it.failure));
  it.fake.fail_next("cuGraphLaunch", 2);
  CHECK_FALSE(graph.launch(*it.stream, it.failure));
  CHECK(has(it.failure.text, "the CUDA driver failed while launching a graph: out of memory"));
  CHECK(it.fake.faults() == "");
}

TEST_CASE("the fake sees what must not happen while a graph is recorded", "[gpu][graph]") {
  Opened it;
  Buffer more(it.device);
  Graph graph(it.device);
  CHECK_FALSE(graph.record(*it.stream, [&] { return more.reserve(8, it.failure); }, it.failure));
  CHECK(it.fake.faults() == "cuMemAlloc while a graph is recorded\n");
  it.failure = {};
  CHECK_FALSE(graph.record(*it.stream, [&] { return it.up_and_down() && it.stream->wait(it.failure); }, it.failure));
  CHECK(it.fake.faults() == "cuStreamSynchronize while a graph is recorded\n");
  it.failure = {};
  char pageable[32];
  CHECK(
      graph.record(*it.stream, [&] { return it.stream->upload(it.there->at, pageable, 32, it.failure); }, it.failure));
  CHECK(it.fake.faults() == "cuMemcpyHtoDAsync of a graph has memory of the host that is not pinned\n");
  {
    Stream left(it.device);
    REQUIRE(left.open(it.failure));
    CHECK(it.device.driver().cuStreamBeginCapture(left.handle, 1) == 0);
    CHECK(it.device.driver().cuStreamBeginCapture(it.stream->handle, 1) != 0);
    CHECK(it.fake.faults() == "cuStreamBeginCapture while a graph is recorded\n");
  }
  CHECK(it.fake.faults() == "cuStreamDestroy of a stream that records a graph\n");
}

TEST_CASE("the fake sees a graph that outlives what it uses, and one that is launched after its end", "[gpu][graph]") {
  Opened it;
  const Driver &driver = it.device.driver();
  GraphHandle recorded = nullptr;
  GraphExecHandle graph = nullptr;
  REQUIRE(driver.cuStreamBeginCapture(it.stream->handle, 1) == 0);
  REQUIRE(it.up_and_down());
  REQUIRE(driver.cuStreamEndCapture(it.stream->handle, &recorded) == 0);
  REQUIRE(driver.cuGraphInstantiate(&graph, recorded, 0) == 0);
  CHECK(driver.cuGraphDestroy(recorded) == 0);
  CHECK(has(it.fake.alive(), ", 1 graphs"));
  it.there->free();
  CHECK(it.fake.faults() == "cuMemFree of memory that a graph uses\n");
  CHECK(driver.cuGraphLaunch(graph, it.stream->handle) != 0);
  CHECK(it.fake.faults() == "a graph: cuMemcpyHtoDAsync uses memory that was freed\n");
  it.here->free();
  CHECK(it.fake.faults() == "cuMemFreeHost of memory that a graph uses\n");
  CHECK(driver.cuGraphExecDestroy(graph) == 0);
  CHECK(driver.cuGraphLaunch(graph, it.stream->handle) != 0);
  CHECK(it.fake.faults() == "no such graph to launch, or it was destroyed\n");
  CHECK(driver.cuStreamEndCapture(it.stream->handle, &recorded) != 0);
  CHECK(it.fake.faults() == "cuStreamEndCapture of a stream that this thread does not record\n");
}
