// SPDX-License-Identifier: Apache-2.0
// lower-matmul: linalg.matmul on memory becomes register-tiled vector code.
//
// A tile is accumulated over the whole inner dimension in scf.for iter_args (ProductTile.h has its shape). Each element
// of the result is one chain of multiply-adds in the order of the inner dimension, so that it does not depend on the
// tile. Shapes are static, so remainders are tiles of their own.
#include "compiler/lower/Passes.h"
#include "compiler/lower/cpu/EventLists.h"
#include "compiler/lower/cpu/PatchVectors.h"
#include "compiler/lower/memory/ProgramMemory.h"
#include "compiler/lower/products/ProductChain.h"
#include "compiler/lower/products/ProductTile.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace overtime::ir {
#define GEN_PASS_DEF_LOWERMATMUL
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

bool hasUnitInnerStride(Value v) {
  auto [strides, offset] = cast<MemRefType>(v.getType()).getStridesAndOffset();
  return strides.back() == 1;
}

/// On the stack, of the products of a function: each is done with a panel before the next fills it.
using PanelMemory = llvm::DenseMap<MemRefType, Value>;

/// Writes the code of one chain of products.
class Products {
public:
  Products(ProductChain &chain, unsigned bits, func::FuncOp function, PanelMemory &panels)
      : function(function), panels(panels), b(chain.products.back()), loc(chain.products.front().getLoc()),
        out(chain.result()), fromZero(chain.startsFromZero() || chain.addsProduct()), addsProduct(chain.addsProduct()),
        bias(chain.biasRow()), type(cast<MemRefType>(out.getType())), target{bits, type.getElementTypeBitWidth()},
        vectors(b, loc, type.getElementType(), target.lanes()) {
    for (linalg::MatmulOp op : chain.products) {
      factors.push_back({op.getInputs()[0], op.getInputs()[1], {}, op->hasAttr(eventsAttr), std::nullopt});
      gather &= hasUnitInnerStride(op.getInputs()[0]);
    }
    rows = type.getDimSize(0), columns = type.getDimSize(1);
  }

  void run() {
    if (rows == 0 || columns == 0)
      return;
    int64_t step = tileColumns(rows, columns, target), whole = columns / step * step;
    if (whole == columns)
      listEvents(step);
    if (whole > 0)
      eachTile(whole, step, [&](Value j) { columnTile(j, step); });
    if (whole < columns)
      columnTile(index(whole), columns - whole);
  }

private:
  struct Factors {
    Value left, right;
    Value panel;      // the columns of the tile that is being written, row below row; null: read in place
    bool mayBeEvents; // many zeros on the left
    std::optional<EventLists> events;
  };

  Value index(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }
  Value offset(Value base, int64_t by) { return by == 0 ? base : arith::AddIOp::create(b, loc, base, index(by)); }

  /// A loop over [0, end) in steps, unless there is one alone.
  void eachTile(int64_t end, int64_t step, llvm::function_ref<void(Value)> body) {
    if (end == step)
      return body(index(0));
    auto loop = scf::ForOp::create(b, loc, index(0), index(end), index(step));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(loop.getBody()->getTerminator());
    body(loop.getInductionVar());
  }

  void columnTile(Value j, int64_t width) {
    tile = productTile(rows, width, target, gather);
    column.clear();
    for (const Strip &strip : tile.strips)
      column.push_back(offset(j, strip.first));
    int64_t whole = rows / tile.rows * tile.rows;
    for (Factors &f : factors)
      f.panel = isWorthPacking(f, width) ? packed(f, width) : Value();
    eachTile(whole, tile.rows, [&](Value i) { rowTile(i, tile.rows); });
    if (whole < rows)
      rowTile(index(whole), rows - whole);
  }

  /// Before the loop over panels that the product may stand in.
  void listEvents(int64_t width) {
    ProductTile tiles = productTile(rows, width, target, gather);
    int64_t all = cast<MemRefType>(widest(out)).getDimSize(1);
    for (Factors &f : factors) {
      auto left = cast<MemRefType>(f.left.getType());
      if (!f.mayBeEvents || tiles.shares() || !hasUnitInnerStride(f.left) || !EventLists::pay(left, tiles.rows, all))
        continue;
      OpBuilder::InsertionGuard guard(b);
      Operation *around = &*b.getInsertionPoint();
      for (auto loop = around->getParentOfType<scf::ForOp>();
           loop && !loop->hasAttr(timeLoopAttr) && loop.isDefinedOutsideOfLoop(f.left);
           loop = loop->getParentOfType<scf::ForOp>())
        around = loop;
      b.setInsertionPoint(around);
      f.events.emplace(b, loc, function, f.left, tiles.rows);
    }
  }
  /// The type of the matrix that the result is some columns of.
  static Type widest(Value result) {
    auto part = result.getDefiningOp<memref::SubViewOp>();
    return part ? part.getSource().getType() : result.getType();
  }

