// SPDX-License-Identifier: Apache-2.0
// State blocks of libraries on GPUs: which block has a session, and on which device.
//
// A session is found by the place of its block and not from a pointer in it: blocks are bytes that a caller may copy,
// save and put back.
#include "runtime/cuda/session.h"
#include "runtime/gpu_driver.h"

#include <new>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

namespace overtime::gpu {
namespace {

struct OpenDevice {
  Device device;
  int32_t number;
  OpenDevice *next;
};

struct OpenBlock {
  OpenBlock(const Device &device, const overtime_program *program, const void *state, int32_t number)
      : program(program), state(state), number(number), session(device) {}
  const overtime_program *program;
  const void *state;
  int32_t number;
  Session session;
  OpenBlock *next = nullptr;
};

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; // of both lists
OpenDevice *devices = nullptr;                     // stay open, as their contexts do
OpenBlock *blocks = nullptr;

struct Lock {
  Lock() { pthread_mutex_lock(&mutex); }
  ~Lock() { pthread_mutex_unlock(&mutex); }
};

/// The C library's memory: there is no operator new without C++'s.
template <class T, class... Arguments> T *make(Failure &failure, const Arguments &...arguments) {
  void *place = malloc(sizeof(T));
  if (place)
    return new (place) T{arguments...};
  fail(failure, "there is no memory to open a device");
  return nullptr;
}

const Device *device_of(int32_t number, Failure &failure) {
  Lock lock;
  for (OpenDevice *one = devices; one; one = one->next)
    if (one->number == number)
      return &one->device;
  Device fresh;
  if (!fresh.open(number, failure))
    return nullptr;
  auto *opened = make<OpenDevice>(failure, fresh, number, devices);
  if (!opened)
    return nullptr;
  devices = opened;
  return &opened->device;
}

/// Takes a block out of the list, for its caller alone.
OpenBlock *take(const void *state) {
  Lock lock;
  for (OpenBlock **at = &blocks; *at; at = &(*at)->next)
    if (OpenBlock *found = *at; found->state == state) {
      *at = found->next;
      return found;
    }
  return nullptr;
}

void keep(OpenBlock *block) {
  Lock lock;
  block->next = blocks;
  blocks = block;
}

void give_back(OpenBlock *block) {
  if (!block)
    return;
  block->~OpenBlock();
  free(block);
}

/// The block, open on a device and out of the list; NULL with a failure.
OpenBlock *opened(const overtime_program *program, const void *state, int32_t number, Failure &failure) {
  OpenBlock *block = take(state);
  if (block && block->program == program && block->number == number)
    return block;
  const Device *device = device_of(number, failure);
  OpenBlock *fresh = device ? make<OpenBlock>(failure, *device, program, state, number) : nullptr;
  const overtime_gpu_code &code = *program->gpu;
  if (fresh && !fresh->session.open(code.images, size_t(code.n_images), code.kernel, failure)) {
    give_back(fresh);
    fresh = nullptr;
  }
  if (fresh)
    give_back(block);
  else if (block)
    keep(block); // the device before goes on
  return fresh;
}

bool report(const Failure &failure, char *message) {
  static_assert(sizeof failure.text == OVERTIME_MESSAGE_BYTES);
  memcpy(message, failure.text, sizeof failure.text);
  return !failure;
}

bool open(const overtime_program *program, const void *state, int32_t number, char *message) {
  Failure failure;
  if (OpenBlock *block = opened(program, state, number, failure))
    keep(block);
  return report(failure, message);
}

bool run(const overtime_program *program, const void *state, int32_t number, const detail::EntryCall &call,
         char *message) {
  Failure failure;
  OpenBlock *block = opened(program, state, number, failure);
  if (!block)
    return report(failure, message);
  size_t count = size_t(call.buffer_count) - 1; // without the processor's workspace
  auto *arrays = static_cast<HostArray *>(malloc(count * sizeof(HostArray) + 1));
  if (!arrays)
    fail(failure, "there is no memory for a table of %zu arrays", count);
  const int32_t counts[] = {program->n_states, program->n_params, program->n_inputs, program->n_outputs};
  size_t variables = size_t(program->n_states) + size_t(program->n_params), k = 0;
  for (int kind = 0; arrays && kind < 4; ++kind)
    for (int32_t n = 0; n < counts[kind]; ++n, ++k) {
      const overtime_array &array = program->arrays[k];
      auto elements = size_t(array.elements);
      bool every_step = k >= variables && call.strides[k - variables] != 0;
      // The caller writes to the block as it likes, so the device never has its numbers already.
      arrays[k] = {HostArray::Kind(kind),
                   call.buffers[k],
                   elements * overtime_dtype_size(array.dtype),
                   elements,
                   every_step,
                   false,
                   every_step && call.placed && call.placed[k - variables]};
    }
  if (arrays)
    block->session.run({call.steps, call.i0, call.k0, call.t0, call.seed}, arrays, count, failure);
  free(arrays);
  keep(block);
  return report(failure, message);
}

void close(const void *state) { give_back(take(state)); }

} // namespace
} // namespace overtime::gpu

extern "C" const overtime_gpu_driver overtime_cuda_driver = {overtime::gpu::open, overtime::gpu::run,
                                                             overtime::gpu::close};
