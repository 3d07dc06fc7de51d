// SPDX-License-Identifier: Apache-2.0
// What the numbers of the binary interface mean: texts of statuses, sizes of dtypes.
#include "runtime/abi.h"

extern "C" const char *overtime_status_message(int status) {
  switch (status) {
  case OVERTIME_OK:
    return "no error";
  case OVERTIME_NULL_ARGUMENT:
    return "the program, the state block or a name is NULL";
  case OVERTIME_NEGATIVE_STEPS:
    return "the number of steps is negative, expected 0 or more";
  case OVERTIME_NOT_RESET:
    return "the state block was not reset for this program; call its reset function first";
  case OVERTIME_MISALIGNED:
    return "a pointer is misaligned: a state block starts on a boundary of 64 bytes, inputs and outputs on one of "
           "their element's size";
  case OVERTIME_STEP_OVERFLOW:
    return "the step index would exceed 2^63 - 1; reset the state block or run fewer steps";
  case OVERTIME_IO:
    return "a file could not be opened, read or written";
  case OVERTIME_BAD_FORMAT:
    return "a file or program is damaged, or of a version or kind that is not supported";
  case OVERTIME_NO_MEMORY:
    return "not enough memory";
  case OVERTIME_WRONG_PROCESSOR:
    return "the program was built with instructions that this processor lacks: compile it for an older target";
  case OVERTIME_NEGATIVE_THREADS:
    return "the number of threads is negative, expected 0 (as many as pay) or more";
  case OVERTIME_OVERLAP:
    return "arrays overlap: an output must share no memory with an input, another output or the state block, nor an "
           "input with the state block";
  case OVERTIME_UNKNOWN_DEVICE:
    return "there is no device of this name; the devices are: cpu, cuda, cuda:1, ...";
  case OVERTIME_NO_GPU_CODE:
    return "this library has no code for a GPU: compile it with some, for instance with `overtime compile --gpu "
           "sm_90`, "
           "or run on the cpu";
  case OVERTIME_DEVICE_FAILED:
    return "a device failed; the error of the state block has the driver's text";
  case OVERTIME_WRONG_ARRAY:
    return "an array of DLPack is not what the program takes; the error of the state block says which";
  case OVERTIME_NOT_FOUND:
    return "nothing has this name";
  default:
    return "unknown status";
  }
}

extern "C" size_t overtime_dtype_size(int32_t dtype) {
  switch (dtype) {
  case OVERTIME_F32:
  case OVERTIME_I32:
    return 4;
  case OVERTIME_F64:
  case OVERTIME_I64:
    return 8;
  case OVERTIME_U16:
    return 2;
  case OVERTIME_BOOL:
    return 1;
  default:
    return 0;
  }
}
