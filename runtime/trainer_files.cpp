// SPDX-License-Identifier: Apache-2.0
// Saves a compiled training and goes on from what was saved.
#include "runtime/trainer.h"

#include "runtime/files/safetensors.h"

#include <stdlib.h>
#include <string.h>

using overtime::detail::Place;
using overtime::detail::SafetensorsFile;

namespace {

constexpr const char *updates_name = "updates", *steps_name = "target.@steps";

overtime_training_header *header_of(void *block) { return static_cast<overtime_training_header *>(block); }

bool is_real(int32_t dtype) { return dtype == OVERTIME_F32 || dtype == OVERTIME_F64; }

/// The numbers of a real array in the other real type: what has not been trained a Trainer keeps in f64.
void convert(const overtime_host_array &from, void *to, int32_t dtype) {
  for (int64_t k = 0; k < from.elements; ++k)
    if (dtype == OVERTIME_F32)
      static_cast<float *>(to)[k] = static_cast<float>(static_cast<const double *>(from.data)[k]);
    else
      static_cast<double *>(to)[k] = static_cast<double>(static_cast<const float *>(from.data)[k]);
}

/// Reads an array that must have this shape, and this type or another real one, into `to`.
int read_into(const SafetensorsFile &file, const overtime_array &wanted, void *to, const Place &place) {
  for (size_t k = 0; k < file.count(); ++k) {
    if (strcmp(file.name(k), wanted.name) != 0)
      continue;
    overtime_host_array found = {};
    int status = file.read(k, &found, place);
    if (status != OVERTIME_OK)
      return status;
    bool same = found.dtype == wanted.dtype;
    bool fits = (same || (is_real(found.dtype) && is_real(wanted.dtype))) && found.rank == wanted.rank;
    for (int32_t d = 0; fits && d < found.rank; ++d)
      fits = found.shape[d] == wanted.shape[d];
    if (fits && same)
      memcpy(to, found.data, found.bytes);
    else if (fits)
      convert(found, to, wanted.dtype);
    overtime_host_array_free(&found);
    return fits ? OVERTIME_OK : OVERTIME_BAD_FORMAT;
  }
  return OVERTIME_NOT_FOUND;
}

/// All arrays go to memory of their own first, so that a file that lacks one changes nothing.
int load(const overtime_trainer *trainer, void *block, const char *path) {
  overtime_message message;
  Place place = {path, &message};
  SafetensorsFile file;
  if (int status = file.open(place))
    return status;
  auto *staged = static_cast<char *>(malloc(trainer->initial_bytes + 2 * sizeof(int64_t)));
  if (!staged)
    return OVERTIME_NO_MEMORY;
  constexpr uint64_t first = sizeof(overtime_training_header);
  int64_t updates = 0, steps = 0;
  overtime_array counter = {updates_name, "", OVERTIME_I64, 0, nullptr, 1, 0};
  int status = read_into(file, counter, &updates, place);
  counter.name = steps_name;
  if (status == OVERTIME_OK)
    status = read_into(file, counter, &steps, place);
  if (status == OVERTIME_OK && (updates < 0 || steps < 0))
    status = OVERTIME_BAD_FORMAT;
  for (int64_t k = 0; status == OVERTIME_OK && k < trainer->n_arrays; ++k)
    status =
        read_into(file, trainer->arrays[k], staged + static_cast<uint64_t>(trainer->arrays[k].offset) - first, place);
  for (int64_t k = 0; status == OVERTIME_OK && k < trainer->n_arrays; ++k) {
    const overtime_array &array = trainer->arrays[k];
    auto offset = static_cast<uint64_t>(array.offset);
    memcpy(static_cast<char *>(block) + offset, staged + offset - first,
           static_cast<uint64_t>(array.elements) * overtime_dtype_size(array.dtype));
  }
  free(staged);
  if (status == OVERTIME_OK) {
    header_of(block)->updates = updates;
    header_of(block)->k = steps;
    header_of(block)->i = trainer->forward.program->i0 + steps;
  }
  return status;
}

int save(const overtime_trainer *trainer, void *block, const char *path) {
  auto count = static_cast<size_t>(trainer->n_arrays);
  auto *arrays = static_cast<overtime_named_array *>(malloc((count + 2) * sizeof(overtime_named_array)));
  if (!arrays)
    return OVERTIME_NO_MEMORY;
  for (size_t k = 0; k < count; ++k) {
    const overtime_array &array = trainer->arrays[k];
    arrays[k] = {array.name, array.dtype, array.rank, array.shape, static_cast<char *>(block) + array.offset};
  }
  arrays[count] = {updates_name, OVERTIME_I64, 0, nullptr, &header_of(block)->updates};
  arrays[count + 1] = {steps_name, OVERTIME_I64, 0, nullptr, &header_of(block)->k};
  overtime_message message;
  int status = overtime::detail::write_safetensors(arrays, count + 2, {path, &message});
  free(arrays);
  return status;
}

/// The block was reset for this training.
int check(const overtime_trainer *trainer, void *block, const char *path) {
  if (overtime_trainer_updates(block) < 0)
    return OVERTIME_NOT_RESET;
  if (!trainer || !path)
    return OVERTIME_NULL_ARGUMENT;
  return header_of(block)->trainer == trainer ? OVERTIME_OK : OVERTIME_NOT_RESET;
}

} // namespace

extern "C" int overtime_trainer_save(const overtime_trainer *trainer, void *block, const char *path) {
  int status = check(trainer, block, path);
  if (status == OVERTIME_OK)
    header_of(block)->status = status = save(trainer, block, path);
  return status;
}

extern "C" int overtime_trainer_load(const overtime_trainer *trainer, void *block, const char *path) {
  int status = check(trainer, block, path);
  if (status == OVERTIME_OK)
    header_of(block)->status = status = load(trainer, block, path);
  return status;
}
