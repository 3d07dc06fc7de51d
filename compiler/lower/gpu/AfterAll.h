// SPDX-License-Identifier: Apache-2.0
// What the last of a kernel's lanes does for all of them.
#pragma once

#include "compiler/lower/gpu/Team.h"

namespace overtime::ir {

/// Whether lanes store numbers that are the same for all of them, and that others may not have read yet.
bool hasAfterAll(mlir::func::FuncOp program);

/// Lanes count in the first bytes of the workspace when they are done, and the last one stores those numbers. The count
/// is 0 before and after.
void writeAfterAll(mlir::func::FuncOp program, const Team &team, mlir::Value workspace, int64_t lanes);

} // namespace overtime::ir
