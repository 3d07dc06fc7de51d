// SPDX-License-Identifier: Apache-2.0
// Updates of compiled trainings. Shipped inside AOT libraries: nothing here needs more than the C library.
#include "runtime/trainer.h"

#include "runtime/gradient.h"
#include "runtime/parts.h"
#include "runtime/processor.h"

#include <stdlib.h>
#include <string.h>

using overtime::detail::EntryCall;
using overtime::detail::GradientCall;
using overtime::detail::GradientPart;
using overtime::detail::RowArray;

namespace {

constexpr uint64_t magic = 0x474e494e49415254u; // "TRAINING" in memory, little-endian
constexpr uint64_t another_seed = 0x9e3779b97f4a7c15u;

char *bytes_of(void *block) { return static_cast<char *>(block); }
overtime_training_header *header_of(void *block) { return static_cast<overtime_training_header *>(block); }

int check_block(const void *block) {
  if (!block)
    return OVERTIME_NULL_ARGUMENT;
  if (reinterpret_cast<uintptr_t>(block) % OVERTIME_ALIGNMENT != 0)
    return OVERTIME_MISALIGNED;
  const auto *header = static_cast<const overtime_training_header *>(block);
  return header->magic == magic && header->abi_version == OVERTIME_ABI_VERSION ? OVERTIME_OK : OVERTIME_NOT_RESET;
}

uint64_t bytes_of_array(const overtime_array &array) {
  return static_cast<uint64_t>(array.elements) * overtime_dtype_size(array.dtype);
}
uint64_t aligned(uint64_t bytes) { return (bytes + OVERTIME_ALIGNMENT - 1) / OVERTIME_ALIGNMENT * OVERTIME_ALIGNMENT; }

const overtime_array *inputs_of(const overtime_program *program) {
  return program->arrays + program->n_states + program->n_params;
}
const overtime_array *outputs_of(const overtime_program *program) { return inputs_of(program) + program->n_inputs; }

void set_real(void *place, int32_t dtype, double value) {
  if (dtype == OVERTIME_F32)
    *static_cast<float *>(place) = static_cast<float>(value);
  else
    *static_cast<double *>(place) = value;
}
double real_at(const void *place, int32_t dtype) {
  return dtype == OVERTIME_F32 ? static_cast<double>(*static_cast<const float *>(place))
                               : *static_cast<const double *>(place);
}

/// Where the memory of a call lies.
struct Work {
  uint64_t tape = 0, slots = 0, places = 0, bytes = 0;
  overtime_checkpoint_plan plan = {};
};

int plan_work(const overtime_trainer *trainer, int64_t steps, Work *work) {
  const overtime_program *forward = trainer->forward.program;
  int64_t tape = 0, state = 0;
  for (int32_t k = trainer->tape; k < forward->n_outputs; ++k)
    tape += static_cast<int64_t>(bytes_of_array(outputs_of(forward)[k]));
  for (int32_t k = 0; k < trainer->n_moving; ++k)
    state += static_cast<int64_t>(bytes_of_array(forward->arrays[trainer->moving[k]]));
  int status = overtime_plan_checkpoints(static_cast<overtime_remat>(trainer->remat), trainer->remat_argument, steps,
                                         tape, state, &work->plan);
  if (status != OVERTIME_OK)
    return status;
  uint64_t end = 0;
  for (int32_t k = trainer->tape; k < forward->n_outputs; ++k)
    end += aligned(bytes_of_array(outputs_of(forward)[k]) * static_cast<uint64_t>(work->plan.tape_steps));
  work->slots = end;
  end += aligned(work->plan.slots > 0 ? static_cast<uint64_t>(state) * static_cast<uint64_t>(work->plan.slots + 1) : 0);
  work->places = end;
  end += aligned(static_cast<uint64_t>(work->plan.slots) * sizeof(int64_t));
  work->bytes = end;
  return OVERTIME_OK;
}

/// The tables of one program. Memory for them is the caller's: `room` entries of every kind.
struct Table {
  void **buffers;
  int64_t *strides;
  RowArray *rows;
  int64_t count = 0, row_count = 0;

