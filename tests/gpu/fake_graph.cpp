// SPDX-License-Identifier: Apache-2.0
// The graphs of the fake driver: what a stream records, and what a launch puts on a stream.
#include "tests/gpu/fake_state.h"

using namespace fake;

extern "C" {

int cuStreamBeginCapture_v2(void *handle, int mode) {
  if (int result = begin("cuStreamBeginCapture"))
    return result;
  if (!handle) {
    fault("cuStreamBeginCapture of the default stream");
    return capture_unsupported;
  }
  Stream *stream = find(state.streams, handle, "stream");
  if (!stream || mode < 0 || mode > 2)
    return invalid_value;
  if (stream->recorded || recording) {
    fault("cuStreamBeginCapture while a graph is recorded");
    return illegal_state;
  }
  stream->recorded = std::make_unique<Graph>();
  recording = stream;
  return success;
}

int cuStreamEndCapture(void *handle, void **graph) {
  *graph = nullptr;
  int result = begin("cuStreamEndCapture");
  Stream *stream = find(state.streams, handle, "stream");
  if (!stream)
    return invalid_handle;
  if (!stream->recorded || recording != stream) {
    fault("cuStreamEndCapture of a stream that this thread does not record");
    return illegal_state;
  }
  std::unique_ptr<Graph> recorded = std::move(stream->recorded);
  recording = nullptr;
  if (recorded->broken && !result)
    result = capture_invalidated;
  if (!result)
    *graph = keep(state.graphs, std::move(recorded));
  return result;
}

int cuGraphInstantiateWithFlags(void **exec, void *handle, unsigned long long) {
  if (int result = begin("cuGraphInstantiate"))
    return result;
  Graph *graph = find(state.graphs, handle, "graph");
  if (!graph)
    return invalid_handle;
  *exec = keep(state.execs, std::make_unique<GraphExec>(GraphExec{graph->nodes}));
  return success;
}

int cuGraphLaunch(void *handle, void *stream_handle) {
  if (int result = begin("cuGraphLaunch"))
    return result;
  GraphExec *exec = find(state.execs, handle, "graph to launch");
  Stream *stream = find(state.streams, stream_handle, "stream");
  if (!exec || !stream)
    return invalid_handle;
  if (stream->recorded) {
    fault("a graph in a graph is nothing that the fake knows");
    return capture_unsupported;
  }
  for (Operation node : exec->nodes) {
    node.what = "a graph: " + node.what;
    if (int result = put(*stream, node))
      return result;
  }
  return success;
}

int cuGraphExecDestroy(void *handle) {
  int result = begin("cuGraphExecDestroy");
  return result ? result : destroy(state.execs, handle, "graph to launch");
}
int cuGraphDestroy(void *handle) {
  int result = begin("cuGraphDestroy");
  return result ? result : destroy(state.graphs, handle, "graph");
}

} // extern "C"
