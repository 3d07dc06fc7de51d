// SPDX-License-Identifier: Apache-2.0
// Programs with arrays of other libraries, by DLPack. Shipped inside AOT libraries.
#include "runtime/dlpack.h"
#include "runtime/program.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

namespace {

using overtime::dlpack::Array;
using overtime::dlpack::ManagedArray;
using overtime::dlpack::Type;

Type type_of(int32_t dtype) {
  uint8_t code = dtype == OVERTIME_BOOL                           ? overtime::dlpack::boolean
                 : dtype == OVERTIME_F32 || dtype == OVERTIME_F64 ? overtime::dlpack::real
                 : dtype == OVERTIME_U16                          ? overtime::dlpack::natural
                                                                  : overtime::dlpack::integer;
  return {code, static_cast<uint8_t>(8 * overtime_dtype_size(dtype)), 1};
}

/// Text that stays within a message.
class Message {
public:
  explicit Message(char *text) : text_(text) { text_[0] = '\0'; }
  Message &add(const char *format, ...) __attribute__((format(printf, 2, 3))) {
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(text_ + length_, OVERTIME_MESSAGE_BYTES - length_, format, arguments);
    va_end(arguments);
    length_ += written > 0 ? static_cast<size_t>(written) : 0;
    if (length_ >= OVERTIME_MESSAGE_BYTES)
      length_ = OVERTIME_MESSAGE_BYTES - 1;
    return *this;
  }
  Message &add_shape(int32_t rank, const int64_t *shape, const int64_t *leading) {
    const char *comma = "";
    add("[");
    if (leading) {
      add("%lld", static_cast<long long>(*leading));
      comma = ", ";
    }
    for (int32_t d = 0; d < rank; ++d, comma = ", ")
      add("%s%lld", comma, static_cast<long long>(shape[d]));
    return add("]");
  }

private:
  char *text_;
  size_t length_ = 0;
};

/// One array of a call beside the one that the program has.
struct Given {
  const char *kind; // "input"
  const overtime_array *wanted;
  const Array *array;
};

bool has_shape(const Given &given, int64_t steps) {
  const Array &array = *given.array;
  if (array.rank != given.wanted->rank + 1 || array.shape[0] != steps)
    return false;
  for (int32_t d = 0; d < given.wanted->rank; ++d)
    if (array.shape[d + 1] != given.wanted->shape[d])
      return false;
  return true;
}

/// Whether the array is what the program takes; else the message says what is not, and what would be. `device` is the
/// block's, 0 for the processor.
bool check(const Given &given, int64_t steps, int32_t device, char *text) {
  const Array &array = *given.array;
  Type wanted = type_of(given.wanted->dtype);
  const char *name = given.wanted->name;
  if (array.type.code != wanted.code || array.type.bits != wanted.bits || array.type.lanes != 1) {
    Message(text).add("%s '%s' has elements of DLPack's code %d and %d bits, expected code %d and %d bits", given.kind,
                      name, array.type.code, array.type.bits, wanted.code, wanted.bits);
    return false;
  }
  if (!has_shape(given, steps)) {
    Message(text)
        .add("%s '%s' has shape ", given.kind, name)
        .add_shape(array.rank, array.shape, nullptr)
        .add(", expected ")
        .add_shape(given.wanted->rank, given.wanted->shape, &steps)
        .add(": steps, then the shape of one");
    return false;
  }
  if (!overtime::dlpack::is_dense(array)) {
    Message(text).add("%s '%s' is not dense and row-major: copy it so before the call", given.kind, name);
    return false;
  }
  bool on_host = array.device.type == overtime::dlpack::host || array.device.type == overtime::dlpack::pinned_host;
  bool there = device > 0 && array.device.type == overtime::dlpack::cuda && array.device.number == device - 1;
  if (on_host || there)
    return true;
  Message message(text);
  message.add("%s '%s' lies on device %d of DLPack's type %d, and the block runs on ", given.kind, name,
              array.device.number, array.device.type);
  if (device == 0)
    message.add("cpu");
  else
    message.add("cuda:%d", device - 1);
  message.add(": move one of them");
  return false;
}

int run(const overtime_program *program, void *state, int64_t steps, const Array *const *inputs,
        const Array *const *outputs) {
  const auto *header = static_cast<const overtime_state_header *>(state);
  if (header->program != program)
    return OVERTIME_NOT_RESET;
  auto n_inputs = static_cast<size_t>(program->n_inputs), n_outputs = static_cast<size_t>(program->n_outputs);
  size_t count = n_inputs + n_outputs;
  const overtime_array *arrays = program->arrays + program->n_states + program->n_params;
  auto **pointers = static_cast<void **>(malloc(count * (sizeof(void *) + sizeof(bool)) + 1));
  if (!pointers)
    return OVERTIME_NO_MEMORY;
  auto *placed = reinterpret_cast<bool *>(pointers + count);
  int status = OVERTIME_OK;
  for (size_t k = 0; k < count && status == OVERTIME_OK; ++k) {
    bool is_input = k < n_inputs;
    const Array *const *table = is_input ? inputs : outputs;
    const Array *array = table ? table[is_input ? k : k - n_inputs] : nullptr;
    pointers[k] = nullptr;
    placed[k] = false;
    if (!array)
      continue;
    char *text = overtime::detail::message_of(program, state);
    if (!check({is_input ? "input" : "output", arrays + k, array}, steps, header->device, text))
      status = OVERTIME_WRONG_ARRAY;
    pointers[k] = static_cast<char *>(array->data) + array->byte_offset;
    placed[k] = array->device.type == overtime::dlpack::cuda;
  }
  if (status == OVERTIME_OK)
    status = overtime::detail::run_program(program, state, steps, pointers, pointers + n_inputs, placed);
  free(pointers);
  return status;
}

/// An array of a state block, with its shape and strides behind it.
ManagedArray *export_array(const overtime_array &array, void *data) {
  auto rank = static_cast<size_t>(array.rank);
  auto *made = static_cast<ManagedArray *>(malloc(sizeof(ManagedArray) + 2 * rank * sizeof(int64_t)));
  if (!made)
    return nullptr;
  auto *shape = reinterpret_cast<int64_t *>(made + 1), *strides = shape + rank;
  int64_t stride = 1;
  for (size_t d = rank; d-- > 0; stride *= shape[d]) {
    shape[d] = array.shape[d];
    strides[d] = stride;
  }
  made->array = {data, {overtime::dlpack::host, 0}, array.rank, type_of(array.dtype), shape, strides, 0};
  made->context = nullptr;
  made->deleter = [](ManagedArray *self) { free(self); };
  return made;
}

} // namespace