  void add_places(void *block, const overtime_trainer_part &part) {
    int64_t n = static_cast<int64_t>(part.program->n_states) + part.program->n_params;
    for (int64_t k = 0; k < n; ++k)
      buffers[count++] = bytes_of(block) + part.places[k];
  }
  void add_row(void *data, const overtime_array &array, bool one_row, bool tape = false) {
    auto bytes = static_cast<int64_t>(bytes_of_array(array));
    rows[row_count++] = {static_cast<char *>(data), one_row ? 0 : array.elements, one_row || tape ? 0 : bytes, tape};
  }
  GradientPart part(const overtime_program *program, void *workspace) {
    buffers[count + row_count] = workspace;
    return {program->entry, program->schedule, buffers, count, row_count, rows, strides};
  }
};

/// Tables for three programs in one piece of memory.
class Tables {
public:
  explicit Tables(const overtime_trainer *trainer) {
    const overtime_program *programs[] = {trainer->evaluate.program, trainer->forward.program,
                                          trainer->backward.program, trainer->update.program};
    size_t room = 1;
    for (const overtime_program *program : programs) {
      size_t n = static_cast<size_t>(program->n_states) + static_cast<size_t>(program->n_params) +
                 static_cast<size_t>(program->n_inputs) + static_cast<size_t>(program->n_outputs) + 1;
      room = n > room ? n : room;
    }
    size_t each = room * (sizeof(void *) + sizeof(int64_t) + sizeof(RowArray));
    moving = static_cast<size_t>(trainer->n_moving);
    memory = static_cast<char *>(malloc(3 * each + moving * (sizeof(void *) + sizeof(uint64_t))));
    if (!memory)
      return;
    for (int k = 0; k < 3; ++k) {
      char *place = memory + static_cast<size_t>(k) * each;
      table[k].rows = reinterpret_cast<RowArray *>(place);
      table[k].buffers = reinterpret_cast<void **>(place + room * sizeof(RowArray));
      table[k].strides = reinterpret_cast<int64_t *>(place + room * (sizeof(RowArray) + sizeof(void *)));
    }
    state = reinterpret_cast<void **>(memory + 3 * each);
    state_bytes = reinterpret_cast<uint64_t *>(state + moving);
  }
  ~Tables() { free(memory); }
  Tables(const Tables &) = delete;
  Tables &operator=(const Tables &) = delete;

  char *memory = nullptr;
  Table table[3] = {};
  size_t moving = 0;
  void **state = nullptr;
  uint64_t *state_bytes = nullptr;
};

class Training {
public:
  Training(const overtime_trainer *trainer, void *block, int64_t steps, const void *const *inputs, const void *target)
      : t(trainer), block(block), header(header_of(block)), steps(steps), inputs(inputs), target(target),
        tables(trainer), real(trainer->forward.program->arrays[trainer->loss].dtype) {}

  int check() const {
    if (header->trainer != t)
      return OVERTIME_NOT_RESET;
    if (steps < 1)
      return OVERTIME_NEGATIVE_STEPS;
    if (!inputs || !target)
      return OVERTIME_NULL_ARGUMENT;
    for (int32_t k = 0; k < t->n_data; ++k)
      if (!inputs[k])
        return OVERTIME_NULL_ARGUMENT;
    if (header->i > INT64_MAX - steps || header->k > INT64_MAX - steps)
      return OVERTIME_STEP_OVERFLOW;
    return tables.memory ? OVERTIME_OK : OVERTIME_NO_MEMORY;
  }

  int step(void *work, double *loss) {
    Work where;
    if (int status = plan_work(t, steps, &where))
      return status;
    if (!work || reinterpret_cast<uintptr_t>(work) % OVERTIME_ALIGNMENT != 0)
      return work ? OVERTIME_MISALIGNED : OVERTIME_NULL_ARGUMENT;
    begin();
    memset(bytes_of(block) + t->gradients, 0, t->gradients_bytes);
    if (t->adjoint_place)
      set_real(bytes_of(block) + t->adjoint_place, real, 1.0);
    GradientCall call = gradient_call(static_cast<char *>(work), where);
    if (int status = run_gradient(call, where.plan))
      return status;
    *loss = loss_now();
    header->i += steps;
    header->k += steps;
    return update();
  }

  int loss_alone(double *loss) {
    memcpy(bytes_of(block) + t->kept, bytes_of(block) + first, t->states_end - first);
    int64_t i = header->i, k = header->k;
    begin();
    int status = evaluate();
    *loss = loss_now();
    memcpy(bytes_of(block) + first, bytes_of(block) + t->kept, t->states_end - first);
    header->i = i;
    header->k = k;
    return status;
  }

private:
  static constexpr uint64_t first = sizeof(overtime_training_header);
  static_assert(sizeof(overtime_training_header) == OVERTIME_ALIGNMENT);

