// SPDX-License-Identifier: Apache-2.0
// promote-state: vectors that every step loads and stores at one place stay in registers.
#include "compiler/lower/Passes.h"
#include "compiler/lower/ProgramFunction.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace overtime::ir {
#define GEN_PASS_DEF_PROMOTESTATE
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

/// One place in memory that a loop reads and then writes.
struct Cell {
  Operation *load, *store;
  Value stored() const {
    return isa<vector::MaskedStoreOp>(store) ? store->getOperand(store->getNumOperands() - 1) : store->getOperand(0);
  }
};

bool isLoad(Operation *op) { return isa<vector::LoadOp, vector::MaskedLoadOp, memref::LoadOp>(op); }
bool isStore(Operation *op) { return isa<vector::StoreOp, vector::MaskedStoreOp, memref::StoreOp>(op); }
Value memoryOf(Operation *op) {
  if (auto store = dyn_cast<vector::StoreOp>(op))
    return store.getBase();
  if (auto store = dyn_cast<memref::StoreOp>(op))
    return store.getMemRef();
  return op->getOperand(0); // loads and masked stores name it first
}
SmallVector<Value> indicesOf(Operation *op) {
  if (auto load = dyn_cast<vector::LoadOp>(op))
    return load.getIndices();
  if (auto load = dyn_cast<memref::LoadOp>(op))
    return load.getIndices();
  if (auto load = dyn_cast<vector::MaskedLoadOp>(op))
    return load.getIndices();
  if (auto store = dyn_cast<vector::StoreOp>(op))
    return store.getIndices();
  if (auto store = dyn_cast<memref::StoreOp>(op))
    return store.getIndices();
  return cast<vector::MaskedStoreOp>(op).getIndices();
}

class Promotion {
public:
  explicit Promotion(scf::ForOp loop) : loop(loop) {}

  void run() {
    SmallVector<Cell> cells = find();
    if (cells.empty() || cells.size() > 24)
      return;
    IRRewriter rewriter(loop.getContext());
    rewriter.setInsertionPoint(loop);
    SmallVector<Value> start;
    for (Cell &cell : cells)
      start.push_back(rewriter.clone(*cell.load)->getResult(0));
    SmallVector<Operation *> loads, stores;
    for (Cell &cell : cells) {
      loads.push_back(cell.load);
      stores.push_back(cell.store);
    }
    auto wider = cast<scf::ForOp>(*loop.replaceWithAdditionalYields(
        rewriter, start, /*replaceInitOperandUsesInLoop=*/false, [&](OpBuilder &, Location, ArrayRef<BlockArgument>) {
          SmallVector<Value> next;
          for (Operation *store : stores)
            next.push_back(Cell{nullptr, store}.stored());
          return next;
        }));
    rewriter.setInsertionPointAfter(wider);
    auto carried = wider.getRegionIterArgs().take_back(cells.size());
    for (size_t k = 0; k < cells.size(); ++k) {
      loads[k]->getResult(0).replaceAllUsesWith(carried[k]);
      Operation *last = rewriter.clone(*stores[k]);
      last->replaceUsesOfWith(Cell{nullptr, last}.stored(), wider.getResult(wider.getNumResults() - cells.size() + k));
      loads[k]->erase();
      stores[k]->erase();
    }
  }

private:
  bool invariant(Value v) { return !loop.getRegion().isAncestor(v.getParentRegion()); }

  /// Loads and stores of one place, when nothing else in the loop touches that memory.
  SmallVector<Cell> find() {
    SmallVector<Cell> cells;
    llvm::SetVector<Value> memories;
    for (Operation &op : loop.getBody()->without_terminator()) {
      if (op.getNumRegions() > 0)
        return {};
      if (isLoad(&op) || isStore(&op))
        memories.insert(memoryOf(&op));
    }
    for (Value memory : memories)
      if (invariant(memory) && !promoteMemory(memory, cells))
        continue;
    return cells;
  }
  bool promoteMemory(Value memory, SmallVector<Cell> &cells) {
    SmallVector<Operation *> loads, stores;
    for (Operation &op : loop.getBody()->without_terminator()) {
      if (!llvm::is_contained(op.getOperands(), memory))
        continue;
      if (!isLoad(&op) && !isStore(&op))
        return false;
      if (!llvm::all_of(indicesOf(&op), [&](Value v) { return invariant(v); }))
        return false;
      (isLoad(&op) ? loads : stores).push_back(&op);
    }
    SmallVector<Cell> found;
    for (Operation *store : stores) {
      auto match = llvm::find_if(loads, [&](Operation *load) {
        return indicesOf(load) == indicesOf(store) && load->isBeforeInBlock(store) &&
               load->getResult(0).getType() == Cell{nullptr, store}.stored().getType();
      });
      if (match == loads.end())
        return false;
      found.push_back({*match, store});
      loads.erase(match);
    }
    if (!loads.empty()) // read only, or at another place
      return false;
    cells.append(found);
    return true;
  }

  scf::ForOp loop;
};

struct PromoteStatePass : overtime::ir::impl::PromoteStateBase<PromoteStatePass> {
  void runOnOperation() override {
    SmallVector<scf::ForOp> loops;
    getOperation().walk([&](scf::ForOp loop) {
      if (loop->hasAttr(timeLoopAttr))
        loops.push_back(loop);
    });
    for (scf::ForOp loop : loops)
      Promotion(loop).run();
  }
};

} // namespace
