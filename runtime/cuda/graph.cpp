// SPDX-License-Identifier: Apache-2.0
// Work of a stream that is recorded once and launched as often as wanted.
#include "runtime/cuda/graph.h"

namespace overtime::gpu {

// Of CUstreamCaptureMode: other threads of the process may allocate meanwhile.
constexpr int of_this_thread = 1;

Graph::~Graph() {
  if (handle)
    device.driver().cuGraphExecDestroy(handle);
}

bool Graph::begin(Stream &stream, Failure &failure) {
  const Driver &driver = device.driver();
  if (!driver.cuStreamBeginCapture)
    return fail(failure, "the CUDA driver has no graphs");
  return check(driver, driver.cuStreamBeginCapture(stream.handle, of_this_thread), failure, "beginning a graph");
}

bool Graph::end(Stream &stream, Failure &failure) {
  const Driver &driver = device.driver();
  GraphHandle recorded = nullptr;
  if (!check(driver, driver.cuStreamEndCapture(stream.handle, &recorded), failure, "recording a graph"))
    return false;
  bool made =
      failure ? false : check(driver, driver.cuGraphInstantiate(&handle, recorded, 0), failure, "making a graph");
  driver.cuGraphDestroy(recorded); // the handle has a copy
  return made;
}

bool Graph::launch(Stream &stream, Failure &failure) {
  return check(device.driver(), device.driver().cuGraphLaunch(handle, stream.handle), failure, "launching a graph");
}

} // namespace overtime::gpu
