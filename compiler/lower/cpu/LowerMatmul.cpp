// SPDX-License-Identifier: Apache-2.0
// lower-matmul: linalg.matmul on memory becomes register-tiled vector code.
//
// A tile of rows x vectors is accumulated over the whole inner dimension in scf.for iter_args: 16 accumulators fill
// half of the 32 AVX-512 registers and hide the latency of the multiply-add. Shapes are static, so remainders are tiles
// of their own.
#include "compiler/lower/Passes.h"
#include "compiler/lower/ProductChain.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

namespace overtime::ir {
#define GEN_PASS_DEF_LOWERMATMUL
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

/// One vector of columns of a tile.
struct Column {
  int64_t offset; // from the first column of the tile
  VectorType type;
  int64_t active; // lanes that exist
};

/// Writes the code of one chain of products.
class Products {
public:
  Products(ProductChain &chain, unsigned bits)
      : b(chain.products.front()), loc(chain.products.front().getLoc()), out(chain.result()),
        fromZero(chain.startsFromZero()), bias(chain.biasRow()) {
    for (linalg::MatmulOp op : chain.products)
      factors.push_back({op.getInputs()[0], op.getInputs()[1]});
    auto c = cast<MemRefType>(out.getType());
    element = c.getElementType();
    lanes = bits / element.getIntOrFloatBitWidth();
    rows = c.getDimSize(0), columns = c.getDimSize(1);
    // A few columns beyond whole vectors: vectors of half the width all take one slot of the multiply-add units, while
    // whole and partial vectors in turn get in each other's way.
    if (columns > lanes && columns < 2 * lanes && columns % lanes <= lanes / 2)
      lanes /= 2;
  }

  void run() {
    if (rows == 0 || columns == 0)
      return;
    int64_t wide = std::min<int64_t>(4, llvm::divideCeil(columns, lanes)); // vectors a tile
    int64_t step = wide * lanes, whole = columns / step * step;
    if (whole > 0)
      eachTile(columns == step ? 0 : whole, step, [&](Value j) { columnTile(j, step); });
    if (whole < columns)
      columnTile(index(whole), columns - whole);
  }

private:
  Value index(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }

  /// A loop over [0, end) in steps; end 0 stands for one iteration at 0.
  void eachTile(int64_t end, int64_t step, llvm::function_ref<void(Value)> body) {
    if (end <= step)
      return body(index(0));
    auto loop = scf::ForOp::create(b, loc, index(0), index(end), index(step));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(loop.getBody()->getTerminator());
    body(loop.getInductionVar());
  }

  void columnTile(Value j, int64_t width) {
    SmallVector<Column> tile;
    for (int64_t at = 0; at < width; at += lanes) {
      int64_t active = std::min<int64_t>(lanes, width - at);
      tile.push_back({at, VectorType::get({int64_t(llvm::PowerOf2Ceil(active))}, element), active});
    }
    int64_t height = std::min<int64_t>(rows, std::max<int64_t>(1, std::min<int64_t>(8, 16 / tile.size())));
    int64_t whole = rows / height * height;
    eachTile(whole, height, [&](Value i) { rowTile(i, height, j, tile); });
    if (whole < rows)
      rowTile(index(whole), rows - whole, j, tile);
  }

  Value offset(Value base, int64_t by) { return by == 0 ? base : arith::AddIOp::create(b, loc, base, index(by)); }
  Value maskOf(const Column &c) {
    return vector::ConstantMaskOp::create(b, loc, VectorType::get(c.type.getShape(), b.getI1Type()),
                                          ArrayRef<int64_t>{c.active});
  }
  bool isWhole(const Column &c) { return c.active == c.type.getNumElements(); }
  Value load(Value memory, ArrayRef<Value> at, const Column &c) {
    if (isWhole(c))
      return vector::LoadOp::create(b, loc, c.type, memory, at);
    Value zero = arith::ConstantOp::create(b, loc, c.type, b.getZeroAttr(c.type));
    return vector::MaskedLoadOp::create(b, loc, c.type, memory, at, maskOf(c), zero);
  }
  void store(Value v, Value row, Value column, const Column &c) {
    if (isWhole(c))
      vector::StoreOp::create(b, loc, v, out, ValueRange{row, column});
    else
      vector::MaskedStoreOp::create(b, loc, out, ValueRange{row, column}, maskOf(c), v);
  }

  void rowTile(Value i, int64_t height, Value j, ArrayRef<Column> tile) {
    SmallVector<Value> total = initial(i, height, j, tile);
    for (const Factors &f : factors)
      total = accumulate(f, total, i, height, j, tile);
    unsigned k = 0;
    for (int64_t r = 0; r < height; ++r)
      for (const Column &c : tile)
        store(total[k++], offset(i, r), offset(j, c.offset), c);
  }

  SmallVector<Value> initial(Value i, int64_t height, Value j, ArrayRef<Column> tile) {
    SmallVector<Value> row, all;
    for (const Column &c : tile)
      if (fromZero)
        row.push_back(arith::ConstantOp::create(b, loc, c.type, b.getZeroAttr(c.type)));
      else if (bias)
        row.push_back(load(bias, {offset(j, c.offset)}, c));
    for (int64_t r = 0; r < height; ++r)
      for (auto [k, c] : llvm::enumerate(tile))
        all.push_back(row.empty() ? load(out, {offset(i, r), offset(j, c.offset)}, c) : row[k]);
    return all;
  }

  struct Factors {
    Value left, right;
  };

  /// One multiply-add for each row and vector of the tile in every turn of a loop over the inner dimension.
  SmallVector<Value> accumulate(const Factors &f, ArrayRef<Value> start, Value i, int64_t height, Value j,
                                ArrayRef<Column> tile) {
    int64_t inner = cast<MemRefType>(f.left.getType()).getDimSize(1);
    auto loop = scf::ForOp::create(b, loc, index(0), index(inner), index(1), start);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(loop.getBody());
    Value k = loop.getInductionVar();
    SmallVector<Value> vectors, next;
    for (const Column &c : tile)
      vectors.push_back(load(f.right, {k, offset(j, c.offset)}, c));
    for (int64_t r = 0; r < height; ++r) {
      Value a = memref::LoadOp::create(b, loc, f.left, ValueRange{offset(i, r), k});
      for (auto [c, column] : llvm::enumerate(tile)) {
        Value spread = vector::BroadcastOp::create(b, loc, column.type, a);
        next.push_back(math::FmaOp::create(b, loc, spread, vectors[c], loop.getRegionIterArg(next.size())));
      }
    }
    scf::YieldOp::create(b, loc, next);
    return SmallVector<Value>(loop.getResults());
  }

  OpBuilder b;
  Location loc;
  Value out;
  bool fromZero;
  Value bias;
  SmallVector<Factors> factors;
  Type element;
  int64_t lanes, rows, columns;
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
