// SPDX-License-Identifier: Apache-2.0
// Matrix products on tensor cores, for programs that allow operands with fewer bits.
#include "compiler/lower/gpu/columns/TensorProducts.h"

#include "compiler/lower/products/ProductChain.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace overtime::ir {

constexpr int64_t warp = 32, unitsOfWarp = 4;

FragmentLayout::FragmentLayout(const Team &team, OpBuilder &b, Location loc)
    : b(b), loc(loc), tiles(*team.tiles()), format(tiles.format) {
  Value number = team.place().inBlock;
  lane = arith::RemUIOp::create(b, loc, number, i32(warp));
  units =
      arith::RemUIOp::create(b, loc, arith::DivUIOp::create(b, loc, number, i32(warp)), i32(tiles.width / unitsOfWarp));
}

Value FragmentLayout::i32(int64_t v) const {
  return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(int32_t(v)));
}

SmallVector<Value> FragmentLayout::pack(ArrayRef<Value> four) const {
  SmallVector<Value> packed;
  if (format == TensorFormat::Tf32) {
    for (Value v : four)
      packed.push_back(LLVM::CallIntrinsicOp::create(b, loc, b.getI32Type(), b.getStringAttr("llvm.nvvm.f2tf32.rna"), v)
                           .getResult(0));
    return packed;
  }
  Type pair = VectorType::get({2}, b.getBF16Type());
  for (size_t k = 0; k < four.size(); k += 2) { // the second argument is the lower half
    Value both = LLVM::CallIntrinsicOp::create(b, loc, pair, b.getStringAttr("llvm.nvvm.ff2bf16x2.rn"),
                                               ValueRange{four[k + 1], four[k]})
                     .getResult(0);
    packed.push_back(LLVM::BitcastOp::create(b, loc, b.getI32Type(), both));
  }
  return packed;
}

void FragmentLayout::multiply(ArrayRef<Value> row0, ArrayRef<Value> row1, ArrayRef<Value> column,
                              MutableArrayRef<Value> sums) const {
  bool tf32 = format == TensorFormat::Tf32;
  StringRef name = tf32 ? "llvm.nvvm.mma.m16n8k8.row.col.tf32" : "llvm.nvvm.mma.m16n8k16.row.col.bf16";
  Type four = LLVM::LLVMStructType::getLiteral(b.getContext(), SmallVector<Type>(4, b.getF32Type()));
  for (size_t k = 0; k < column.size(); k += 2) {
    SmallVector<Value> operands = {row0[k],       row1[k], row0[k + 1], row1[k + 1], column[k],
                                   column[k + 1], sums[0], sums[1],     sums[2],     sums[3]};
    Value all = LLVM::CallIntrinsicOp::create(b, loc, four, b.getStringAttr(name), operands).getResult(0);
    for (int64_t n = 0; n < 4; ++n)
      sums[n] = LLVM::ExtractValueOp::create(b, loc, all, n);
  }
}

MemRefType FragmentLayout::copyType(int64_t count, int64_t parts) const {
  return MemRefType::get({int64_t(llvm::divideCeil(count, terms)), tiles.width / unitsOfWarp, parts / 2, warp, words()},
                         b.getI32Type());
}

FragmentLayout::Place FragmentLayout::placeOf(Value lane) const {
  Value quarter = arith::RemUIOp::create(b, loc, lane, i32(4)), column = arith::DivUIOp::create(b, loc, lane, i32(4));
  return {arith::MulIOp::create(b, loc, quarter, i32(4)), arith::DivUIOp::create(b, loc, column, i32(2)),
          arith::RemUIOp::create(b, loc, column, i32(2))};
}

bool isForTensorCores(linalg::LinalgOp op, const std::optional<ColumnTiles> &tiles) {
  auto product = dyn_cast<linalg::MatmulOp>(op.getOperation());
  return product && tiles && tiles->format != TensorFormat::None && !product.hasUserDefinedMaps() &&
         tiles->cut(columnsOf(op)) && columnsOf(op) / tiles->modulus % 2 == 0 &&
         llvm::all_of(op->getOperands(), [](Value v) { return getElementTypeOrSelf(v.getType()).isF32(); });
}

