// SPDX-License-Identifier: Apache-2.0
// Resets and runs compiled programs. Shipped inside AOT libraries: nothing here needs more than the C library.
#include "runtime/program.h"
#include "runtime/abi.h"
#include "runtime/gpu_driver.h"
#include "runtime/processor.h"

#include <stdlib.h>
#include <string.h>

namespace {

constexpr uint64_t magic = 0x454d49545245564fu; // "OVERTIME" in memory, little-endian

static_assert(sizeof(overtime_state_header) == OVERTIME_ALIGNMENT, "the first array must start on a boundary");

bool is_aligned(const void *pointer, uint64_t boundary) { return reinterpret_cast<uintptr_t>(pointer) % boundary == 0; }

char *bytes_of(void *state) { return static_cast<char *>(state); }

overtime_state_header *header_of(void *state) { return static_cast<overtime_state_header *>(state); }

int64_t state_and_param_count(const overtime_program *program) {
  return static_cast<int64_t>(program->n_states) + program->n_params;
}

/// `buffers` and `strides` of an entry function. Small programs need no allocation.
class CallTable {
public:
  explicit CallTable(const overtime_program *program) : program_(program) {
    if (count() > small) {
      heap_ = malloc(count() * sizeof(void *) + slices() * sizeof(int64_t));
      buffers = static_cast<void **>(heap_);
      strides = reinterpret_cast<int64_t *>(buffers + count());
    }
  }
  ~CallTable() { free(heap_); }
  CallTable(const CallTable &) = delete;
  CallTable &operator=(const CallTable &) = delete;

  int fill(void *state, int64_t steps, const void *const *inputs, void *const *outputs);
  /// Of buffers, the workspace among them.
  size_t count() const { return static_cast<size_t>(state_and_param_count(program_)) + slices() + 1; }

  void **buffers = few_buffers_;
  int64_t *strides = few_strides_;

private:
  bool overlaps(void *state, int64_t steps) const;
  size_t slices() const { return static_cast<size_t>(program_->n_inputs) + static_cast<size_t>(program_->n_outputs); }

