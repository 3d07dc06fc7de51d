// SPDX-License-Identifier: Apache-2.0
// lower-matmul: linalg.matmul on memory becomes register-tiled vector code.
//
// A tile is accumulated over the whole inner dimension in scf.for iter_args (ProductTile.h has its shape). Each element
// of the result is one chain of multiply-adds in the order of the inner dimension, so that it does not depend on the
// tile. Shapes are static, so remainders are tiles of their own.
#include "compiler/lower/Passes.h"
#include "compiler/lower/ProductChain.h"
#include "compiler/lower/ProductTile.h"
#include "compiler/lower/cpu/PatchVectors.h"

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

/// Writes the code of one chain of products.
class Products {
public:
  Products(ProductChain &chain, unsigned bits)
      : b(chain.products.back()), loc(chain.products.front().getLoc()), out(chain.result()),
        fromZero(chain.startsFromZero()), bias(chain.biasRow()), type(cast<MemRefType>(out.getType())),
        target{bits, type.getElementTypeBitWidth()}, vectors(b, loc, type.getElementType(), target.lanes()) {
    for (linalg::MatmulOp op : chain.products) {
      factors.push_back({op.getInputs()[0], op.getInputs()[1]});
      gather &= hasUnitInnerStride(op.getInputs()[0]);
    }
    rows = type.getDimSize(0), columns = type.getDimSize(1);
  }

  void run() {
    if (rows == 0 || columns == 0)
      return;
    int64_t step = tileColumns(rows, columns, target), whole = columns / step * step;
    if (whole > 0)
      eachTile(whole, step, [&](Value j) { columnTile(j, step); });
    if (whole < columns)
      columnTile(index(whole), columns - whole);
  }

private:
  struct Factors {
    Value left, right;
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
    eachTile(whole, tile.rows, [&](Value i) { rowTile(i, tile.rows); });
    if (whole < rows)
      rowTile(index(whole), rows - whole);
  }

  void rowTile(Value i, int64_t height) {
    patches = tile.patches(height);
    row.clear();
    for (int64_t r = 0; r < height; ++r)
      row.push_back(offset(i, r));
    SmallVector<Value> total = initial();
    for (const Factors &f : factors)
      total = accumulate(f, total);
    for (auto [v, patch] : llvm::zip(total, patches)) {
      const Strip &strip = tile.strips[patch.strip];
      vectors.store(v, out, rowsOf(patch), column[patch.strip], strip.width, strip.active);
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
        right.push_back(vectors.loadRow(f.right, {at, j}, strip.width, strip.active));
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

  OpBuilder b;
  Location loc;
  Value out;
  bool fromZero;
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
    for (ProductChain &chain : findProductChains(getOperation())) {
      Products(chain, vectorBits).run();
      chain.erase();
    }
  }
};

} // namespace
