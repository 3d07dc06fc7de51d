// SPDX-License-Identifier: Apache-2.0
// Declarations of the passes in Passes.td.
#pragma once

#include "mlir/Pass/Pass.h"

#include <memory>

namespace mlir::func {
class FuncOp;
}

namespace overtime::ir {
#define GEN_PASS_DECL
#include "compiler/transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/transforms/Passes.h.inc"
} // namespace overtime::ir