extern "C" int overtime_program_run_dlpack(const overtime_program *program, void *state, int64_t steps,
                                           const struct DLTensor *const *inputs, struct DLTensor *const *outputs) {
  if (int status = overtime::detail::check_state(state))
    return status;
  int status = program ? run(program, state, steps, reinterpret_cast<const Array *const *>(inputs),
                             reinterpret_cast<const Array *const *>(outputs))
                       : int(OVERTIME_NULL_ARGUMENT);
  static_cast<overtime_state_header *>(state)->status = status;
  return status;
}

extern "C" int overtime_program_dlpack(const overtime_program *program, void *state, const char *name,
                                       struct DLManagedTensor **array) {
  if (int status = overtime::detail::check_state(state))
    return status;
  int status = OVERTIME_NULL_ARGUMENT;
  if (program && name && array) {
    *array = nullptr;
    status = OVERTIME_NOT_FOUND;
    for (int64_t k = 0; k < int64_t(program->n_states) + program->n_params; ++k) {
      const overtime_array &one = program->arrays[k];
      if (strcmp(one.name, name) != 0)
        continue;
      ManagedArray *made = export_array(one, static_cast<char *>(state) + one.offset);
      status = made ? OVERTIME_OK : OVERTIME_NO_MEMORY;
      *array = reinterpret_cast<DLManagedTensor *>(made);
      break;
    }
  }
  static_cast<overtime_state_header *>(state)->status = status;
  return status;
}
