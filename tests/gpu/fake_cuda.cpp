// SPDX-License-Identifier: Apache-2.0
// A CUDA driver that checks its caller: order, arguments, lifetimes, and what streams may do at the same time.
//
// Work of a stream is done as late as may be, when it is waited for. A copy to the host fills its destination with a
// pattern at once, so that who reads it too early reads that. Kernels run where FAKE_CUDA_KERNELS names a library of
// them for this processor (emulate.py makes one); without it they do nothing.
#include "tests/gpu/fake_cuda.h"
#include "tests/gpu/fake_state.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>

using namespace fake;

static const char *show(std::string &text) {
  state.shown = std::move(text);
  text.clear();
  return state.shown.c_str();
}

extern "C" {

const char *fake_cuda_calls() { return show(state.calls); }
const char *fake_cuda_faults() { return show(state.faults); }
const char *fake_cuda_alive() {
  auto pinned = std::count_if(state.pinned.begin(), state.pinned.end(), [](auto &p) { return !p.freed; });
  std::string text = std::to_string(state.memory.size() + std::size_t(pinned)) + " allocations, " +
                     std::to_string(state.streams.size()) + " streams, " + std::to_string(state.events.size()) +
                     " events, " + std::to_string(state.modules.size()) + " modules";
  if (std::size_t graphs = state.graphs.size() + state.execs.size())
    text += ", " + std::to_string(graphs) + " graphs";
  return show(text);
}
void fake_cuda_fail_next(const char *function, int result) {
  state.failing = function ? function : "";
  state.failure = result;
}
void fake_cuda_set_device(int capability, unsigned long free_bytes) {
  state.capability = capability;
  state.free_bytes = free_bytes;
}

int cuInit(unsigned) {
  if (int result = begin("cuInit", "", false))
    return result;
  state.started = true;
  return success;
}
int cuGetErrorName(int result, const char **name) {
  *name = result == out_of_memory ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_OF_THE_FAKE";
  return success;
}
int cuGetErrorString(int result, const char **text) {
  *text = result == out_of_memory ? "out of memory" : "an error that a test asked for";
  return success;
}
int cuDeviceGetCount(int *count) {
  *count = 1;
  return begin("cuDeviceGetCount", "", false);
}
int cuDeviceGet(int *device, int number) {
  *device = number;
  return begin("cuDeviceGet", std::to_string(number), false);
}
int cuDeviceGetName(char *name, int length, int) {
  std::snprintf(name, static_cast<std::size_t>(length), "fake device");
  return begin("cuDeviceGetName", "", false);
}
int cuDeviceGetAttribute(int *value, int attribute, int) {
  const std::map<int, int> known = {{13, 1000000}, // clock [kHz]
                                    {16, 4},       // processors
                                    {36, 2000000}, // clock of memory [kHz]
                                    {37, 256},     // bits that memory moves at once
                                    {38, 4 << 20}, // bytes of the second cache
                                    {39, 2048},    // threads of a processor
                                    {75, state.capability / 10},
                                    {76, state.capability % 10}};
  if (auto found = known.find(attribute); found != known.end())
    *value = found->second;
  else
    fault("an attribute that nothing needs: " + std::to_string(attribute));
  return begin("cuDeviceGetAttribute", "", false);
}
int cuDevicePrimaryCtxRetain(void **context, int) {
  *context = &state;
  return begin("cuDevicePrimaryCtxRetain", "", false);
}
int cuCtxSetCurrent(void *context) {
  in_context = context == &state;
  return begin("cuCtxSetCurrent", "", false);
}
int cuMemGetInfo_v2(std::size_t *free, std::size_t *total) {
  *free = state.free_bytes;
  *total = std::size_t(1) << 34;
  return begin("cuMemGetInfo");
}

int cuMemAlloc_v2(std::uint64_t *at, std::size_t bytes) {
  if (int result = begin("cuMemAlloc", std::to_string(bytes)))
    return result;
  if (bytes == 0) {
    fault("cuMemAlloc of no bytes");
    return invalid_value;
  }
  auto allocation = std::make_unique<Allocation>();
  allocation->bytes.assign(bytes, char(0xAB));
  *at = reinterpret_cast<std::uint64_t>(allocation->bytes.data());
  state.freed.erase(*at);
  state.memory.emplace(*at, std::move(allocation));
  return success;
}
int cuMemFree_v2(std::uint64_t at) {
  if (int result = begin("cuMemFree"))
    return result;
  auto it = state.memory.find(at);
  if (it == state.memory.end()) {
    fault(state.freed.count(at) ? "cuMemFree twice" : "cuMemFree of what was not allocated");
    return invalid_value;
  }
  bool busy = !it->second->written.seen_by(state.waited);
  for (const Use &use : it->second->read)
    busy |= !use.seen_by(state.waited);
  if (busy)
    fault("cuMemFree of memory that a stream may still use");
  auto begin_of = at;
  std::size_t size = it->second->bytes.size();
  bool in_graph = in_a_graph([&](const Operation &node) {
    return std::any_of(node.parts.begin(), node.parts.end(),
                       [&](const Operation::Part &part) { return part.at >= begin_of && part.at < begin_of + size; });
  });
  if (in_graph)
    fault("cuMemFree of memory that a graph uses");
  finish_all();
  state.memory.erase(it);
  state.freed.insert(at);
  return success;
}

int cuMemHostAlloc(void **at, std::size_t bytes, unsigned) {
  if (int result = begin("cuMemHostAlloc", std::to_string(bytes)))
    return result;
  Pinned pinned;
  pinned.bytes = std::make_unique<char[]>(bytes);
  pinned.size = bytes;
  *at = pinned.bytes.get();
  state.pinned.push_back(std::move(pinned));
  return success;
}
int cuMemFreeHost(void *at) {
  if (int result = begin("cuMemFreeHost"))
    return result;
  for (Pinned &pinned : state.pinned)
    if (pinned.bytes.get() == at) {
      if (pinned.freed)
        fault("cuMemFreeHost twice");
      if (!pinned.used.seen_by(state.waited))
        fault("cuMemFreeHost of memory that a copy may still use");
      if (in_a_graph([&](const Operation &node) { return pinned.holds(node.from_host) || pinned.holds(node.to_host); }))
        fault("cuMemFreeHost of memory that a graph uses");
      pinned.freed = true; // its place is kept, so that who uses it later is seen
      return success;
    }
  fault("cuMemFreeHost of what was not allocated");
  return invalid_value;
}

int cuMemcpyHtoDAsync_v2(std::uint64_t to, const void *from, std::size_t bytes, void *handle) {
  if (int result = begin("cuMemcpyHtoDAsync", std::to_string(bytes)))
    return result;
  Stream *stream = find(state.streams, handle, "stream");
  if (!stream || (bytes > 0 && !from))
    return invalid_value;
  Operation copy{"cuMemcpyHtoDAsync", {{to, bytes, true}}, {}, from, nullptr, bytes};
  if (pinned_at(from) || stream->recorded) { // is read when the copy is reached
    copy.work = [=] { std::memcpy(reinterpret_cast<void *>(to), from, bytes); };
  } else { // is read before the call returns
    std::vector<char> staged(static_cast<const char *>(from), static_cast<const char *>(from) + bytes);
    copy.work = [to, staged] { std::memcpy(reinterpret_cast<void *>(to), staged.data(), staged.size()); };
  }
  return submit(*stream, std::move(copy));
}
int cuMemcpyDtoHAsync_v2(void *to, std::uint64_t from, std::size_t bytes, void *handle) {
  if (int result = begin("cuMemcpyDtoHAsync", std::to_string(bytes)))
    return result;
  Stream *stream = find(state.streams, handle, "stream");
  if (!stream || !to)
    return invalid_value;
  Operation copy{"cuMemcpyDtoHAsync", {{from, bytes, false}}, {}, nullptr, to, bytes};
  copy.work = [=] { std::memcpy(to, reinterpret_cast<void *>(from), bytes); };
  return submit(*stream, std::move(copy));
}
int cuMemcpyDtoDAsync_v2(std::uint64_t to, std::uint64_t from, std::size_t bytes, void *handle) {
  if (int result = begin("cuMemcpyDtoDAsync", std::to_string(bytes)))
    return result;
  Stream *stream = find(state.streams, handle, "stream");
  if (!stream)
    return invalid_value;
  Operation copy{"cuMemcpyDtoDAsync", {{from, bytes, false}, {to, bytes, true}}, {}};
  copy.work = [=] { std::memcpy(reinterpret_cast<void *>(to), reinterpret_cast<void *>(from), bytes); };
  return submit(*stream, std::move(copy));
}
int cuMemsetD8Async(std::uint64_t at, unsigned char value, std::size_t bytes, void *handle) {
  if (int result = begin("cuMemsetD8Async", std::to_string(bytes)))
    return result;
  Stream *stream = find(state.streams, handle, "stream");
  if (!stream)
    return invalid_value;
  Operation clear{"cuMemsetD8Async", {{at, bytes, true}}, {}};
  clear.work = [=] { std::memset(reinterpret_cast<void *>(at), value, bytes); };
  return submit(*stream, std::move(clear));
}

int cuStreamCreate(void **handle, unsigned) {
  if (int result = begin("cuStreamCreate"))
    return result;
  auto stream = std::make_unique<Stream>();
  stream->number = state.next_stream++;
  *handle = keep(state.streams, std::move(stream));
  return success;
}
int cuStreamSynchronize(void *handle) {
  int result = begin("cuStreamSynchronize", handle ? "" : "default");
  if (!handle) // where the fake has no work
    return result;
  Stream *stream = find(state.streams, handle, "stream");
  if (!stream)
    return invalid_handle;
  if (result) { // a failure of the device ends all work
    for (auto &[other_handle, other] : state.streams) {
      other->work.clear();
      finish(*other);
    }
    return result;
  }
  finish(*stream);
  return success;
}
int cuStreamWaitEvent(void *handle, void *event_handle, unsigned) {
  if (int result = begin("cuStreamWaitEvent"))
    return result;
  Stream *stream = find(state.streams, handle, "stream");
  Event *event = find(state.events, event_handle, "event");
  if (!stream || !event)
    return invalid_handle;
  if (!event->recorded)
    fault("cuStreamWaitEvent for an event that was not recorded");
  if (stream->recorded)
    fault("an event in a graph is nothing that the fake knows");
  Clock reached = event->reached;
  for (auto [number, operation] : reached)
    stream->known[number] = std::max(stream->known[number], operation);
  enqueue(*stream, [reached] { // what the event stands for comes first
    for (auto &[other_handle, other] : state.streams)
      if (auto it = reached.find(other->number); it != reached.end())
        work_up_to(*other, it->second);
  });
  return success;
}
int cuStreamDestroy_v2(void *handle) {
  if (int result = begin("cuStreamDestroy"))
    return result;
  if (Stream *stream = find(state.streams, handle, "stream"); stream && !stream->work.empty())
    fault("cuStreamDestroy of a stream with work that nobody has waited for");
  if (Stream *stream = find(state.streams, handle, "stream"); stream && stream->recorded) {
    fault("cuStreamDestroy of a stream that records a graph");
    recording = nullptr;
  }
  return destroy(state.streams, handle, "stream");
}
int cuEventCreate(void **handle, unsigned) {
  if (int result = begin("cuEventCreate"))
    return result;
  *handle = keep(state.events, std::make_unique<Event>());
  return success;
}
int cuEventRecord(void *handle, void *stream_handle) {
  if (int result = begin("cuEventRecord"))
    return result;
  Event *event = find(state.events, handle, "event");
  Stream *stream = find(state.streams, stream_handle, "stream");
  if (!event || !stream)
    return invalid_handle;
  if (stream->recorded)
    fault("an event in a graph is nothing that the fake knows");
  event->reached = stream->known;
  event->recorded = true;
  return success;
}
int cuEventSynchronize(void *handle) {
  if (int result = begin("cuEventSynchronize"))
    return result;
  Event *event = find(state.events, handle, "event");
  if (!event)
    return invalid_handle;
  if (!event->recorded)
    fault("cuEventSynchronize with an event that was not recorded");
  for (auto [number, operation] : event->reached) {
    for (auto &[other_handle, other] : state.streams)
      if (other->number == number)
        work_up_to(*other, operation);
    state.waited[number] = std::max(state.waited[number], operation);
  }
  return success;
}
int cuEventDestroy_v2(void *handle) {
  int result = begin("cuEventDestroy");
  return result ? result : destroy(state.events, handle, "event");
}

int cuModuleLoadDataEx(void **handle, const void *image, unsigned options, int *names, void **values) {
  bool is_elf = std::memcmp(image, "\177ELF", 4) == 0;
  if (int result = begin("cuModuleLoadDataEx", is_elf ? "cubin" : "ptx")) {
    for (unsigned k = 0; k < options; ++k)
      if (names[k] == 5) // the log of errors
        std::strcpy(static_cast<char *>(values[k]), "ptxas fatal: what the fake was asked to say");
    return result;
  }
  auto module = std::make_unique<Module>();
  if (!is_elf)
    module->image = static_cast<const char *>(image);
  *handle = keep(state.modules, std::move(module));
  return success;
}
int cuModuleGetFunction(void **handle, void *module_handle, const char *name) {
  if (int result = begin("cuModuleGetFunction", name))
    return result;
  Module *module = find(state.modules, module_handle, "module");
  if (!module)
    return invalid_handle;
  if (!module->image.empty() && module->image.find(".entry " + std::string(name) + "(") == std::string::npos)
    return not_found;
  if (!module->image.empty())
    fake::build_kernel(module->image);
  auto &function = module->functions[name];
  function = std::make_unique<Function>();
  function->name = name;
  function->kernel = fake::find_kernel(name);
  *handle = function.get();
  return success;
}
int cuModuleUnload(void *handle) {
  int result = begin("cuModuleUnload");
  if (result)
    return result;
  finish_all(); // as the driver does
  Module *module = find(state.modules, handle, "module");
  if (!module)
    return invalid_handle;
  for (auto &[name, function] : module->functions)
    if (in_a_graph([&](const Operation &node) { return node.function == function.get(); }))
      fault("cuModuleUnload of a kernel that a graph uses");
  return destroy(state.modules, handle, "module");
}
int cuFuncGetAttribute(int *value, int, void *) {
  *value = 32;
  return begin("cuFuncGetAttribute");
}
int cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, void *, int, std::size_t) {
  *blocks = 2;
  return begin("cuOccupancyMaxActiveBlocksPerMultiprocessor");
}

