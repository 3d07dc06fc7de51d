// SPDX-License-Identifier: Apache-2.0
// A program function on memory: its last arguments, and what memory a value shows.
#include "compiler/lower/memory/ProgramMemory.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;

namespace overtime::ir {

PartRange::PartRange(func::FuncOp program)
    : first(program.getArguments().end()[-2]), last(program.getArguments().end()[-1]) {}

bool isWorkspace(MemRefType type) {
  return type.getElementType().isInteger(8) && type.getRank() == 1 && type.getDimSize(0) == 0;
}

MemRefType memoryType(Value v) { return dyn_cast<MemRefType>(v.getType()); }

llvm::DenseSet<Value> writtenIn(Operation *root) {
  llvm::DenseSet<Value> written;
  root->walk([&](Operation *op) {
    auto linalg = dyn_cast<linalg::LinalgOp>(op);
    for (OpOperand &operand : op->getOpOperands())
      if (memoryType(operand.get()) && !isa<ViewLikeOpInterface, memref::LoadOp>(op) &&
          !(linalg && linalg.isDpsInput(&operand)))
        written.insert(rootOf(operand.get()));
  });
  return written;
}

Value rootOf(Value memory) {
  while (auto view = memory.getDefiningOp<ViewLikeOpInterface>())
    memory = view.getViewSource();
  return memory;
}

} // namespace overtime::ir