  /// A call begins from the initial states unless it goes on; the loss and the mean output always begin at 0.
  void begin() {
    if (!t->continues) {
      memcpy(bytes_of(block) + first, t->initial, t->states_end - first);
      header->i = t->forward.program->i0;
      header->k = 0;
    }
    int32_t own = t->over == OVERTIME_LOSS_MEAN_OUTPUT ? 2 : 1;
    for (int32_t k = 0; k < own; ++k) {
      const overtime_array &array = t->forward.program->arrays[t->loss + k];
      memset(bytes_of(block) + t->forward.places[t->loss + k], 0, bytes_of_array(array));
    }
  }
  double loss_now() const { return real_at(bytes_of(block) + t->forward.places[t->loss], real); }

  /// Data, target, and the share of a step in a mean.
  void add_inputs(Table &table, const overtime_program *program) {
    const overtime_array *array = inputs_of(program);
    for (int32_t k = 0; k < t->n_data; ++k, ++array)
      table.add_row(const_cast<void *>(inputs[k]), *array, false); // compiled code only reads its inputs
    table.add_row(const_cast<void *>(target), *array++, t->over != OVERTIME_LOSS_EACH_STEP);
    void *share = bytes_of(block) + t->share;
    set_real(share, real, 1.0 / static_cast<double>(steps));
    if (t->over != OVERTIME_LOSS_LAST_STEP)
      table.add_row(share, *array, true);
  }
  void *workspace() { return bytes_of(block) + t->workspace; }
  uint64_t seed() const { return header->seed + another_seed * static_cast<uint64_t>(header->updates); }

  GradientCall gradient_call(char *work, const Work &where) {
    const overtime_program *forward = t->forward.program, *backward = t->backward.program;
    Table &a = tables.table[0], &b = tables.table[1];
    a.add_places(block, t->forward);
    b.add_places(block, t->backward);
    add_inputs(a, forward);
    add_inputs(b, backward);
    for (int32_t k = 0; k < t->tape; ++k)
      a.add_row(bytes_of(block) + t->rows[k], outputs_of(forward)[k], true);
    char *tape = work + where.tape;
    for (int32_t k = t->tape; k < forward->n_outputs; ++k) {
      const overtime_array &array = outputs_of(forward)[k];
      a.add_row(tape, array, false, true);
      b.add_row(tape, array, false, true);
      tape += aligned(bytes_of_array(array) * static_cast<uint64_t>(where.plan.tape_steps));
    }
    for (size_t k = 0; k < tables.moving; ++k) {
      int32_t number = t->moving[k];
      tables.state[k] = bytes_of(block) + t->forward.places[number];
      tables.state_bytes[k] = bytes_of_array(forward->arrays[number]);
    }
    return {a.part(forward, workspace()),
            b.part(backward, workspace()),
            header->i,
            header->k,
            forward->t0,
            seed(),
            header->threads,
            t->n_moving,
            tables.state,
            tables.state_bytes,
            work + where.slots,
            reinterpret_cast<int64_t *>(work + where.places)};
  }

  int evaluate() {
    const overtime_program *program = t->evaluate.program;
    Table &table = tables.table[0];
    table.count = table.row_count = 0;
    table.add_places(block, t->evaluate);
    add_inputs(table, program);
    GradientPart part = table.part(program, workspace());
    for (int64_t k = 0; k < part.rows; ++k) {
      part.buffers[part.first_row + k] = part.row[k].data;
      part.strides[k] = part.row[k].stride;
    }
    EntryCall call = {part.entry,  steps,        header->i,    header->k,
                      program->t0, header->seed, part.buffers, part.first_row + part.rows + 1,
                      part.strides};
    return run_parts(call, program->schedule, header->threads);
  }

  int update() {
    const overtime_program *program = t->update.program;
    Table &table = tables.table[2];
    table.add_places(block, t->update);
    for (int32_t k = 0; k < program->n_inputs; ++k)
      table.add_row(bytes_of(block) + t->backward.places[t->n_carried + k], inputs_of(program)[k], false);
    GradientPart part = table.part(program, workspace());
    for (int64_t k = 0; k < part.rows; ++k) {
      part.buffers[part.first_row + k] = part.row[k].data;
      part.strides[k] = part.row[k].stride;
    }
    EntryCall call = {part.entry,  1, header->updates, header->updates,
                      0.0,         0, part.buffers,    part.first_row + part.rows + 1,
                      part.strides};
    int status = run_parts(call, program->schedule, header->threads);
    if (status == OVERTIME_OK)
      ++header->updates;
    return status;
  }