  static constexpr size_t small = 64;
  const overtime_program *program_;
  void *heap_ = nullptr;
  void *few_buffers_[small];
  int64_t few_strides_[small];
};

/// Memory from `begin` on; as much as there is when its size has no number.
struct Range {
  uintptr_t begin, end;
  Range(const void *start, uint64_t rows, uint64_t row_bytes) : begin(reinterpret_cast<uintptr_t>(start)) {
    uint64_t room = UINTPTR_MAX - begin;
    end = row_bytes != 0 && rows > room / row_bytes ? UINTPTR_MAX : begin + rows * row_bytes;
  }
  bool overlaps(const Range &other) const { return begin < other.end && other.begin < end; }
};

/// Whether an array of the caller shares memory that a run writes. A stride of 0 marks rows of the state block.
bool CallTable::overlaps(void *state, int64_t steps) const {
  int64_t first = state_and_param_count(program_);
  auto range = [&](size_t k) {
    const overtime_array &array = program_->arrays[first + static_cast<int64_t>(k)];
    uint64_t bytes = static_cast<uint64_t>(array.elements) * overtime_dtype_size(array.dtype);
    return Range(buffers[first + static_cast<int64_t>(k)], static_cast<uint64_t>(steps), bytes);
  };
  Range block(state, 1, program_->state_bytes);
  for (size_t k = 0; k < slices(); ++k) {
    if (strides[k] == 0)
      continue;
    Range array = range(k);
    if (array.overlaps(block))
      return true;
    for (size_t j = static_cast<size_t>(program_->n_inputs); j < slices(); ++j)
      if (j != k && strides[j] != 0 && array.overlaps(range(j)))
        return true;
  }
  return false;
}

int CallTable::fill(void *state, int64_t steps, const void *const *inputs, void *const *outputs) {
  if (!buffers)
    return OVERTIME_NO_MEMORY;
  const overtime_array *array = program_->arrays;
  void **buffer = buffers;
  for (int64_t k = 0; k < state_and_param_count(program_); ++k, ++array)
    *buffer++ = bytes_of(state) + array->offset;
  for (int32_t k = 0; k < program_->n_inputs + program_->n_outputs; ++k, ++array) {
    bool is_input = k < program_->n_inputs;
    void *given = nullptr;
    if (is_input && inputs)
      given = const_cast<void *>(inputs[k]); // compiled code only reads its inputs
    else if (!is_input && outputs)
      given = outputs[k - program_->n_inputs];
    if (given && !is_aligned(given, overtime_dtype_size(array->dtype)))
      return OVERTIME_MISALIGNED;
    *buffer++ = given ? given : bytes_of(state) + array->offset;
    strides[k] = given ? array->elements : 0;
  }
  *buffer = bytes_of(state) + program_->workspace_offset;
  return overlaps(state, steps) ? OVERTIME_OVERLAP : OVERTIME_OK;
}

bool sum_overflows(int64_t a, int64_t steps) { return a > INT64_MAX - steps; }

/// 0 for "cpu", 1 for "cuda" and "cuda:0", 2 for "cuda:1", ...; -1 for no device.
int32_t device_of(const char *name) {
  if (strcmp(name, "cpu") == 0)
    return 0;
  if (strncmp(name, "cuda", 4) != 0)
    return -1;
  const char *digit = name + 4;
  if (*digit == '\0')
    return 1;
  if (*digit++ != ':' || *digit == '\0')
    return -1;
  int32_t number = 0;
  for (; *digit; ++digit) {
    if (*digit < '0' || *digit > '9' || number > 9999)
      return -1;
    number = 10 * number + (*digit - '0');
  }
  return number + 1;
}

int set_device(const overtime_program *program, void *state, const char *name) {
  overtime_state_header *header = header_of(state);
  if (header->program != program)
    return OVERTIME_NOT_RESET;
  int32_t device = device_of(name);
  if (device < 0)
    return OVERTIME_UNKNOWN_DEVICE;
  if (!program->gpu)
    return device == 0 ? OVERTIME_OK : OVERTIME_NO_GPU_CODE;
  if (device == 0)
    program->gpu->driver->close(state);
  else if (!program->gpu->driver->open(program, state, device - 1, overtime::detail::message_of(program, state)))
    return OVERTIME_DEVICE_FAILED;
  header->device = device;
  return OVERTIME_OK;
}

/// Runs all parts where the block says.
int run_on_device(const overtime_program *program, void *state, const overtime::detail::EntryCall &call) {
  const overtime_state_header *header = header_of(state);
  if (header->device == 0)
    return overtime::detail::run_parts(call, program->schedule, header->threads);
  bool ran =
      program->gpu->driver->run(program, state, header->device - 1, call, overtime::detail::message_of(program, state));
  return ran ? OVERTIME_OK : OVERTIME_DEVICE_FAILED;
}

} // namespace

namespace overtime::detail {

int check_state(const void *state) {
  if (!state)
    return OVERTIME_NULL_ARGUMENT;
  if (!is_aligned(state, OVERTIME_ALIGNMENT))
    return OVERTIME_MISALIGNED;
  const auto *header = static_cast<const overtime_state_header *>(state);
  bool reset = header->magic == magic && header->abi_version == OVERTIME_ABI_VERSION;
  return reset ? OVERTIME_OK : OVERTIME_NOT_RESET;
}

char *message_of(const overtime_program *program, void *state) { return bytes_of(state) + program->message_offset; }

int run_program(const overtime_program *program, void *state, int64_t steps, const void *const *inputs,
                void *const *outputs, const bool *placed) {
  overtime_state_header *header = header_of(state);
  if (header->program != program)
    return OVERTIME_NOT_RESET;
  if (steps < 0)
    return OVERTIME_NEGATIVE_STEPS;
  if (sum_overflows(header->i, steps) || sum_overflows(header->k, steps))
    return OVERTIME_STEP_OVERFLOW;
  CallTable table(program);
  if (int status = table.fill(state, steps, inputs, outputs))
    return status;
  if (steps > 0) {
    EntryCall call = {program->entry, steps,        header->i,     header->k,
                      header->t0,     header->seed, table.buffers, static_cast<int64_t>(table.count()),
                      table.strides,  placed};
    if (int status = run_on_device(program, state, call))
      return status;
  }
  header->i += steps;
  header->k += steps;
  return OVERTIME_OK;
}

} // namespace overtime::detail

