// SPDX-License-Identifier: Apache-2.0
// A program on a device: its kernel, and its arrays, which stay there between calls.
#include "runtime/cuda/session.h"

#include <new>
#include <stdlib.h>
#include <string.h>

namespace overtime::gpu {

/// An output has two: one is copied while the kernel writes the other.
struct Session::Place {
  explicit Place(const Device &device) : buffer{Buffer(device), Buffer(device)} {}
  Buffer buffer[2];
};

Session::~Session() {
  Failure ignored;
  device.enter(ignored); // the thread that ends a session need not be the one that ran it
  for (size_t k = 0; k < place_count; ++k)
    places[k].~Place();
  ::free(places);
}

bool Session::open(const overtime_gpu_image *images, size_t count, const char *name, Failure &failure) {
  return device.enter(failure) && kernel.load(images, count, name, failure) && compute.open(failure) &&
         copy.open(failure) && computed[0].open(failure) && computed[1].open(failure) && copied[0].open(failure) &&
         copied[1].open(failure);
}

/// Memory for every array; states and parameters that the device does not have yet.
bool Session::prepare(const HostArray *arrays, size_t count, int64_t rows, Failure &failure) {
  if (!places) {
    places = static_cast<Place *>(malloc(count * sizeof(Place)));
    if (!places)
      return fail(failure, "there is no memory for a table of %zu arrays", count);
    for (; place_count < count; ++place_count)
      new (&places[place_count]) Place(device);
  }
  if (place_count != count)
    return fail(failure, "a program of %zu arrays was called with %zu", place_count, count);
  for (size_t k = 0; k < count; ++k) {
    const HostArray &array = arrays[k];
    if (array.is_device_memory)
      continue;
    size_t bytes = array.bytes * size_t(array.every_step ? rows : 1);
    bool had = places[k].buffer[0].bytes >= bytes && bytes > 0;
    for (int slot = 0; slot < (array.kind == HostArray::Output ? 2 : 1); ++slot)
      if (!places[k].buffer[slot].reserve(bytes > 0 ? bytes : 1, failure))
        return false;
    bool whole = array.kind == HostArray::State || array.kind == HostArray::Param ||
                 (array.kind == HostArray::Input && !array.every_step);
    if (whole && !(had && array.is_on_device) &&
        !compute.upload(places[k].buffer[0].at, array.data, array.bytes, failure))
      return false;
  }
  const overtime_gpu_image &how = kernel.image();
  return workspace.reserve(how.workspace_bytes > 0 ? how.workspace_bytes : 1, failure) &&
         (!has_counter(how) || compute.clear(workspace.at, counter_bytes, failure));
}

bool Session::upload_rows(const HostArray *arrays, int64_t first, int64_t rows, Failure &failure) {
  for (size_t k = 0; k < place_count; ++k)
    if (const HostArray &array = arrays[k];
        array.kind == HostArray::Input && array.every_step && !array.is_device_memory)
      if (!compute.upload(places[k].buffer[0].at, static_cast<const char *>(array.data) + size_t(first) * array.bytes,
                          size_t(rows) * array.bytes, failure))
        return false;
  return true;
}

/// Whether rows of an array come to the host.
static bool comes(const HostArray &array) {
  return array.kind == HostArray::Output && array.every_step && !array.is_device_memory;
}

/// Pinned memory for two pieces of `rows` rows; false where the system does not give it.
bool Session::reserve_staging(const HostArray *arrays, size_t count, int64_t rows) {
  size_t bytes = 0;
  for (size_t k = 0; k < count; ++k)
    bytes += comes(arrays[k]) ? arrays[k].bytes * size_t(rows) : 0;
  return bytes > 0 && staged[0].memory.reserve(bytes) && staged[1].memory.reserve(bytes);
}

bool Session::download_rows(const HostArray *arrays, int slot, int64_t first, int64_t rows, Failure &failure) {
  if (!computed[slot].hold_back(copy, failure))
    return false;
  char *place = staged[slot].memory.at;
  for (size_t k = 0; k < place_count; ++k) {
    const HostArray &array = arrays[k];
    if (!comes(array))
      continue;
    char *to = is_staged ? place : static_cast<char *>(array.data) + size_t(first) * array.bytes;
    if (!copy.download(to, places[k].buffer[slot].at, size_t(rows) * array.bytes, failure))
      return false;
    place += size_t(most_rows) * array.bytes;
  }
  staged[slot].first = first;
  staged[slot].rows = is_staged ? rows : 0;
  return copied[slot].record(copy, failure);
}

/// Waits for the rows that are on their way from a slot, and brings them where the caller wants them.
bool Session::settle(const HostArray *arrays, int slot, Failure &failure) {
  Staged &piece = staged[slot];
  if (piece.rows == 0)
    return true;
  if (!copied[slot].wait(failure))
    return false;
  const char *place = piece.memory.at;
  for (size_t k = 0; k < place_count; ++k) {
    const HostArray &array = arrays[k];
    if (!comes(array))
      continue;
    memcpy(static_cast<char *>(array.data) + size_t(piece.first) * array.bytes, place,
           size_t(piece.rows) * array.bytes);
    place += size_t(most_rows) * array.bytes;
  }
  piece.rows = 0;
  return true;
}

/// The kernel's arguments: those of overtime_entry with its tables written out, less the parts and the team. `first`
/// row of arrays that are the device's own.
bool Session::start(const StepsOfCall &steps, const HostArray *arrays, int64_t first, int slot, Failure &failure) {
  StepsOfCall call = steps;
  size_t slices = 0, next = 5;
  for (size_t k = 0; k < place_count; ++k)
    slices += arrays[k].kind == HostArray::Input || arrays[k].kind == HostArray::Output;
  size_t total = 5 + place_count + 1 + slices;
  size_t bytes = total * sizeof(void *) + slices * sizeof(int64_t) + place_count * sizeof(DevicePointer);
  auto **arguments = static_cast<void **>(malloc(bytes));
  if (!arguments)
    return fail(failure, "there is no memory for the arguments of a kernel");
  auto *strides = reinterpret_cast<int64_t *>(arguments + total), *stride = strides;
  auto *addresses = reinterpret_cast<DevicePointer *>(strides + slices);
  void *scalars[] = {&call.count, &call.i0, &call.k0, &call.t0, &call.seed};
  for (size_t k = 0; k < 5; ++k)
    arguments[k] = scalars[k];
  for (size_t k = 0; k < place_count; ++k) {
    bool is_output = arrays[k].kind == HostArray::Output;
    addresses[k] = arrays[k].is_device_memory
                       ? reinterpret_cast<DevicePointer>(arrays[k].data) + size_t(first) * arrays[k].bytes
                       : places[k].buffer[is_output ? slot : 0].at;
    arguments[next++] = addresses + k;
    if (is_output || arrays[k].kind == HostArray::Input)
      *stride++ = arrays[k].every_step ? int64_t(arrays[k].elements) : 0;
  }
  arguments[next++] = &workspace.at;
  for (size_t k = 0; k < slices; ++k)
    arguments[next++] = strides + k;
  bool started = kernel.launch(compute, arguments, failure); // which reads the arguments before it returns
  ::free(arguments);
  return started;
}

/// Steps whose rows fit in a quarter of the device's free memory, and in 64 MiB: a piece is copied in milliseconds,
/// which is long beside a launch, and two of them lie in pinned memory.
int64_t Session::rows_of_piece(const HostArray *arrays, size_t count, int64_t steps, Failure &failure) const {
  size_t row = 0, most = size_t(64) << 20;
  for (size_t k = 0; k < count; ++k)
    row += arrays[k].every_step && !arrays[k].is_device_memory ? arrays[k].bytes : 0;
  if (size_t quarter = device.free_bytes(failure) / 4; quarter < most)
    most = quarter;
  int64_t rows = row == 0 ? steps : int64_t(most / row);
  return rows < 1 ? 1 : rows > steps ? steps : rows;
}

/// While a piece is computed, the one before it is copied, and the one before that goes from pinned memory to its
/// place.
bool Session::run_pieces(const StepsOfCall &steps, const HostArray *arrays, int64_t rows, Failure &failure) {
  most_rows = rows;
  is_staged = rows < steps.count && reserve_staging(arrays, place_count, rows);
  staged[0].rows = staged[1].rows = 0;
  int64_t done = 0, before = 0, piece = 0; // `before`: of the piece before
  for (; done < steps.count; ++piece) {
    int slot = int(piece % 2);
    int64_t now = steps.count - done < rows ? steps.count - done : rows;
    StepsOfCall part = {now, steps.i0 + done, steps.k0 + done, steps.t0, steps.seed};
    if (piece >= 2 && !copied[slot].hold_back(compute, failure))
      return false;
    if (!upload_rows(arrays, done, now, failure) || !start(part, arrays, done, slot, failure) ||
        !computed[slot].record(compute, failure))
      return false;
    if (piece > 0 && !download_rows(arrays, 1 - slot, done - before, before, failure))
      return false;
    if (!settle(arrays, slot, failure))
      return false;
    before = now;
    done += now;
  }
  int last = int((piece + 1) % 2); // slot of the last piece
  return piece == 0 || (download_rows(arrays, last, done - before, before, failure) &&
                        settle(arrays, 1 - last, failure) && settle(arrays, last, failure));
}

DevicePointer Session::share(size_t k) {
  is_shared = true;
  return k < place_count ? places[k].buffer[0].at : 0;
}

bool Session::run(const StepsOfCall &steps, const HostArray *arrays, size_t count, Failure &failure) {
  if (!device.enter(failure))
    return false;
  bool others = is_shared; // may have work in flight with this memory
  for (size_t k = 0; k < count; ++k)
    others |= arrays[k].is_device_memory;
  if (others && !compute.wait_for_default(failure))
    return false;
  int64_t rows = rows_of_piece(arrays, count, steps.count, failure);
  bool ran = !failure && prepare(arrays, count, rows, failure) && run_pieces(steps, arrays, rows, failure);
  for (size_t k = 0; ran && k < count; ++k)
    if (arrays[k].kind == HostArray::State)
      ran = compute.download(arrays[k].data, places[k].buffer[0].at, arrays[k].bytes, failure);
  // Also after a failure: the caller may free its arrays, which work in flight must not touch then.
  Failure ignored;
  bool waited = compute.wait(ran ? failure : ignored);
  return copy.wait(ran ? failure : ignored) && waited && ran;
}

} // namespace overtime::gpu
