/* SPDX-License-Identifier: Apache-2.0
 * Schedules of a gradient through time: which states to keep, and which steps to run again, within a given memory. */
#ifndef OVERTIME_RUNTIME_CHECKPOINTS_H
#define OVERTIME_RUNTIME_CHECKPOINTS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum overtime_remat {
  OVERTIME_REMAT_NONE = 0,  /* the tape of all steps */
  OVERTIME_REMAT_SQRT = 1,  /* a state about every sqrt(steps) steps, and the tape of as many */
  OVERTIME_REMAT_EVERY = 2, /* a state every so many steps, and the tape of as many */
  OVERTIME_REMAT_BUDGET = 3 /* the fewest steps again that so many bytes allow */
} overtime_remat;

/* A gradient over `steps` steps: `slots` states of its way are kept, and the tape of one stretch of `tape_steps` steps.
 * Unless the tape is that of all steps, the last state is kept too, in the slot of number `slots`. */
typedef struct overtime_checkpoint_plan {
  int64_t steps;
  int64_t tape_steps;
  int64_t slots;
  int64_t steps_again; /* that run forward a second, third, ... time */
  int64_t bytes;       /* of the tape, the kept states, and their places; INT64_MAX when more */
} overtime_checkpoint_plan;

/* Plans a gradient whose steps write `tape_bytes` each and carry `state_bytes`. `argument` is the policy's number. An
 * overtime_status: OVERTIME_NO_MEMORY when no plan keeps the budget, with the least that one takes in `bytes`. */
int overtime_plan_checkpoints(overtime_remat policy, int64_t argument, int64_t steps, int64_t tape_bytes,
                              int64_t state_bytes, overtime_checkpoint_plan *plan);

typedef enum overtime_checkpoint_kind {
  OVERTIME_CHECKPOINT_SAVE,    /* copy the states to slot `slot` */
  OVERTIME_CHECKPOINT_RESTORE, /* copy slot `slot` to the states */
  OVERTIME_CHECKPOINT_FORWARD, /* run steps [first, first + count) without a tape */
  OVERTIME_CHECKPOINT_TAPE,    /* run them, and write their tape from its first row on */
  OVERTIME_CHECKPOINT_REVERSE, /* run the adjoint of the steps that are on the tape */
  OVERTIME_CHECKPOINT_END
} overtime_checkpoint_kind;

typedef struct overtime_checkpoint_action {
  overtime_checkpoint_kind kind;
  int64_t slot;
  int64_t first, count;
} overtime_checkpoint_action;

/* Walks through the actions of a plan. */
typedef struct overtime_checkpoint_cursor {
  overtime_checkpoint_plan plan;
  int64_t *places; /* the caller's, plan.slots of them: the step that the state in a slot comes before */
  int64_t used;    /* slots */
  int64_t at;      /* the step that the states come before */
  int64_t end;     /* the adjoint of the steps from here on has been run */
  int64_t taped;   /* the first step on the tape; -1 without */
  int32_t kept_last;
} overtime_checkpoint_cursor;

void overtime_checkpoints_begin(overtime_checkpoint_cursor *cursor, const overtime_checkpoint_plan *plan,
                                int64_t *places);

/* The next action. The adjoint of step 0 comes last, then the last state once more; after that there is only the end.
 */
overtime_checkpoint_action overtime_checkpoints_next(overtime_checkpoint_cursor *cursor);

#ifdef __cplusplus
}
#endif
#endif