  /// Rows a page or more apart lie in the same few sets of the first cache: where many tiles read the same columns,
  /// they are put together first.
  bool isWorthPacking(const Factors &f, int64_t width) {
    constexpr int64_t page = 4096, fewRows = 64, mostBytes = 64 << 10;
    auto [strides, start] = cast<MemRefType>(f.right.getType()).getStridesAndOffset();
    int64_t bytes = target.elementBits / 8, inner = cast<MemRefType>(f.right.getType()).getDimSize(0);
    return !ShapedType::isDynamic(strides[0]) && strides[0] * bytes >= page && rows >= fewRows && inner >= 16 &&
           inner * width * bytes <= mostBytes && width % target.lanes() == 0;
  }

  Value packed(const Factors &f, int64_t width) {
    int64_t inner = cast<MemRefType>(f.right.getType()).getDimSize(0);
    auto panelType = MemRefType::get({inner, width}, type.getElementType());
    Value &panel = panels[panelType];
    if (!panel) {
      OpBuilder entry = OpBuilder::atBlockBegin(&function.getBody().front());
      panel = memref::AllocaOp::create(entry, loc, panelType, entry.getI64IntegerAttr(64));
    }
    auto loop = scf::ForOp::create(b, loc, index(0), index(inner), index(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(loop.getBody()->getTerminator());
    Value k = loop.getInductionVar();
    for (auto [strip, j] : llvm::zip(tile.strips, column))
      vectors.store(vectors.loadRow(f.right, {k, j}, strip.width, strip.active), panel, k, index(strip.first),
                    strip.width, strip.active);
    return panel;
  }

  void rowTile(Value i, int64_t height) {
    patches = tile.patches(height);
    row.clear();
    for (int64_t r = 0; r < height; ++r)
      row.push_back(offset(i, r));
    SmallVector<Value> total = initial();
    prefetchNext(i, height);
    for (const Factors &f : factors)
      total = accumulate(f, total);
    for (auto [v, patch] : llvm::zip(total, patches)) {
      const Strip &strip = tile.strips[patch.strip];
      if (addsProduct) {
        Value before = vectors.load(out, rowsOf(patch), column[patch.strip], strip.width, strip.active);
        v = arith::AddFOp::create(b, loc, before, v);
      }
      vectors.store(v, out, rowsOf(patch), column[patch.strip], strip.width, strip.active);
    }
  }
  /// A result that is added to and too large for the caches: its next tile is on its way while this one is computed.
  void prefetchNext(Value i, int64_t height) {
    constexpr int64_t secondCache = 512 << 10;
    if ((fromZero && !addsProduct) || bias || rows * columns * target.elementBits / 8 < secondCache ||
        height < tile.rows)
      return;
    for (int64_t r = 0; r < height; ++r) {
      Value next = arith::MinSIOp::create(b, loc, offset(i, height + r), index(rows - 1));
      for (Value j : column)
        memref::PrefetchOp::create(b, loc, out, ValueRange{next, j}, /*isWrite=*/true, /*localityHint=*/3,
                                   /*isDataCache=*/true);
    }
  }

  ArrayRef<Value> rowsOf(const Patch &patch) { return ArrayRef<Value>(row).slice(patch.row, patch.rows); }

  SmallVector<Value> initial() {
    SmallVector<Value> start, all;
    for (auto [strip, j] : llvm::zip(tile.strips, column)) {
      auto vector = VectorType::get({strip.width}, type.getElementType());
      if (fromZero)
        start.push_back(arith::ConstantOp::create(b, loc, vector, b.getZeroAttr(vector)));
      else if (bias)
        start.push_back(vectors.loadRow(bias, {j}, strip.width, strip.active));
    }
    for (const Patch &patch : patches) {
      const Strip &strip = tile.strips[patch.strip];
      all.push_back(start.empty() ? vectors.load(out, rowsOf(patch), column[patch.strip], strip.width, strip.active)
                                  : vectors.repeat(start[patch.strip], patch.rows));
    }
    return all;
  }

  /// Adds one product: a loop over the inner dimension, in the order of its elements whatever the tile.
  SmallVector<Value> accumulate(const Factors &f, SmallVector<Value> total) {
    if (f.events) {
      EventLists::List list = f.events->of(b, row.front());
      auto loop = scf::ForOp::create(b, loc, list.begin, list.end, index(1), total);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToEnd(loop.getBody());
      total.assign(loop.getRegionIterArgs().begin(), loop.getRegionIterArgs().end());
      addTerms(f, f.events->column(b, loop.getInductionVar()), 1, total);
      scf::YieldOp::create(b, loc, total);
      return SmallVector<Value>(loop.getResults());
    }
    int64_t inner = cast<MemRefType>(f.left.getType()).getDimSize(1), depth = tile.shares() ? vectors.depth : 1;
    int64_t whole = inner / depth * depth;
    if (whole > 0) {
      auto loop = scf::ForOp::create(b, loc, index(0), index(whole), index(depth), total);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToEnd(loop.getBody());
      total.assign(loop.getRegionIterArgs().begin(), loop.getRegionIterArgs().end());
      addTerms(f, loop.getInductionVar(), depth, total);
      scf::YieldOp::create(b, loc, total);
      total.assign(loop.getResults().begin(), loop.getResults().end());
    }
    if (whole < inner)
      addTerms(f, index(whole), inner - whole, total);
    return total;
  }

  /// One multiply-add for each patch and each of `count` elements of the inner dimension from k on.
  void addTerms(const Factors &f, Value k, int64_t count, SmallVectorImpl<Value> &total) {
    SmallVector<SmallVector<Value>> gathered;
    for (const Patch &patch : patches)
      gathered.push_back(patch.rows == 1 ? SmallVector<Value>() : vectors.gather(f.left, rowsOf(patch), k, count));
    for (int64_t term = 0; term < count; ++term) {
      Value at = offset(k, term);
      SmallVector<Value> right;
      for (auto [strip, j] : llvm::zip(tile.strips, column))
        right.push_back(f.panel ? vectors.loadRow(f.panel, {at, index(strip.first)}, strip.width, strip.active)
                                : vectors.loadRow(f.right, {at, j}, strip.width, strip.active));
      SmallVector<Value> repeated(right.size());
      llvm::SmallDenseMap<std::pair<int64_t, Type>, Value> spread; // elements of rows that several strips use
      for (auto [v, patch, elements] : llvm::zip(total, patches, gathered)) {
        Value left;
        if (patch.rows > 1)
          left = vectors.column(elements, term, patch.rows, tile.strips[patch.strip].width);
        else if (Value &known = spread[{patch.row, v.getType()}]; known)
          left = known;
        else
          left = known = broadcast(v.getType(), f.left, row[patch.row], at);
        Value &all = repeated[patch.strip];
        if (!all || all.getType() != v.getType())
          all = vectors.repeat(right[patch.strip], patch.rows);
        v = math::FmaOp::create(b, loc, left, all, v);
      }
    }
  }
  Value broadcast(Type vector, Value matrix, Value i, Value k) {
    Value element = memref::LoadOp::create(b, loc, matrix, ValueRange{i, k});
    return vector::BroadcastOp::create(b, loc, vector, element);
  }

  func::FuncOp function;
  PanelMemory &panels;
  OpBuilder b;
  Location loc;
  Value out;
  bool fromZero, addsProduct;
  Value bias;
  MemRefType type;
  ProductTarget target;
  PatchVectors vectors;
  bool gather = true;
  SmallVector<Factors> factors;
  int64_t rows, columns;
  // The tile that is being written: its first rows and columns of strips in the result.
  ProductTile tile;
  SmallVector<Patch> patches;
  SmallVector<Value> row, column;
};

struct LowerMatmulPass : overtime::ir::impl::LowerMatmulBase<LowerMatmulPass> {
  using LowerMatmulBase::LowerMatmulBase;
  void runOnOperation() override {
    PanelMemory panels;
    for (ProductChain &chain : findProductChains(getOperation())) {
      Products(chain, vectorBits, getOperation(), panels).run();
      chain.erase();
    }
  }
};

} // namespace