using overtime::detail::check_state;

extern "C" int overtime_program_reset(const overtime_program *program, void *state, uint64_t seed) {
  if (!program || !state)
    return OVERTIME_NULL_ARGUMENT;
  if (program->abi_version != OVERTIME_ABI_VERSION)
    return OVERTIME_BAD_FORMAT;
  if (program->instructions & ~overtime::detail::instructions_of_processor())
    return OVERTIME_WRONG_PROCESSOR;
  if (!is_aligned(state, OVERTIME_ALIGNMENT))
    return OVERTIME_MISALIGNED;
  if (program->gpu)
    program->gpu->driver->close(state);
  memset(state, 0, program->state_bytes);
  if (program->initial_bytes != 0)
    memcpy(bytes_of(state) + sizeof(overtime_state_header), program->initial, program->initial_bytes);
  overtime_state_header *header = header_of(state);
  header->magic = magic;
  header->abi_version = OVERTIME_ABI_VERSION;
  header->status = OVERTIME_OK;
  header->program = program;
  header->seed = seed;
  header->i = program->i0;
  header->k = 0;
  header->t0 = program->t0;
  return OVERTIME_OK;
}

extern "C" int overtime_program_run(const overtime_program *program, void *state, int64_t steps,
                                    const void *const *inputs, void *const *outputs) {
  if (int status = check_state(state))
    return status; // there is no header to keep it in; overtime_program_error finds the same fault again
  int status = program ? overtime::detail::run_program(program, state, steps, inputs, outputs, nullptr)
                       : int(OVERTIME_NULL_ARGUMENT);
  header_of(state)->status = status;
  return status;
}

extern "C" int overtime_program_set_threads(const overtime_program *program, void *state, int32_t threads) {
  if (int status = check_state(state))
    return status;
  overtime_state_header *header = header_of(state);
  int status = !program                     ? OVERTIME_NULL_ARGUMENT
               : header->program != program ? OVERTIME_NOT_RESET
               : threads < 0                ? OVERTIME_NEGATIVE_THREADS
                                            : OVERTIME_OK;
  if (status == OVERTIME_OK)
    header->threads = threads;
  header->status = status;
  return status;
}

extern "C" int overtime_program_set_device(const overtime_program *program, void *state, const char *device) {
  if (int status = check_state(state))
    return status;
  int status = program && device ? set_device(program, state, device) : int(OVERTIME_NULL_ARGUMENT);
  header_of(state)->status = status;
  return status;
}

extern "C" const char *overtime_program_error(const void *state) {
  if (int status = check_state(state))
    return overtime_status_message(status);
  const auto *header = static_cast<const overtime_state_header *>(state);
  if (header->status == OVERTIME_DEVICE_FAILED || header->status == OVERTIME_WRONG_ARRAY)
    return static_cast<const char *>(state) + header->program->message_offset;
  return overtime_status_message(header->status);
}

extern "C" void *overtime_program_array(const overtime_program *program, void *state, const char *name) {
  if (!program || !state || !name)
    return nullptr;
  for (int64_t k = 0; k < state_and_param_count(program); ++k)
    if (strcmp(program->arrays[k].name, name) == 0)
      return bytes_of(state) + program->arrays[k].offset;
  return nullptr;
}
