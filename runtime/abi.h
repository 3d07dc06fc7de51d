/* SPDX-License-Identifier: Apache-2.0
 * The binary interface between compiled time loops and whoever runs them (JIT host, AOT library, C program). */
#ifndef OVERTIME_RUNTIME_ABI_H
#define OVERTIME_RUNTIME_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised whenever the entry function, the descriptor or the state header changes shape. */
#define OVERTIME_ABI_VERSION 5u

/* Every buffer that compiled code touches starts on such a boundary. */
#define OVERTIME_ALIGNMENT 64u

typedef enum overtime_dtype {
  OVERTIME_F32 = 0,
  OVERTIME_F64 = 1,
  OVERTIME_I64 = 2,
  OVERTIME_BOOL = 3, /* one byte an element, 0 or 1 */
  OVERTIME_I32 = 4,  /* places in other arrays, such as the targets of synapses */
  OVERTIME_U16 = 5   /* the same, below 65536 */
} overtime_dtype;

typedef enum overtime_status {
  OVERTIME_OK = 0,
  OVERTIME_NULL_ARGUMENT = 1,
  OVERTIME_NEGATIVE_STEPS = 2,
  OVERTIME_NOT_RESET = 3,     /* the state block was never reset, or belongs to another program */
  OVERTIME_MISALIGNED = 4,    /* the state block is not on an OVERTIME_ALIGNMENT boundary */
  OVERTIME_STEP_OVERFLOW = 5, /* the int64 step index would overflow */
  OVERTIME_IO = 6,            /* a file could not be opened, read or written */
  OVERTIME_BAD_FORMAT = 7,    /* a file is damaged or of a kind that is not supported */
  OVERTIME_NO_MEMORY = 8,
  OVERTIME_NOT_FOUND = 9,
  OVERTIME_WRONG_PROCESSOR = 10, /* the program was built with instructions that this processor lacks */
  OVERTIME_NEGATIVE_THREADS = 11,
  OVERTIME_OVERLAP = 12,        /* an output overlaps an input, another output or the state block */
  OVERTIME_UNKNOWN_DEVICE = 13, /* a name that is none of "cpu", "cuda", "cuda:1", ... */
  OVERTIME_NO_GPU_CODE = 14,    /* the program has code for a processor only */
  OVERTIME_DEVICE_FAILED = 15,  /* the state block has the driver's text */
  OVERTIME_WRONG_ARRAY = 16     /* an array of DLPack is not what the program takes; the state block says which */
} overtime_status;

/* Instructions that a program was built with, beyond what every processor of its architecture has. */
typedef enum overtime_instructions {
  OVERTIME_SSE42 = 1,
  OVERTIME_AVX = 2,
  OVERTIME_AVX2 = 4,
  OVERTIME_FMA = 8,
  OVERTIME_AVX512 = 16,    /* F, BW, DQ and VL */
  OVERTIME_AVX512VBMI = 32 /* VBMI and VBMI2 */
} overtime_instructions;

/* One line of English for a status; never NULL. */
const char *overtime_status_message(int status);

/* Bytes of one element of a dtype; 0 for an unknown dtype. */
size_t overtime_dtype_size(int32_t dtype);

/* The compiled loop. Runs `steps` steps of the parts first <= p < last (overtime_schedule): step k has index i0 + k and
 * time t0 + (k0 + k) * dt, where k0 counts the steps since t0 (semantics S10: time is never accumulated).
 *   buffers: states, parameters, inputs, outputs (each in the descriptor's order), then the workspace.
 *   strides: one per input, then one per output: elements between two steps; 0 repeats one row.
 *   team: of the threads that run the parts of this program together (overtime_schedule), where they wait for each
 * other; the table then has one more buffer, a workspace that all of them share. NULL when the caller runs alone. No
 * buffer may overlap another, save inputs each other; the caller sees to it. */
typedef void (*overtime_entry)(int64_t steps, int64_t i0, int64_t k0, double t0, uint64_t seed, void *const *buffers,
                               const int64_t *strides, int64_t first, int64_t last, void *team);

/* Waits until all threads of the team have called it: compiled code does, between operations that exchange numbers. */
void overtime_barrier(void *team);

/* How the work of a program may be shared among threads. The numbers do not depend on who runs which part. Parts are
 * either tiles of independent lanes, which may run in any order, or shares of every operation of a coupled step: then
 * all parts run at the same time, each thread a range of them, or one caller runs the program without a team. */
typedef struct overtime_schedule {
  int64_t parts;       /* 1 when the steps cannot be split */
  int64_t part_cycles; /* about the processor's cycles for a step of one part; of what parts share, where they do */
  uint64_t workspace_bytes; /* of one thread */
  int64_t wait_cycles;      /* of a team of two in the barriers of a step; -1 when parts are independent lanes */
} overtime_schedule;

/* One array of a program. `offset` is its place in the state block in bytes; for inputs and outputs it is the place of
 * one row that stands in for an array the caller leaves out. Shapes exclude the leading time axis. */
typedef struct overtime_array {
  const char *name;
  const char *unit;
  int32_t dtype;
  int32_t rank;
  const int64_t *shape;
  int64_t elements;
  int64_t offset;
} overtime_array;

/* Code of a program for a GPU, and how it is launched. A device takes machine code of its own major capability, not
 * newer than itself; PTX is text, ended by a 0, which the driver assembles for this capability and all later ones. */
