// SPDX-License-Identifier: Apache-2.0
// Numbers that are the same in all steps, computed by a function into memory of their own.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"

namespace overtime::ir {

/// What a kernel takes from outside the loop, such as a reciprocal of a time constant: as values, the numbers of a
/// hundred populations would move through registers and stack in every step, and their arithmetic would be written out
/// once a population.
class Record {
public:
  /// `numbers` are of one type. Memory in `written` changes during a run.
  Record(llvm::ArrayRef<mlir::Value> numbers, const llvm::DenseSet<mlir::Value> &written);

  static mlir::MemRefType typeOf(llvm::ArrayRef<mlir::Value> numbers);

  /// A function that computes the numbers and stores them, not inserted anywhere.
  mlir::func::FuncOp outline();

  /// Allocates the record at the start of `program` and fills it by a call of `function` before the loops around
  /// `user`.
  mlir::Value fill(mlir::func::FuncOp program, mlir::func::FuncOp function, mlir::Operation *user);

private:
  void collect(mlir::Value v);
  mlir::Operation *placeBefore(mlir::Operation *user, mlir::Block *outermost) const;

  llvm::SmallVector<mlir::Value> numbers;
  const llvm::DenseSet<mlir::Value> &written;
  llvm::SetVector<mlir::Value> arguments;        // where the arithmetic begins
  llvm::SetVector<mlir::Operation *> operations; // operands first
};

/// Memory that some operation of a program writes.
llvm::DenseSet<mlir::Value> writtenMemory(mlir::func::FuncOp program);

} // namespace overtime::ir
