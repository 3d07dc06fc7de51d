// SPDX-License-Identifier: Apache-2.0
// The public header of Overtime: everything a model or a host program needs. It includes no MLIR.
#pragma once

#include "compiler/trace/delay.h"
#include "compiler/trace/host/error.h"
#include "compiler/trace/host/tensor.h"
#include "compiler/trace/host/tree.h"
#include "compiler/trace/host/unit.h"
#include "compiler/trace/loops/compile.h"
#include "compiler/trace/loops/device.h"
#include "compiler/trace/loops/for_loop.h"
#include "compiler/trace/loops/loop_over_time.h"
#include "compiler/trace/loops/runner.h"
#include "compiler/trace/model.h"
#include "compiler/trace/network.h"
#include "compiler/trace/sequential.h"
#include "compiler/trace/training/gradient.h"
#include "compiler/trace/training/jvp.h"
#include "compiler/trace/training/trainer.h"
#include "compiler/trace/value.h"
#include "compiler/trace/variable.h"