typedef struct overtime_gpu_image {
  const void *data;
  uint64_t bytes;
  int32_t capability; /* 90 for sm_90 */
  int32_t is_ptx;
  uint32_t threads;     /* of a block */
  uint32_t blocks;      /* of the grid; 0: as many as the device holds at the same time, at most most_blocks */
  uint32_t most_blocks; /* 0: no limit */
  int32_t cooperative;  /* threads wait for each other across blocks, which all are resident then */
  uint64_t workspace_bytes;
  /* What ptxas said of machine code, 0 for PTX. */
  int32_t registers;    /* of a thread */
  int32_t spill_bytes;  /* of a thread: numbers that found no register, stored and loaded */
  int32_t local_bytes;  /* of a thread: memory that is none of the program's arrays */
  int32_t shared_bytes; /* of a block, without what the launch asks for */
  /* Shared memory of a block that the launch asks for. */
  uint32_t launch_shared_bytes;
  int32_t reserved;
} overtime_gpu_image;

/* Runs programs on a GPU; libovertime_cuda.a has the one for NVIDIA's (runtime/gpu_driver.h). */
typedef struct overtime_gpu_driver overtime_gpu_driver;

typedef struct overtime_gpu_code {
  const overtime_gpu_driver *driver;
  const char *kernel; /* its name in every image */
  const overtime_gpu_image *images;
  int32_t n_images;
  int32_t reserved;
} overtime_gpu_code;

/* At the end of a state block: what the last call found wrong, in words. */
#define OVERTIME_MESSAGE_BYTES 1024u

/* A compiled program describes itself; AOT libraries export one as NAME_program. */
typedef struct overtime_program {
  uint32_t abi_version;
  uint32_t instructions; /* overtime_instructions, or-ed; reset refuses a processor that lacks one */
  const char *name;
  const char *target; /* "triple cpu features" the code was built for */
  overtime_entry entry;
  overtime_schedule schedule;
  uint64_t state_bytes;
  uint64_t workspace_offset;
  uint64_t message_offset;
  int32_t n_states, n_params, n_inputs, n_outputs;
  const overtime_array *arrays; /* states, params, inputs, outputs */
  const void *initial;          /* bytes [0, initial_bytes) of the state block after the header, as reset writes them */
  uint64_t initial_bytes;
  int64_t i0;
  double t0;
  double dt;
  const overtime_gpu_code *gpu; /* NULL: the program runs on a processor only */
} overtime_program;

/* First bytes of a state block. */
typedef struct overtime_state_header {
  uint64_t magic;
  uint32_t abi_version;
  int32_t status;
  const overtime_program *program;
  uint64_t seed;
  int64_t i; /* index of the next step */
  int64_t k; /* steps since t0 */
  double t0;
  int32_t threads; /* of a run; 0: as many as pay */
  int32_t device;  /* 0: the processor; else the number of a GPU, counted from 1 */
} overtime_state_header;

/* Writes the initial states and parameters and sets the clock back. Later runs are the processor's; what a GPU held for
 * this block is given back. */
int overtime_program_reset(const overtime_program *program, void *state, uint64_t seed);

/* Runs `steps` steps on a state block that was reset. `inputs[j]` is [steps, shape...] or NULL for the default row;
 * `outputs[j]` is [steps, shape...] or NULL when it is not wanted. Arrays must not overlap, save inputs each other:
 * compiled code reads and writes them in an order of its own. No array may lie in the state block. */
int overtime_program_run(const overtime_program *program, void *state, int64_t steps, const void *const *inputs,
                         void *const *outputs);

struct DLTensor;        /* of dlpack.h (https://dmlc.github.io/dlpack), any version */
struct DLManagedTensor; /* likewise */

/* overtime_program_run with arrays of other libraries, which stay theirs. An array has a program's type and the shape
 * [steps, shape...], is dense and row-major, and lies on the host or on the GPU where the block runs: there it is read
 * and written in place, after what the GPU's default stream has to do, and results are complete on return. */
int overtime_program_run_dlpack(const overtime_program *program, void *state, int64_t steps,
                                const struct DLTensor *const *inputs, struct DLTensor *const *outputs);

/* The state or parameter of this name inside a state block for another library, which calls the deleter of `*array`.
 * The numbers are the block's: they count in the next run, and must not be used after the block is gone. */
int overtime_program_dlpack(const overtime_program *program, void *state, const char *name,
                            struct DLManagedTensor **array);

/* Sets the threads of later runs on this block; 0 for as many as pay, which is what reset sets. A program that cannot
 * be split, and a library that was linked without OpenMP, run on the caller alone. */
int overtime_program_set_threads(const overtime_program *program, void *state, int32_t threads);

/* Sets where later runs on this block are done: "cpu", "cuda", which is the first GPU, or "cuda:1". A GPU is opened,
 * with memory of its own, which "cpu", a reset and another GPU give back: call it with "cpu" before a block that ran on
 * a GPU goes. After a failure the device is the one before. Every run takes the numbers of the block and leaves its own
 * there; of one that fails on a GPU they are undefined. */
int overtime_program_set_device(const overtime_program *program, void *state, const char *device);

/* What the last call on this state block reported. */
const char *overtime_program_error(const void *state);

/* The state or parameter of this name inside a state block, or NULL. */
void *overtime_program_array(const overtime_program *program, void *state, const char *name);

#ifdef __cplusplus
}
#endif
#endif
