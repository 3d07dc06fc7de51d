// SPDX-License-Identifier: Apache-2.0
// A program function on memory: its attributes and last arguments, and what memory a value shows.
#pragma once

#include "compiler/transforms/ProgramFunction.h"

#include "llvm/ADT/DenseSet.h"

namespace overtime::ir {

/// Attributes of a program function after bufferization.
inline constexpr llvm::StringLiteral workspaceBytesAttr = "dyn.workspace_bytes";
inline constexpr llvm::StringLiteral partsAttr = "dyn.parts"; // of overtime_schedule, when there are several
inline constexpr llvm::StringLiteral partCyclesAttr = "dyn.part_cycles";
inline constexpr llvm::StringLiteral waitCyclesAttr = "dyn.wait_cycles"; // when parts run together
/// A function with this attribute is the form of the program NAME for a team, NAME.team: its workspace is followed by
/// one that the team shares, where memory with the attribute dyn.shared lies, and its last argument is the team.
inline constexpr llvm::StringLiteral teamAttr = "dyn.team";
inline constexpr llvm::StringLiteral teamSuffix = ".team";
inline constexpr llvm::StringLiteral sharedAttr = "dyn.shared";
inline constexpr llvm::StringLiteral sharedBytesAttr = "dyn.shared_bytes";
inline constexpr llvm::StringLiteral rowsApartAttr = "dyn.rows_apart"; // of a batch: no step mixes them (split-lanes)
/// Marks the stores of a part that write the same for every part, when all have run; there are some on a GPU only.
inline constexpr llvm::StringLiteral afterAllAttr = "dyn.after_all";
/// How a kernel is launched (map-to-threads).
inline constexpr llvm::StringLiteral blockThreadsAttr = "dyn.block_threads";
inline constexpr llvm::StringLiteral blocksAttr = "dyn.blocks";
/// Blocks wait for each other: "most", any number up to `blocks`, or "all".
inline constexpr llvm::StringLiteral cooperativeAttr = "dyn.cooperative";
inline constexpr llvm::StringLiteral cooperativeMost = "most", cooperativeAll = "all";
inline constexpr llvm::StringLiteral launchSharedBytesAttr = "dyn.launch_shared_bytes"; // of a block, besides its own
/// Marks the scf.for over time after bufferization.
inline constexpr llvm::StringLiteral timeLoopAttr = "dyn.time_loop";

/// The last two arguments of a program on memory: the parts that a call runs are first <= p < last.
struct PartRange {
  mlir::Value first, last;
  explicit PartRange(mlir::func::FuncOp program);
};

/// The type of a workspace that place-workspace has not sized yet.
bool isWorkspace(mlir::MemRefType type);

/// The type of a memory; null for anything else.
mlir::MemRefType memoryType(mlir::Value v);

/// Memory that something below an operation may write.
llvm::DenseSet<mlir::Value> writtenIn(mlir::Operation *root);

/// The memory that a view shows.
mlir::Value rootOf(mlir::Value memory);

} // namespace overtime::ir
