// SPDX-License-Identifier: Apache-2.0
// The public header of Overtime: everything a model or a host program needs. It includes no MLIR.
#pragma once

#include "compiler/trace/compile.h"
#include "compiler/trace/delay.h"
#include "compiler/trace/device.h"
#include "compiler/trace/error.h"
#include "compiler/trace/for_loop.h"
#include "compiler/trace/gradient.h"
#include "compiler/trace/jvp.h"
#include "compiler/trace/loop_over_time.h"
#include "compiler/trace/model.h"
#include "compiler/trace/network.h"
#include "compiler/trace/runner.h"
#include "compiler/trace/sequential.h"
#include "compiler/trace/tensor.h"
#include "compiler/trace/trainer.h"
#include "compiler/trace/tree.h"
#include "compiler/trace/unit.h"
#include "compiler/trace/value.h"
#include "compiler/trace/variable.h"