/// How much a block may ask for at a launch is set before it.
int cuFuncSetAttribute(void *handle, int attribute, int value) {
  if (int result = begin("cuFuncSetAttribute", std::to_string(attribute) + " = " + std::to_string(value)))
    return result;
  if (attribute == 8)
    static_cast<Function *>(handle)->shared_bytes = unsigned(value);
  else
    fault("an attribute of a function that nothing needs: " + std::to_string(attribute));
  return success;
}

static int launch(const char *call, void *handle, unsigned blocks, unsigned threads, unsigned shared_bytes,
                  void *stream_handle, void **arguments, bool cooperative) {
  if (int result = begin(call, std::to_string(blocks) + " x " + std::to_string(threads)))
    return result;
  Stream *stream = find(state.streams, stream_handle, "stream");
  auto *function = static_cast<Function *>(handle);
  bool known = false;
  for (auto &[module_handle, module] : state.modules)
    for (auto &[name, one] : module->functions)
      known |= one.get() == function;
  if (!known)
    fault("a launch of a function whose module is not loaded");
  if (!stream || !known)
    return invalid_handle;
  if (blocks == 0 || threads == 0 || threads > 1024) {
    fault("a launch of no threads, or of too many");
    return invalid_value;
  }
  if (cooperative && blocks > 8) {
    fault("a cooperative launch of more blocks than the device holds");
    return invalid_value;
  }
  if (shared_bytes > std::max(48u << 10, function->shared_bytes)) {
    fault("a launch with more shared memory than was asked for");
    return invalid_value;
  }
  // What the kernel takes is known where it can run. The driver keeps the arguments' values.
  std::vector<std::uint64_t> values;
  Operation kernel{"a kernel", {}, {}, nullptr, nullptr, 0, function};
  for (int k = 0; k < function->kernel.arguments; ++k) {
    values.push_back(*static_cast<std::uint64_t *>(arguments[k]));
    if (function->kernel.is_pointer(k))
      kernel.parts.push_back({values.back(), 1, true});
  }
  kernel.work = [=, code = function->kernel] { run(code, values, blocks, threads, cooperative, shared_bytes); };
  return submit(*stream, std::move(kernel));
}
int cuLaunchKernel(void *function, unsigned x, unsigned, unsigned, unsigned threads, unsigned, unsigned,
                   unsigned shared_bytes, void *stream, void **arguments, void **) {
  return launch("cuLaunchKernel", function, x, threads, shared_bytes, stream, arguments, false);
}
int cuLaunchCooperativeKernel(void *function, unsigned x, unsigned, unsigned, unsigned threads, unsigned, unsigned,
                              unsigned shared_bytes, void *stream, void **arguments) {
  return launch("cuLaunchCooperativeKernel", function, x, threads, shared_bytes, stream, arguments, true);
}

} // extern "C"
