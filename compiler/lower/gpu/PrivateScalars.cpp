// SPDX-License-Identifier: Apache-2.0
// Numbers that every thread computes for itself, so that nobody waits for them.
#include "compiler/lower/gpu/PrivateScalars.h"

#include "compiler/lower/gpu/LongSums.h"
#include "compiler/lower/memory/ProgramMemory.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace overtime::ir {
void makeScalarsPrivate(func::FuncOp program) {
  llvm::SetVector<Value> scalars;
  program.walk([&](memref::AllocOp alloc) {
    if (alloc.getType().getRank() == 0)
      scalars.insert(alloc);
  });
  llvm::DenseSet<Value> written = writtenIn(program);
  auto isOwn = [&](Value operand) {
    return !memoryType(operand) || scalars.contains(operand) || !written.contains(rootOf(operand));
  };
  auto isForAll = [&](Operation *user) {
    if (isa<memref::LoadOp>(user))
      return true;
    auto linalg = dyn_cast<linalg::LinalgOp>(user);
    if (!linalg)
      return false;
    return LongSum::find(linalg) || (linalg.getNumLoops() == 0 && llvm::all_of(user->getOperands(), isOwn));
  };
  auto staysShared = [&](Value scalar) {
    return llvm::any_of(scalar.getUsers(), [&](Operation *user) {
      auto linalg = dyn_cast<linalg::LinalgOp>(user); // others may read it
      bool reads = linalg && !llvm::is_contained(linalg.getDpsInits(), scalar);
      return !reads && !isForAll(user);
    });
  };
  while (true) { // what rests on shared memory is shared
    llvm::SmallVector<Value> shared = llvm::filter_to_vector(scalars, staysShared);
    if (shared.empty())
      break;
    for (Value scalar : shared)
      scalars.remove(scalar);
  }
  OpBuilder b(program.getContext());
  for (Value scalar : scalars) {
    auto alloc = scalar.getDefiningOp<memref::AllocOp>();
    b.setInsertionPoint(alloc);
    alloc.replaceAllUsesWith(
        memref::AllocaOp::create(b, alloc.getLoc(), alloc.getType(), alloc.getAlignmentAttr()).getResult());
    alloc.erase();
  }
}

bool isPrivate(Value memory) { return rootOf(memory).getDefiningOp<memref::AllocaOp>() != nullptr; }

} // namespace overtime::ir