namespace {

constexpr int64_t mostParts = 8; // 4 sums for each two of them

class TensorProduct {
public:
  TensorProduct(const Team &team, OpBuilder &b, linalg::MatmulOp op, Value copy)
      : team(team), tiles(*team.tiles()), b(b), loc(op.getLoc()), op(op), copy(copy), layout(team, b, loc),
        place(layout.placeOf(layout.lane)) {
    auto left = cast<MemRefType>(op.getInputs()[0].getType()), out = cast<MemRefType>(op.getOutputs()[0].getType());
    rows = out.getDimSize(0);
    parts = out.getDimSize(1) / tiles.modulus;
    terms = left.getDimSize(1);
  }

  void write() {
    int64_t each = llvm::divideCeil(rows, tiles.groups), pairs = llvm::divideCeil(each, 2);
    OpBuilder::InsertionGuard guard(b);
    Value first = team.place().group;
    if (pairs > 1) { // by all threads of a warp together
      auto loop = scf::ForOp::create(b, loc, i32(0), i32(2 * tiles.groups * pairs), i32(2 * tiles.groups));
      b.setInsertionPoint(loop.getBody()->getTerminator());
      first = add(first, loop.getInductionVar());
    }
    row[0] = first;
    row[1] = add(first, i32(tiles.groups));
    int64_t chunk = parts % mostParts == 0 ? mostParts : parts % 4 == 0 ? 4 : 2;
    if (chunk == parts)
      return writeParts(i32(0), chunk);
    auto loop = scf::ForOp::create(b, loc, i32(0), i32(parts), i32(chunk));
    b.setInsertionPoint(loop.getBody()->getTerminator());
    writeParts(loop.getInductionVar(), chunk);
  }

private:
  Value i32(int64_t v) { return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(int32_t(v))); }
  Value index(Value v) { return arith::IndexCastUIOp::create(b, loc, b.getIndexType(), v); }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value below(Value v, int64_t bound) {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, v, i32(bound));
  }
  Value clamped(Value v, int64_t count) { return arith::MinUIOp::create(b, loc, v, i32(count - 1)); }

  bool allRows() const { return rows % (2 * tiles.groups) == 0; }
  bool allColumns() const { return tiles.modulus % tiles.width == 0; }

  /// Sums of two rows and `count` parts from `firstPart` on; in `sums`, four for each two parts.
  void writeParts(Value firstPart, int64_t count) {
    Value start = op->hasAttr(overwriteAttr) || op->hasAttr(addProductAttr)
                      ? Value(arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0)))
                      : Value();
    SmallVector<Value> sums;
    for (int64_t pair = 0; pair < count / 2; ++pair)
      for (int64_t n = 0; n < 4; ++n)
        sums.push_back(start ? start : load(n / 2, add(firstPart, i32(2 * pair + n % 2))));
    if (int64_t passes = terms / FragmentLayout::terms) {
      auto loop = scf::ForOp::create(b, loc, i32(0), i32(passes), i32(1), sums);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      sums = llvm::to_vector_of<Value>(loop.getRegionIterArgs());
      pass(loop.getInductionVar(), firstPart, /*whole=*/true, sums);
      scf::YieldOp::create(b, loc, sums);
      sums = llvm::to_vector_of<Value>(loop.getResults());
    }
    if (terms % FragmentLayout::terms != 0)
      pass(i32(terms / FragmentLayout::terms), firstPart, /*whole=*/false, sums);
    for (int64_t pair = 0; pair < count / 2; ++pair)
      for (int64_t n = 0; n < 4; ++n)
        store(sums[4 * pair + n], n / 2, add(firstPart, i32(2 * pair + n % 2)));
  }

  /// 16 terms; of the last pass those that there are.
  void pass(Value number, Value firstPart, bool whole, SmallVectorImpl<Value> &sums) {
    Value first = add(arith::MulIOp::create(b, loc, number, i32(FragmentLayout::terms)), place.firstTerm);
    SmallVector<Value> of[2];
    for (int64_t r = 0; r < 2; ++r)
      of[r] = layout.pack(rowTerms(row[r], first, whole));
    for (size_t pair = 0; pair < sums.size() / 4; ++pair) {
      Value part = add(firstPart, i32(2 * int64_t(pair)));
      SmallVector<Value> column = copy ? copied(number, part) : layout.pack(columnTerms(part, first, whole));
      layout.multiply(of[0], of[1], column, MutableArrayRef(sums).slice(4 * pair, 4));
    }
  }

  SmallVector<Value> rowTerms(Value row, Value first, bool whole) {
    Value left = op.getInputs()[0], at = index(allRows() ? row : clamped(row, rows));
    SmallVector<Value> four;
    if (whole && hasVectorsInRows(left, 4)) {
      Value all = vector::LoadOp::create(b, loc, VectorType::get({4}, b.getF32Type()), left,
                                         ValueRange{at, index(first)}, /*nontemporal=*/false, llvm::MaybeAlign(16));
      for (int64_t k = 0; k < 4; ++k)
        four.push_back(vector::ExtractOp::create(b, loc, all, k));
      return four;
    }
    for (int64_t k = 0; k < 4; ++k)
      four.push_back(term(left, first, k, whole, [&](Value t) { return SmallVector<Value>{at, t}; }));
    return four;
  }
  SmallVector<Value> columnTerms(Value firstPart, Value first, bool whole) {
    Value fourth = arith::MulIOp::create(b, loc, layout.units, i32(unitsOfWarp)), unit = add(fourth, place.unit);
    unit = add(arith::SubIOp::create(b, loc, team.place().column, team.place().part), unit);
    if (!allColumns())
      unit = clamped(unit, tiles.modulus);
    Value offset = arith::MulIOp::create(b, loc, add(firstPart, place.part), i32(tiles.modulus));
    Value column = index(add(unit, offset));
    SmallVector<Value> four;
    for (int64_t k = 0; k < 4; ++k)
      four.push_back(term(op.getInputs()[1], first, k, whole, [&](Value t) { return SmallVector<Value>{t, column}; }));
    return four;
  }
  /// A term past the last is 0.
  Value term(Value matrix, Value first, int64_t k, bool whole, llvm::function_ref<SmallVector<Value>(Value)> at) {
    Value number = k == 0 ? first : add(first, i32(k));
    if (whole)
      return memref::LoadOp::create(b, loc, matrix, at(index(number)));
    Value v = memref::LoadOp::create(b, loc, matrix, at(index(clamped(number, terms))));
    return arith::SelectOp::create(b, loc, below(number, terms), v,
                                   arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0)));
  }
  SmallVector<Value> copied(Value pass, Value part) {
    Value pair = arith::DivUIOp::create(b, loc, part, i32(2)), zero = arith::ConstantIndexOp::create(b, loc, 0);
    int64_t words = layout.words();
    Value all =
        vector::LoadOp::create(b, loc, VectorType::get({words}, b.getI32Type()), copy,
                               ValueRange{index(pass), index(layout.units), index(pair), index(layout.lane), zero},
                               /*nontemporal=*/false, llvm::MaybeAlign(4 * words));
    SmallVector<Value> column;
    for (int64_t k = 0; k < words; ++k)
      column.push_back(vector::ExtractOp::create(b, loc, all, k));
    return column;
  }

  SmallVector<Value> outAt(int64_t r, Value part) {
    Value column = team.place().column, at = row[r];
    if (!allColumns())
      column = clamped(column, tiles.modulus);
    if (!allRows())
      at = clamped(at, rows);
    return {index(at), index(add(column, arith::MulIOp::create(b, loc, part, i32(tiles.modulus))))};
  }
  Value load(int64_t r, Value part) { return memref::LoadOp::create(b, loc, op.getOutputs()[0], outAt(r, part)); }
  void store(Value v, int64_t r, Value part) {
    OpBuilder::InsertionGuard guard(b);
    Value has;
    if (!allRows())
      has = below(row[r], rows);
    if (!allColumns()) {
      Value hasColumn = below(team.place().column, tiles.modulus);
      has = has ? Value(arith::AndIOp::create(b, loc, has, hasColumn)) : hasColumn;
    }
    if (has)
      b.setInsertionPoint(scf::IfOp::create(b, loc, has, /*withElseRegion=*/false).thenYield());
    if (op->hasAttr(addProductAttr))
      v = arith::AddFOp::create(b, loc, load(r, part), v);
    memref::StoreOp::create(b, loc, v, op.getOutputs()[0], outAt(r, part));
  }

  const Team &team;
  const ColumnTiles &tiles;
  OpBuilder &b;
  Location loc;
  linalg::MatmulOp op;
  Value copy;
  FragmentLayout layout;
  FragmentLayout::Place place; // of this thread
  int64_t rows, parts, terms;
  Value row[2];
};

} // namespace

void writeTensorProduct(const Team &team, OpBuilder &b, linalg::MatmulOp op, Value weights) {
  TensorProduct(team, b, op, weights).write();
}

} // namespace overtime::ir
