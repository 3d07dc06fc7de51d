// SPDX-License-Identifier: Apache-2.0
// What the fake driver knows: memory, streams, events, modules, graphs, and the faults of its caller.
#include "tests/gpu/fake_state.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace fake {

State state;
thread_local bool in_context = false;
thread_local Stream *recording = nullptr;

/// 90, or $FAKE_CUDA_CAPABILITY.
State::State() {
  const char *wanted = std::getenv("FAKE_CUDA_CAPABILITY");
  capability = wanted ? std::atoi(wanted) : 90;
}
State::~State() {
  if (faults.empty() || !std::getenv("FAKE_CUDA_ENDS_WITH_FAULTS"))
    return;
  std::fprintf(stderr, "faults of the CUDA driver's caller:\n%s", faults.c_str());
  std::_Exit(70);
}

void fault(const std::string &text) { state.faults += text + "\n"; }

/// What a thread may not do while one of its streams records: it would wait, or run at once what is not in the graph.
static bool is_allowed_in_graph(const std::string &name) {
  static const std::set<std::string> refused = {"cuMemAlloc",         "cuMemFree",           "cuMemHostAlloc",
                                                "cuMemFreeHost",      "cuStreamSynchronize", "cuEventSynchronize",
                                                "cuModuleLoadDataEx", "cuModuleUnload"};
  return !refused.count(name);
}

int begin(const std::string &name, const std::string &arguments, bool needs_context) {
  state.calls += name + (arguments.empty() ? "" : " " + arguments) + "\n";
  if (state.failing == name) {
    state.failing.clear();
    return state.failure;
  }
  if (!state.started && name != "cuInit") {
    fault(name + " before cuInit");
    return not_initialized;
  }
  if (needs_context && !in_context) {
    fault(name + " in a thread that has entered no context");
    return invalid_context;
  }
  if (recording && !is_allowed_in_graph(name)) {
    fault(name + " while a graph is recorded");
    recording->recorded->broken = true;
    return capture_unsupported;
  }
  return success;
}

Allocation *allocation_of(std::uint64_t at, std::size_t bytes, const std::string &what) {
  auto after = state.memory.upper_bound(at);
  if (after != state.memory.begin()) {
    auto &[start, allocation] = *std::prev(after);
    if (at + bytes <= start + allocation->bytes.size())
      return allocation.get();
    if (at < start + allocation->bytes.size()) {
      fault(what + " goes beyond the end of an allocation");
      return nullptr;
    }
  }
  fault(what + (state.freed.count(at) ? " uses memory that was freed" : " uses memory that was never allocated"));
  return nullptr;
}

Pinned *pinned_at(const void *at) {
  for (Pinned &pinned : state.pinned)
    if (pinned.holds(at))
      return &pinned;
  return nullptr;
}

/// Notes that an operation of a stream reads or writes; a fault where another stream might do so at the same time.
static void touch(Stream &stream, Allocation &allocation, bool writes, const std::string &what) {
  Use now{stream.number, state.next_number};
  auto is_done = [&](const Use &use) {
    bool itself = use.stream == now.stream && use.number == now.number; // it has several arrays in one allocation
    return itself || use.seen_by(stream.known) || use.seen_by(state.waited);
  };
  if (!is_done(allocation.written))
    fault(what + " does not wait for a stream that writes the same memory");
  for (const Use &use : allocation.read)
    if (writes && !is_done(use))
      fault(what + " does not wait for a stream that reads the same memory");
  if (writes) {
    allocation.written = now;
    allocation.read.clear();
  } else {
    allocation.read.push_back(now);
  }
}

/// Memory of the host that an operation reads or writes when it is reached.
static void touch_pinned(const Stream &stream, const void *at, const std::string &what) {
  Pinned *pinned = at ? pinned_at(at) : nullptr;
  if (!pinned)
    return;
  if (pinned->freed)
    fault(what + " uses pinned memory that was freed");
  pinned->used = {stream.number, state.next_number};
}

int put(Stream &stream, const Operation &operation) {
  for (const Operation::Part &part : operation.parts) {
    Allocation *allocation = allocation_of(part.at, part.bytes, operation.what);
    if (!allocation)
      return invalid_value;
    touch(stream, *allocation, part.writes, operation.what);
  }
  touch_pinned(stream, operation.from_host, operation.what);
  touch_pinned(stream, operation.to_host, operation.what);
  if (operation.to_host)
    std::memset(operation.to_host, 0xCD, operation.host_bytes);
  enqueue(stream, operation.work);
  return success;
}

int submit(Stream &stream, Operation operation) {
  if (!stream.recorded)
    return put(stream, operation);
  for (const Operation::Part &part : operation.parts)
    if (!allocation_of(part.at, part.bytes, operation.what))
      return invalid_value;
  for (const void *host : {operation.from_host, static_cast<const void *>(operation.to_host)})
    if (host && !pinned_at(host))
      fault(operation.what + " of a graph has memory of the host that is not pinned");
  stream.recorded->nodes.push_back(std::move(operation));
  return success;
}

void enqueue(Stream &stream, std::function<void()> work) {
  stream.known[stream.number] = state.next_number;
  stream.work.emplace_back(state.next_number++, std::move(work));
}
void work_up_to(Stream &stream, int number) {
  while (!stream.work.empty() && stream.work.front().first <= number) {
    auto work = std::move(stream.work.front().second);
    stream.work.pop_front();
    work();
  }
}
void finish(Stream &stream) {
  work_up_to(stream, state.next_number);
  for (auto [number, operation] : stream.known)
    state.waited[number] = std::max(state.waited[number], operation);
}
void finish_all() {
  for (auto &[handle, stream] : state.streams)
    finish(*stream);
}

bool in_a_graph(const std::function<bool(const Operation &)> &is) {
  return std::any_of(state.execs.begin(), state.execs.end(), [&](const auto &exec) {
    return std::any_of(exec.second->nodes.begin(), exec.second->nodes.end(), is);
  });
}

} // namespace fake
