// SPDX-License-Identifier: Apache-2.0
// promote-state: vectors that every step loads and stores at one place stay in registers.
#include "compiler/lower/Passes.h"
#include "compiler/lower/memory/ProgramMemory.h"
#include "compiler/lower/threads/LaneAnalysis.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace overtime::ir {
#define GEN_PASS_DEF_PROMOTESTATE
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

/// One place in memory that a loop writes, and reads before that if at all.
struct Cell {
  Operation *load, *store; // load may be null
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

Value stored(Operation *store) {
  return isa<vector::MaskedStoreOp>(store) ? store->getOperand(store->getNumOperands() - 1) : store->getOperand(0);
}

/// What a store would overwrite.
Value loadBefore(OpBuilder &b, Operation *store) {
  Location loc = store->getLoc();
  if (auto plain = dyn_cast<vector::StoreOp>(store))
    return vector::LoadOp::create(b, loc, plain.getVectorType(), plain.getBase(), plain.getIndices());
  if (auto scalar = dyn_cast<memref::StoreOp>(store))
    return memref::LoadOp::create(b, loc, scalar.getMemRef(), scalar.getIndices());
  auto masked = cast<vector::MaskedStoreOp>(store);
  VectorType type = masked.getVectorType();
  Value zero = arith::ConstantOp::create(b, loc, type, b.getZeroAttr(type));
  return vector::MaskedLoadOp::create(b, loc, type, masked.getBase(), masked.getIndices(), masked.getMask(), zero);
}

class Promotion {
public:
  explicit Promotion(scf::ForOp loop) : loop(loop) {}

  void run() {
    SmallVector<Cell> cells = find();
    if (cells.empty() || cells.size() > carriedVectors)
      return;
    IRRewriter rewriter(loop.getContext());
    rewriter.setInsertionPoint(loop);
    SmallVector<Value> start;
    for (const Cell &cell : cells)
      start.push_back(cell.load ? rewriter.clone(*cell.load)->getResult(0) : loadBefore(rewriter, cell.store));
    auto wider = cast<scf::ForOp>(*loop.replaceWithAdditionalYields(
        rewriter, start, /*replaceInitOperandUsesInLoop=*/false, [&](OpBuilder &, Location, ArrayRef<BlockArgument>) {
          SmallVector<Value> next;
          for (const Cell &cell : cells)
            next.push_back(stored(cell.store));
          return next;
        }));
    rewriter.setInsertionPointAfter(wider);
    auto carried = wider.getRegionIterArgs().take_back(cells.size());
    auto results = wider.getResults().take_back(cells.size());
    for (auto [cell, argument, result] : llvm::zip(cells, carried, results)) {
      if (cell.load) {
        cell.load->getResult(0).replaceAllUsesWith(argument);
        cell.load->erase();
      }
      Operation *last = rewriter.clone(*cell.store);
      last->replaceUsesOfWith(stored(last), result);
      cell.store->erase();
    }
  }

private:
  bool invariant(Value v) { return !loop.getRegion().isAncestor(v.getParentRegion()); }

  /// Loads and stores of one place, when nothing else in the loop touches that memory.
  SmallVector<Cell> find() {
    llvm::SetVector<Value> memories;
    for (Operation &op : loop.getBody()->without_terminator()) {
      if (op.getNumRegions() > 0 || isa<func::CallOp>(op)) // may touch any memory
        return {};
      if (isLoad(&op) || isStore(&op))
        memories.insert(memoryOf(&op));
    }
    SmallVector<Cell> cells;
    for (Value memory : memories) {
      bool alone = llvm::none_of(memories, [&](Value other) {
        return other != memory && rootOf(other) == rootOf(memory); // another view may show the same place
      });
      if (alone && invariant(memory))
        cells.append(cellsOf(memory));
    }
    return cells;
  }
  /// All places of a memory, or none when one of them does not suit.
  SmallVector<Cell> cellsOf(Value memory) {
    SmallVector<Operation *> loads, stores;
    for (Operation &op : loop.getBody()->without_terminator()) {
      if (!llvm::is_contained(op.getOperands(), memory))
        continue;
      if (!isLoad(&op) && !isStore(&op))
        return {};
      if (!llvm::all_of(indicesOf(&op), [&](Value v) { return invariant(v); }))
        return {};
      (isLoad(&op) ? loads : stores).push_back(&op);
    }
    SmallVector<Cell> found;
    for (Operation *store : stores) {
      auto match = llvm::find_if(loads, [&](Operation *load) { return isSamePlace(load, store); });
      found.push_back({match == loads.end() ? nullptr : *match, store});
      if (match != loads.end())
        loads.erase(match);
    }
    if (!loads.empty()) // read only, or at another place
      return {};
    for (auto [k, cell] : llvm::enumerate(found)) // two stores might meet in one place
      for (const Cell &other : ArrayRef(found).drop_front(k + 1))
        if (!areApart(cell.store, other.store))
          return {};
    return found;
  }
  static bool isSamePlace(Operation *load, Operation *store) {
    auto maskOf = [](Operation *op) -> Value {
      if (auto masked = dyn_cast<vector::MaskedLoadOp>(op))
        return masked.getMask();
      auto masked = dyn_cast<vector::MaskedStoreOp>(op);
      return masked ? masked.getMask() : Value();
    };
    return indicesOf(load) == indicesOf(store) && load->isBeforeInBlock(store) &&
           load->getResult(0).getType() == stored(store).getType() && maskOf(load) == maskOf(store);
  }
  /// Whether constant indices show that two stores do not overlap.
  static bool areApart(Operation *a, Operation *b) {
    for (auto [x, y] : llvm::zip(indicesOf(a), indicesOf(b))) {
      std::optional<int64_t> i = getConstantIntValue(x), j = getConstantIntValue(y);
      if (!i || !j || *i == *j)
        continue;
      auto vector = dyn_cast<VectorType>(stored(*i < *j ? a : b).getType());
      int64_t width = vector ? vector.getNumElements() : 1;
      if (std::abs(*i - *j) >= width)
        return true;
    }
    return false;
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
