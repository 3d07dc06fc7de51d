// SPDX-License-Identifier: Apache-2.0
// Where the temporaries of a kernel lie: with a thread, in the shared memory of a block, or in the workspace.
#pragma once

#include "compiler/lower/gpu/Team.h"

namespace overtime::ir {

/// On an allocation: it lies in the shared memory of a block.
inline constexpr llvm::StringLiteral blockSharedAttr = "dyn.block_shared";
/// What an allocation takes there.
int64_t paddedBytes(mlir::MemRefType type);

/// What is computed before the loop over lanes for all of them, elementwise, is computed by each for itself, so that a
/// thread needs its own part only.
void sinkLanes(mlir::func::FuncOp program, int64_t lanes);

/// The argument of a program that place-workspace, or placeMemory, gives its size.
mlir::BlockArgument workspaceOf(mlir::func::FuncOp program);

/// Gives every allocation its place; `regions` blocks have one each where it is the workspace. Sets the size of the
/// workspace.
void placeMemory(mlir::func::FuncOp program, const Team &team, int64_t regions);

} // namespace overtime::ir
