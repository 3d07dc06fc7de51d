// SPDX-License-Identifier: Apache-2.0
// Operations of a step on memory: one rule for each kind that a program may hold after fuse-elementwise.
#pragma once

#include "compiler/lower/memory/StepMemory.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"

namespace overtime::ir {

/// Writes operations on tensors as operations on memory. Scalars stay values.
class OpBufferizer {
public:
  OpBufferizer(mlir::OpBuilder &b, StepMemory &memory, llvm::StringRef program)
      : b(b), memory(memory), program(program) {}

  /// Fails with a diagnostic for an operation without a rule.
  mlir::LogicalResult emit(mlir::Operation &op);

  /// Asks that `tensor` be written to `place`: by its producer, or by a copy now when it is there already.
  void direct(mlir::Location loc, mlir::Value tensor, mlir::Value place);
  bool isDirected(mlir::Value tensor) const { return destinations.count(tensor); }

  mlir::IRMapping values;                           // scalars
  llvm::DenseMap<mlir::Value, mlir::Value> buffers; // tensors that are there

private:
  llvm::SmallVector<mlir::Value> placesOf(mlir::Location loc, mlir::Value tensor);
  void copyToOthers(mlir::Location loc, llvm::ArrayRef<mlir::Value> places);
  mlir::LogicalResult emitGeneric(mlir::linalg::GenericOp op);
  void writeBody(mlir::OpBuilder &inner, mlir::Location loc, mlir::linalg::GenericOp op, mlir::ValueRange args,
                 llvm::ArrayRef<unsigned> yields, size_t inputs);
  mlir::LogicalResult emitMatmul(mlir::linalg::MatmulOp op);
  mlir::LogicalResult emitFill(mlir::linalg::FillOp op);
  mlir::LogicalResult emitEmpty(mlir::tensor::EmptyOp op);
  mlir::LogicalResult emitNamed(mlir::Operation &op);
  mlir::LogicalResult emitConcat(mlir::tensor::ConcatOp op);
  mlir::LogicalResult emitView(mlir::Operation &op);
  mlir::Value reshaped(mlir::Operation &op, mlir::Value from);
  mlir::LogicalResult emitExtract(mlir::tensor::ExtractOp op);
  mlir::LogicalResult emitConstant(mlir::arith::ConstantOp op);
  // NetworkBufferizer.cpp
  llvm::SmallVector<mlir::Value> accumulationPlaces(mlir::Operation &op, mlir::OpOperand &init);
  mlir::LogicalResult emitSynapses(mlir::Operation &op);
  mlir::LogicalResult emitReadDelayed(ReadDelayedOp op);
  mlir::LogicalResult emitInsert(mlir::tensor::InsertSliceOp op);

  mlir::OpBuilder &b;
  StepMemory &memory;
  llvm::StringRef program;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<mlir::Value>> destinations; // where tensors are wanted
  unsigned constants = 0;
};

} // namespace overtime::ir