  const overtime_trainer *t;
  void *block;
  overtime_training_header *header;
  int64_t steps;
  const void *const *inputs;
  const void *target;
  Tables tables;
  int32_t real;
};

} // namespace

extern "C" int overtime_trainer_reset(const overtime_trainer *trainer, void *block, uint64_t seed) {
  if (!trainer || !block)
    return OVERTIME_NULL_ARGUMENT;
  if (trainer->abi_version != OVERTIME_ABI_VERSION)
    return OVERTIME_BAD_FORMAT;
  if (trainer->instructions & ~overtime::detail::instructions_of_processor())
    return OVERTIME_WRONG_PROCESSOR;
  if (reinterpret_cast<uintptr_t>(block) % OVERTIME_ALIGNMENT != 0)
    return OVERTIME_MISALIGNED;
  memset(block, 0, trainer->block_bytes);
  memcpy(bytes_of(block) + sizeof(overtime_training_header), trainer->initial, trainer->initial_bytes);
  overtime_training_header *header = header_of(block);
  header->magic = magic;
  header->abi_version = OVERTIME_ABI_VERSION;
  header->trainer = trainer;
  header->seed = seed;
  header->i = trainer->forward.program->i0;
  return OVERTIME_OK;
}

extern "C" int64_t overtime_trainer_work_bytes(const overtime_trainer *trainer, int64_t steps) {
  Work work;
  if (!trainer || steps < 1 || plan_work(trainer, steps, &work) != OVERTIME_OK || work.bytes > INT64_MAX)
    return -1;
  return static_cast<int64_t>(work.bytes);
}

extern "C" int overtime_trainer_step(const overtime_trainer *trainer, void *block, int64_t steps,
                                     const void *const *inputs, const void *target, void *work, double *loss) {
  if (int status = check_block(block))
    return status;
  int status = OVERTIME_NULL_ARGUMENT;
  double value = 0;
  if (trainer) {
    Training training(trainer, block, steps, inputs, target);
    status = training.check();
    if (status == OVERTIME_OK)
      status = training.step(work, &value);
  }
  if (loss && status == OVERTIME_OK)
    *loss = value;
  return header_of(block)->status = status;
}

extern "C" int overtime_trainer_loss(const overtime_trainer *trainer, void *block, int64_t steps,
                                     const void *const *inputs, const void *target, double *loss) {
  if (int status = check_block(block))
    return status;
  int status = OVERTIME_NULL_ARGUMENT;
  if (trainer && loss) {
    Training training(trainer, block, steps, inputs, target);
    status = training.check();
    if (status == OVERTIME_OK)
      status = training.loss_alone(loss);
  }
  return header_of(block)->status = status;
}

extern "C" int overtime_trainer_set_threads(const overtime_trainer *trainer, void *block, int32_t threads) {
  if (int status = check_block(block))
    return status;
  overtime_training_header *header = header_of(block);
  int status = !trainer                     ? OVERTIME_NULL_ARGUMENT
               : header->trainer != trainer ? OVERTIME_NOT_RESET
               : threads < 0                ? OVERTIME_NEGATIVE_THREADS
                                            : OVERTIME_OK;
  if (status == OVERTIME_OK)
    header->threads = threads;
  return header->status = status;
}

extern "C" const char *overtime_trainer_error(const void *block) {
  int status = check_block(block);
  return overtime_status_message(status ? status : static_cast<const overtime_training_header *>(block)->status);
}

extern "C" int64_t overtime_trainer_updates(const void *block) {
  return check_block(block) ? -1 : static_cast<const overtime_training_header *>(block)->updates;
}

extern "C" void *overtime_trainer_array(const overtime_trainer *trainer, void *block, const char *name) {
  if (!trainer || !block || !name)
    return nullptr;
  for (int64_t k = 0; k < trainer->n_arrays; ++k)
    if (strcmp(trainer->arrays[k].name, name) == 0)
      return bytes_of(block) + trainer->arrays[k].offset;
  return nullptr;
}
