// SPDX-License-Identifier: Apache-2.0
// place-workspace: allocations of a program become places in its workspace argument.
#include "compiler/lower/Passes.h"
#include "compiler/lower/memory/ProgramMemory.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace overtime::ir {
#define GEN_PASS_DEF_PLACEWORKSPACE
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

constexpr int64_t alignment = 64;

int64_t paddedBytes(MemRefType type) {
  int64_t bytes = type.getNumElements() * std::max(1u, type.getElementTypeBitWidth() / 8);
  return (bytes + alignment - 1) / alignment * alignment;
}

struct PlaceWorkspacePass : overtime::ir::impl::PlaceWorkspaceBase<PlaceWorkspacePass> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    SmallVector<BlockArgument> workspaces; // of a team's function: that of the thread, and the one that threads share
    for (BlockArgument argument : func.getArguments())
      if (auto type = dyn_cast<MemRefType>(argument.getType()); type && isWorkspace(type))
        workspaces.push_back(argument);
    if (!func->hasAttr(programAttr) || workspaces.empty())
      return;
    bool isTeam = func->hasAttr(teamAttr) && workspaces.size() == 2;
    SmallVector<memref::AllocOp> own, shared;
    for (auto alloc : func.getBody().front().getOps<memref::AllocOp>())
      (isTeam && alloc->hasAttr(sharedAttr) ? shared : own).push_back(alloc);
    place(own, workspaces.front(), workspaceBytesAttr);
    if (isTeam)
      place(shared, workspaces.back(), sharedBytesAttr);
    func.setFunctionType(
        FunctionType::get(func.getContext(), func.getBody().getArgumentTypes(), func.getResultTypes()));
  }

  void place(ArrayRef<memref::AllocOp> allocs, BlockArgument workspace, StringRef sizeAttr) {
    int64_t bytes = 0;
    OpBuilder b(workspace.getContext());
    for (memref::AllocOp alloc : allocs) {
      b.setInsertionPoint(alloc);
      Value offset = arith::ConstantIndexOp::create(b, alloc.getLoc(), bytes);
      auto view = memref::ViewOp::create(b, alloc.getLoc(), alloc.getType(), workspace, offset, ValueRange{});
      alloc.replaceAllUsesWith(view.getResult());
      bytes += paddedBytes(alloc.getType());
      alloc.erase();
    }
    workspace.setType(MemRefType::get({bytes}, b.getI8Type()));
    getOperation()->setAttr(sizeAttr, b.getI64IntegerAttr(bytes));
  }
};

} // namespace
