/* SPDX-License-Identifier: Apache-2.0
 * Compiled trainings: the programs of an update, and the block of memory that they share. */
#ifndef OVERTIME_RUNTIME_TRAINER_H
#define OVERTIME_RUNTIME_TRAINER_H

#include "runtime/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum overtime_loss_over {
  OVERTIME_LOSS_EACH_STEP = 0,  /* the target is [steps, ...] */
  OVERTIME_LOSS_LAST_STEP = 1,  /* the target has no time axis */
  OVERTIME_LOSS_MEAN_OUTPUT = 2 /* likewise */
} overtime_loss_over;

/* A program whose states and params lie in a training block: offsets of them in order. */
typedef struct overtime_trainer_part {
  const overtime_program *program;
  const uint64_t *places;
} overtime_trainer_part;

/* A compiled training describes itself; AOT libraries export one as NAME_trainer. Inputs of evaluate, forward and
 * backward are the data, the target, and the share of a step in the mean unless the loss is that of the last step;
 * those of update are the gradients by the trained parameters. */
typedef struct overtime_trainer {
  uint32_t abi_version;
  uint32_t instructions;
  overtime_trainer_part evaluate; /* the loss without an update */
  overtime_trainer_part forward;  /* the loss, with the tape as outputs */
  overtime_trainer_part backward; /* the adjoint: adjoints of states, then gradients */
  overtime_trainer_part update;   /* one step of the optimizer */
  const overtime_array *arrays;   /* what is saved: states, parameters, moments, by the names of Trainer::state_dict */
  int64_t n_arrays;
  const void *initial; /* the block behind its header, up to initial_bytes */
  uint64_t initial_bytes;
  uint64_t states_end;                 /* of the states, which come first */
  uint64_t adjoint_place;              /* of the loss, 1 before backward; 0 when it has none */
  uint64_t gradients, gradients_bytes; /* states of backward: zeros before each gradient */
  uint64_t kept;                       /* room for the states */
  const uint64_t *rows;                /* of forward's outputs, one row each, for runs without a tape */
  uint64_t share;                      /* a number: 1 / steps */
  uint64_t workspace, block_bytes;
  const int32_t *moving; /* states of forward that a step changes */
  int32_t n_moving;
  int32_t n_carried; /* states of backward that are adjoints; the gradients come behind them */
  int32_t n_data;    /* inputs that are the caller's data */
  int32_t tape;      /* outputs of forward from here on */
  int32_t loss;      /* state of forward and evaluate */
  int32_t over;      /* overtime_loss_over */
  int32_t continues; /* a call goes on from the states that the one before left */
  int32_t remat;     /* overtime_remat, and its number */
  int64_t remat_argument;
} overtime_trainer;

/* First bytes of a training block. */
typedef struct overtime_training_header {
  uint64_t magic;
  uint32_t abi_version;
  int32_t status;
  const overtime_trainer *trainer;
  uint64_t seed;
  int64_t i, k, updates; /* index of the next step, steps since t0, updates so far */
  int32_t threads;
  int32_t reserved;
} overtime_training_header;

/* Initial states, parameters and moments; no updates yet. */
int overtime_trainer_reset(const overtime_trainer *trainer, void *block, uint64_t seed);

/* Memory that a step of the trainer over so many steps of time needs beside the block, on a boundary of
 * OVERTIME_ALIGNMENT; -1 when steps are below 1 or the budget of memory cannot be kept. */
int64_t overtime_trainer_work_bytes(const overtime_trainer *trainer, int64_t steps);

/* One update; `loss` becomes the loss before it. `inputs[j]` is [steps, shape...]. */
int overtime_trainer_step(const overtime_trainer *trainer, void *block, int64_t steps, const void *const *inputs,
                          const void *target, void *work, double *loss);

/* The loss without an update; states and time stay. */
int overtime_trainer_loss(const overtime_trainer *trainer, void *block, int64_t steps, const void *const *inputs,
                          const void *target, double *loss);

int overtime_trainer_set_threads(const overtime_trainer *trainer, void *block, int32_t threads);
const char *overtime_trainer_error(const void *block);
void *overtime_trainer_array(const overtime_trainer *trainer, void *block, const char *name);
int64_t overtime_trainer_updates(const void *block);

/* Everything that training goes on from, as a safetensors file that appears whole or not at all; Trainer::load reads it
 * too. A file with other arrays changes nothing. */
int overtime_trainer_save(const overtime_trainer *trainer, void *block, const char *path);
int overtime_trainer_load(const overtime_trainer *trainer, void *block, const char *path);

#ifdef __cplusplus
}
#endif
#endif
