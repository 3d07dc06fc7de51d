// SPDX-License-Identifier: Apache-2.0
// The form of a program function: which argument is what, before and after bufferization.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace overtime::ir {

/// Attributes of a program function.
inline constexpr llvm::StringLiteral programAttr = "dyn.program";
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
/// Attribute of its arguments: "state", "param" or "input". What people call one is beside it, as dyn.name.
inline constexpr llvm::StringLiteral kindAttr = "dyn.kind";
/// Marks the scf.for over time after bufferization.
inline constexpr llvm::StringLiteral timeLoopAttr = "dyn.time_loop";

/// A program function on tensors: (steps: index, i0: i64, k0: i64, t0: f64, seed: i64, states, params, inputs) ->
/// (states, outputs).
struct ProgramFunction {
  static constexpr unsigned scalars = 5;
  mlir::func::FuncOp func;
  unsigned states = 0, params = 0, inputs = 0, outputs = 0;

  /// Fails with a diagnostic when the function has another form.
  static mlir::FailureOr<ProgramFunction> get(mlir::func::FuncOp func);

  mlir::BlockArgument state(unsigned k) { return func.getArgument(scalars + k); }
  unsigned buffers() const { return states + params + inputs + outputs + 1; } // and the workspace, after bufferization
};

/// The last two arguments of a program on memory: the parts that a call runs are first <= p < last.
struct PartRange {
  mlir::Value first, last;
  explicit PartRange(mlir::func::FuncOp program);
};

/// The type of a workspace that place-workspace has not sized yet.
bool isWorkspace(mlir::MemRefType type);

/// The type of a memory; null for anything else.
mlir::MemRefType memoryType(mlir::Value v);

/// The memory that a view shows.
mlir::Value rootOf(mlir::Value memory);

} // namespace overtime::ir
