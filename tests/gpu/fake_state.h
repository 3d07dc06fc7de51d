// SPDX-License-Identifier: Apache-2.0
// What the fake driver knows: memory, streams, events, modules, graphs, and the faults of its caller.
#pragma once

#include "tests/gpu/fake_grid.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace fake {

enum Error {
  success = 0,
  invalid_value = 1,
  out_of_memory = 2,
  not_initialized = 3,
  invalid_context = 201,
  invalid_image = 200,
  not_found = 500,
  invalid_handle = 400,
  illegal_state = 401,
  capture_unsupported = 900,
  capture_invalidated = 901
};

using Clock = std::map<int, int>; // of each stream: the number of its last operation that is known to be done

struct Use {
  int stream = -1, number = 0;
  bool seen_by(const Clock &clock) const {
    auto it = clock.find(stream);
    return stream < 0 || (it != clock.end() && it->second >= number);
  }
};

struct Allocation {
  std::vector<char> bytes;
  Use written;
  std::vector<Use> read;
};

/// Memory of the host whose pages stay in place.
struct Pinned {
  std::unique_ptr<char[]> bytes;
  std::size_t size = 0;
  Use used; // by a copy
  bool freed = false;
  bool holds(const void *at) const { return at >= bytes.get() && at < bytes.get() + size; }
};

struct Function {
  std::string name;
  Kernel kernel;
  unsigned shared_bytes = 0; // that a launch may ask for
};
struct Module {
  std::string image;
  std::map<std::string, std::unique_ptr<Function>> functions;
};

/// What is put on a stream, or recorded for a graph.
struct Operation {
  struct Part { // of the device's memory
    std::uint64_t at;
    std::size_t bytes;
    bool writes;
  };
  std::string what;
  std::vector<Part> parts;
  std::function<void()> work;
  const void *from_host = nullptr;
  void *to_host = nullptr;
  std::size_t host_bytes = 0;
  const Function *function = nullptr; // of a launch
};

struct Graph {
  std::vector<Operation> nodes;
  bool broken = false; // by a call that is not allowed while it was recorded
};
struct GraphExec {
  std::vector<Operation> nodes;
};

struct Stream {
  int number;
  Clock known;                                            // its own operations too
  std::deque<std::pair<int, std::function<void()>>> work; // with its number
  std::unique_ptr<Graph> recorded;                        // while it records
};
struct Event {
  Clock reached;
  bool recorded = false;
};

template <class Object> using Handles = std::map<void *, std::unique_ptr<Object>>;

struct State {
  State();
  /// A program that has nobody who asks for faults ends with them.
  ~State();
  bool started = false;
  int capability;
  std::size_t free_bytes = std::size_t(1) << 30;
  std::string calls, faults, shown, failing;
  int failure = 0, next_stream = 0, next_number = 0;
  std::map<std::uint64_t, std::unique_ptr<Allocation>> memory;
  std::set<std::uint64_t> freed;
  std::deque<Pinned> pinned;
  Handles<Stream> streams;
  Handles<Event> events;
  Handles<Module> modules;
  Handles<Graph> graphs;
  Handles<GraphExec> execs;
  Clock waited; // by the host
};
extern State state;
extern thread_local bool in_context;
extern thread_local Stream *recording; // of this thread

void fault(const std::string &text);

/// Every function begins with this: notes the call, and says what it shall answer when it is not to go on.
int begin(const std::string &name, const std::string &arguments = "", bool needs_context = true);

template <class Object> Object *find(Handles<Object> &all, void *handle, const char *what) {
  auto it = all.find(handle);
  if (it != all.end())
    return it->second.get();
  fault(std::string("no such ") + what + ", or it was destroyed");
  return nullptr;
}
template <class Object> int destroy(Handles<Object> &all, void *handle, const char *what) {
  if (!find(all, handle, what))
    return invalid_handle;
  all.erase(handle);
  return success;
}
template <class Object> void *keep(Handles<Object> &all, std::unique_ptr<Object> object) {
  void *handle = object.get();
  all.emplace(handle, std::move(object));
  return handle;
}

/// The allocation that holds [at, at + bytes); a fault without one.
Allocation *allocation_of(std::uint64_t at, std::size_t bytes, const std::string &what);
Pinned *pinned_at(const void *at);

/// Puts an operation on a stream, or into the graph that it records.
int submit(Stream &stream, Operation operation);
/// Puts it on the stream. A copy to the host fills its destination with a pattern at once.
int put(Stream &stream, const Operation &operation);

void enqueue(Stream &stream, std::function<void()> work);
void work_up_to(Stream &stream, int number);
void finish(Stream &stream);
void finish_all();

/// Whether a graph that can be launched has a node like this.
bool in_a_graph(const std::function<bool(const Operation &)> &is);

} // namespace fake
