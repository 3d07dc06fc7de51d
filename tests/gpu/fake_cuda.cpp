// SPDX-License-Identifier: Apache-2.0
// A CUDA driver that checks its caller: order, arguments, lifetimes, and what streams may do at the same time.
//
// Work of a stream is done as late as may be, when it is waited for. A copy to the host fills its destination with a
// pattern at once, so that who reads it too early reads that. Kernels run where FAKE_CUDA_KERNELS names a library of
// them for this processor (emulate.py makes one); without it they do nothing.
#include "tests/gpu/fake_cuda.h"
#include "tests/gpu/fake_grid.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace {

enum Error {
  success = 0,
  invalid_value = 1,
  out_of_memory = 2,
  not_initialized = 3,
  invalid_context = 201,
  invalid_image = 200,
  not_found = 500,
  invalid_handle = 400
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

struct Stream {
  int number;
  Clock known;                                            // its own operations too
  std::deque<std::pair<int, std::function<void()>>> work; // with its number
};
struct Event {
  Clock reached;
  bool recorded = false;
};
struct Function {
  std::string name;
  fake::Kernel kernel;
  unsigned shared_bytes = 0; // that a launch may ask for
};
struct Module {
  std::string image;
  std::map<std::string, std::unique_ptr<Function>> functions;
};

/// 90, or $FAKE_CUDA_CAPABILITY.
int capability_asked_for() {
  const char *wanted = std::getenv("FAKE_CUDA_CAPABILITY");
  return wanted ? std::atoi(wanted) : 90;
}

/// Memory of the host whose pages stay in place.
struct Pinned {
  std::unique_ptr<char[]> bytes;
  std::size_t size = 0;
  Use written; // by a copy
  bool freed = false;
};

struct Fake {
  Fake() = default;
  /// A program that has nobody who asks for faults ends with them.
  ~Fake() {
    if (faults.empty() || !std::getenv("FAKE_CUDA_ENDS_WITH_FAULTS"))
      return;
    std::fprintf(stderr, "faults of the CUDA driver's caller:\n%s", faults.c_str());
    std::_Exit(70);
  }
  bool started = false;
  int capability = capability_asked_for();
  std::size_t free_bytes = std::size_t(1) << 30;
  std::string calls, faults, shown, failing;
  int failure = 0, next_stream = 0, next_number = 0;
  std::map<std::uint64_t, std::unique_ptr<Allocation>> memory;
  std::set<std::uint64_t> freed;
  std::deque<Pinned> pinned;
  std::map<void *, std::unique_ptr<Stream>> streams;
  std::map<void *, std::unique_ptr<Event>> events;
  std::map<void *, std::unique_ptr<Module>> modules;
  Clock waited; // by the host
};
Fake fake_driver;
thread_local bool in_context = false;

void fault(const std::string &text) { fake_driver.faults += text + "\n"; }

/// Every function begins with this: notes the call, and says what it shall answer when it is not to go on.
int begin(const std::string &name, const std::string &arguments = "", bool needs_context = true) {
  fake_driver.calls += name + (arguments.empty() ? "" : " " + arguments) + "\n";
  if (fake_driver.failing == name) {
    fake_driver.failing.clear();
    return fake_driver.failure;
  }
  if (!fake_driver.started && name != "cuInit") {
    fault(name + " before cuInit");
    return not_initialized;
  }
  if (needs_context && !in_context) {
    fault(name + " in a thread that has entered no context");
    return invalid_context;
  }
  return success;
}

template <class Object> Object *find(std::map<void *, std::unique_ptr<Object>> &all, void *handle, const char *what) {
  auto it = all.find(handle);
  if (it != all.end())
    return it->second.get();
  fault(std::string("no such ") + what + ", or it was destroyed");
  return nullptr;
}
template <class Object> int destroy(std::map<void *, std::unique_ptr<Object>> &all, void *handle, const char *what) {
  if (!find(all, handle, what))
    return invalid_handle;
  all.erase(handle);
  return success;
}
template <class Object> void *keep(std::map<void *, std::unique_ptr<Object>> &all, std::unique_ptr<Object> object) {
  void *handle = object.get();
  all.emplace(handle, std::move(object));
  return handle;
}

/// The allocation that holds [at, at + bytes).
Allocation *allocation_of(std::uint64_t at, std::size_t bytes, const std::string &what) {
  auto after = fake_driver.memory.upper_bound(at);
  if (after != fake_driver.memory.begin()) {
    auto &[start, allocation] = *std::prev(after);
    if (at + bytes <= start + allocation->bytes.size())
      return allocation.get();
    if (at < start + allocation->bytes.size()) {
      fault(what + " goes beyond the end of an allocation");
      return nullptr;
    }
  }
  fault(what + (fake_driver.freed.count(at) ? " uses memory that was freed" : " uses memory that was never allocated"));
  return nullptr;
}

/// Notes that an operation of a stream reads or writes; a fault where another stream might do so at the same time.
void touch(Stream &stream, Allocation &allocation, bool writes, const std::string &what) {
  Use now{stream.number, fake_driver.next_number};
  auto is_done = [&](const Use &use) {
    bool itself = use.stream == now.stream && use.number == now.number; // it has several arrays in one allocation
    return itself || use.seen_by(stream.known) || use.seen_by(fake_driver.waited);
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
void enqueue(Stream &stream, std::function<void()> work) {
  stream.known[stream.number] = fake_driver.next_number;
  stream.work.emplace_back(fake_driver.next_number++, std::move(work));
}
void work_up_to(Stream &stream, int number) {
  while (!stream.work.empty() && stream.work.front().first <= number) {
    auto work = std::move(stream.work.front().second);
    stream.work.pop_front();
    work();
  }
}
void finish(Stream &stream) {
  work_up_to(stream, fake_driver.next_number);
  for (auto [number, operation] : stream.known)
    fake_driver.waited[number] = std::max(fake_driver.waited[number], operation);
}
void finish_all() {
  for (auto &[handle, stream] : fake_driver.streams)
    finish(*stream);
}

const char *show(std::string &text) {
  fake_driver.shown = std::move(text);
  text.clear();
  return fake_driver.shown.c_str();
}

} // namespace

extern "C" {

const char *fake_cuda_calls() { return show(fake_driver.calls); }
const char *fake_cuda_faults() { return show(fake_driver.faults); }
const char *fake_cuda_alive() {
  auto pinned = std::count_if(fake_driver.pinned.begin(), fake_driver.pinned.end(), [](auto &p) { return !p.freed; });
  std::string text = std::to_string(fake_driver.memory.size() + std::size_t(pinned)) + " allocations, " +
                     std::to_string(fake_driver.streams.size()) + " streams, " +
                     std::to_string(fake_driver.events.size()) + " events, " +
                     std::to_string(fake_driver.modules.size()) + " modules";
  return show(text);
}
void fake_cuda_fail_next(const char *function, int result) {
  fake_driver.failing = function ? function : "";
  fake_driver.failure = result;
}
void fake_cuda_set_device(int capability, unsigned long free_bytes) {
  fake_driver.capability = capability;
  fake_driver.free_bytes = free_bytes;
}

int cuInit(unsigned) {
  if (int result = begin("cuInit", "", false))
    return result;
  fake_driver.started = true;
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
  switch (attribute) {
  case 16:
    *value = 4;
    break; // processors
  case 39:
    *value = 2048;
    break; // threads of one
  case 75:
    *value = fake_driver.capability / 10;
    break;
  case 76:
    *value = fake_driver.capability % 10;
    break;
  default:
    fault("an attribute that nothing needs: " + std::to_string(attribute));
  }
  return begin("cuDeviceGetAttribute", "", false);
}
int cuDevicePrimaryCtxRetain(void **context, int) {
  *context = &fake_driver;
  return begin("cuDevicePrimaryCtxRetain", "", false);
}
int cuCtxSetCurrent(void *context) {
  in_context = context == &fake_driver;
  return begin("cuCtxSetCurrent", "", false);
}
int cuMemGetInfo_v2(std::size_t *free, std::size_t *total) {
  *free = fake_driver.free_bytes;
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
  fake_driver.freed.erase(*at);
  fake_driver.memory.emplace(*at, std::move(allocation));
  return success;
}
int cuMemFree_v2(std::uint64_t at) {
  if (int result = begin("cuMemFree"))
    return result;
  auto it = fake_driver.memory.find(at);
  if (it == fake_driver.memory.end()) {
    fault(fake_driver.freed.count(at) ? "cuMemFree twice" : "cuMemFree of what was not allocated");
    return invalid_value;
  }
  bool busy = !it->second->written.seen_by(fake_driver.waited);
  for (const Use &use : it->second->read)
    busy |= !use.seen_by(fake_driver.waited);
  if (busy)
    fault("cuMemFree of memory that a stream may still use");
  finish_all();
  fake_driver.memory.erase(it);
  fake_driver.freed.insert(at);
  return success;
}

int cuMemHostAlloc(void **at, std::size_t bytes, unsigned) {
  if (int result = begin("cuMemHostAlloc", std::to_string(bytes)))
    return result;
  Pinned pinned;
  pinned.bytes = std::make_unique<char[]>(bytes);
  pinned.size = bytes;
  *at = pinned.bytes.get();
  fake_driver.pinned.push_back(std::move(pinned));
  return success;
}
int cuMemFreeHost(void *at) {
  if (int result = begin("cuMemFreeHost"))
    return result;
  for (Pinned &pinned : fake_driver.pinned)
    if (pinned.bytes.get() == at) {
      if (pinned.freed)
        fault("cuMemFreeHost twice");
      if (!pinned.written.seen_by(fake_driver.waited))
        fault("cuMemFreeHost of memory that a copy may still write");
      pinned.freed = true; // its place is kept, so that who uses it later is seen
      return success;
    }
  fault("cuMemFreeHost of what was not allocated");
  return invalid_value;
}
/// Notes that a copy writes to memory of the host, where it is pinned.
static void note_pinned(const Stream &stream, const void *to) {
  for (Pinned &pinned : fake_driver.pinned)
    if (to >= pinned.bytes.get() && to < pinned.bytes.get() + pinned.size) {
      if (pinned.freed)
        fault("cuMemcpyDtoHAsync to pinned memory that was freed");
      pinned.written = {stream.number, fake_driver.next_number};
    }
}

int cuMemcpyHtoDAsync_v2(std::uint64_t to, const void *from, std::size_t bytes, void *handle) {
  if (int result = begin("cuMemcpyHtoDAsync", std::to_string(bytes)))
    return result;
  Stream *stream = find(fake_driver.streams, handle, "stream");
  Allocation *allocation = stream ? allocation_of(to, bytes, "cuMemcpyHtoDAsync") : nullptr;
  if (!allocation || (bytes > 0 && !from))
    return invalid_value;
  touch(*stream, *allocation, true, "cuMemcpyHtoDAsync");
  // Memory that is not pinned is read before the call returns.
  std::vector<char> staged(static_cast<const char *>(from), static_cast<const char *>(from) + bytes);
  enqueue(*stream, [to, staged] { std::memcpy(reinterpret_cast<void *>(to), staged.data(), staged.size()); });
  return success;
}
int cuMemcpyDtoHAsync_v2(void *to, std::uint64_t from, std::size_t bytes, void *handle) {
  if (int result = begin("cuMemcpyDtoHAsync", std::to_string(bytes)))
    return result;
  Stream *stream = find(fake_driver.streams, handle, "stream");
  Allocation *allocation = stream ? allocation_of(from, bytes, "cuMemcpyDtoHAsync") : nullptr;
  if (!allocation || !to)
    return invalid_value;
  touch(*stream, *allocation, false, "cuMemcpyDtoHAsync");
  note_pinned(*stream, to);
  std::memset(to, 0xCD, bytes);
  enqueue(*stream, [=] { std::memcpy(to, reinterpret_cast<void *>(from), bytes); });
  return success;
}
int cuMemcpyDtoDAsync_v2(std::uint64_t to, std::uint64_t from, std::size_t bytes, void *handle) {
  if (int result = begin("cuMemcpyDtoDAsync", std::to_string(bytes)))
    return result;
  Stream *stream = find(fake_driver.streams, handle, "stream");
  Allocation *target = stream ? allocation_of(to, bytes, "cuMemcpyDtoDAsync") : nullptr,
             *source = stream ? allocation_of(from, bytes, "cuMemcpyDtoDAsync") : nullptr;
  if (!target || !source)
    return invalid_value;
  touch(*stream, *source, false, "cuMemcpyDtoDAsync");
  touch(*stream, *target, true, "cuMemcpyDtoDAsync");
  enqueue(*stream, [=] { std::memcpy(reinterpret_cast<void *>(to), reinterpret_cast<void *>(from), bytes); });
  return success;
}
int cuMemsetD8Async(std::uint64_t at, unsigned char value, std::size_t bytes, void *handle) {
  if (int result = begin("cuMemsetD8Async", std::to_string(bytes)))
    return result;
  Stream *stream = find(fake_driver.streams, handle, "stream");
  Allocation *allocation = stream ? allocation_of(at, bytes, "cuMemsetD8Async") : nullptr;
  if (!allocation)
    return invalid_value;
  touch(*stream, *allocation, true, "cuMemsetD8Async");
  enqueue(*stream, [=] { std::memset(reinterpret_cast<void *>(at), value, bytes); });
  return success;
}

int cuStreamCreate(void **handle, unsigned) {
  if (int result = begin("cuStreamCreate"))
    return result;
  auto stream = std::make_unique<Stream>();
  stream->number = fake_driver.next_stream++;
  *handle = keep(fake_driver.streams, std::move(stream));
  return success;
}
int cuStreamSynchronize(void *handle) {
  int result = begin("cuStreamSynchronize", handle ? "" : "default");
  if (!handle) // where the fake has no work
    return result;
  Stream *stream = find(fake_driver.streams, handle, "stream");
  if (!stream)
    return invalid_handle;
  if (result) { // a failure of the device ends all work
    for (auto &[other_handle, other] : fake_driver.streams) {
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
  Stream *stream = find(fake_driver.streams, handle, "stream");
  Event *event = find(fake_driver.events, event_handle, "event");
  if (!stream || !event)
    return invalid_handle;
  if (!event->recorded)
    fault("cuStreamWaitEvent for an event that was not recorded");
  Clock reached = event->reached;
  for (auto [number, operation] : reached)
    stream->known[number] = std::max(stream->known[number], operation);
  enqueue(*stream, [reached] { // what the event stands for comes first
    for (auto &[other_handle, other] : fake_driver.streams)
      if (auto it = reached.find(other->number); it != reached.end())
        work_up_to(*other, it->second);
  });
  return success;
}
int cuStreamDestroy_v2(void *handle) {
  if (int result = begin("cuStreamDestroy"))
    return result;
  if (Stream *stream = find(fake_driver.streams, handle, "stream"); stream && !stream->work.empty())
    fault("cuStreamDestroy of a stream with work that nobody has waited for");
  return destroy(fake_driver.streams, handle, "stream");
}
int cuEventCreate(void **handle, unsigned) {
  if (int result = begin("cuEventCreate"))
    return result;
  *handle = keep(fake_driver.events, std::make_unique<Event>());
  return success;
}
int cuEventRecord(void *handle, void *stream_handle) {
  if (int result = begin("cuEventRecord"))
    return result;
  Event *event = find(fake_driver.events, handle, "event");
  Stream *stream = find(fake_driver.streams, stream_handle, "stream");
  if (!event || !stream)
    return invalid_handle;
  event->reached = stream->known;
  event->recorded = true;
  return success;
}
int cuEventSynchronize(void *handle) {
  if (int result = begin("cuEventSynchronize"))
    return result;
  Event *event = find(fake_driver.events, handle, "event");
  if (!event)
    return invalid_handle;
  if (!event->recorded)
    fault("cuEventSynchronize with an event that was not recorded");
  for (auto [number, operation] : event->reached) {
    for (auto &[other_handle, other] : fake_driver.streams)
      if (other->number == number)
        work_up_to(*other, operation);
    fake_driver.waited[number] = std::max(fake_driver.waited[number], operation);
  }
  return success;
}
int cuEventDestroy_v2(void *handle) {
  int result = begin("cuEventDestroy");
  return result ? result : destroy(fake_driver.events, handle, "event");
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
  *handle = keep(fake_driver.modules, std::move(module));
  return success;
}
int cuModuleGetFunction(void **handle, void *module_handle, const char *name) {
  if (int result = begin("cuModuleGetFunction", name))
    return result;
  Module *module = find(fake_driver.modules, module_handle, "module");
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
  return destroy(fake_driver.modules, handle, "module");
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
  Stream *stream = find(fake_driver.streams, stream_handle, "stream");
  auto *function = static_cast<Function *>(handle);
  bool known = false;
  for (auto &[module_handle, module] : fake_driver.modules)
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
  for (int k = 0; k < function->kernel.arguments; ++k) {
    values.push_back(*static_cast<std::uint64_t *>(arguments[k]));
    if (function->kernel.is_pointer(k))
      if (Allocation *allocation = allocation_of(values.back(), 1, "a kernel"))
        touch(*stream, *allocation, true, "a kernel");
  }
  fake::Kernel kernel = function->kernel;
  enqueue(*stream, [=] { fake::run(kernel, values, blocks, threads, cooperative, shared_bytes); });
  return success;
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
