// SPDX-License-Identifier: Apache-2.0
// Copies of constant weights that the blocks of a grid keep in their shared memory for all steps.
#include "compiler/lower/gpu/columns/SharedWeights.h"

#include "compiler/lower/gpu/KernelMemory.h"
#include "compiler/lower/gpu/columns/TensorProducts.h"
#include "compiler/lower/memory/ProgramMemory.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace overtime::ir {
namespace {

/// A matrix [sum, column] or, transposed, [column, sum].
struct Weights {
  Value matrix;
  bool transposed;
  int64_t terms, columns;
};

/// The weights among the inputs of a product that is cut into columns.
std::optional<Weights> weightsOf(linalg::LinalgOp op, OpOperand &operand, scf::ForOp time) {
  auto type = memoryType(operand.get());
  AffineMap map = op.getMatchingIndexingMap(&operand);
  if (op.getNumReductionLoops() != 1 || !type || type.getRank() != 2 || !map.isProjectedPermutation() ||
      time.getRegion().isAncestor(operand.get().getParentRegion()) || !isConstantIn(operand.get(), time))
    return std::nullopt;
  SmallVector<unsigned> loops;
  op.getParallelDims(loops);
  unsigned column = loops.back(), first = map.getDimPosition(0), second = map.getDimPosition(1);
  op.getReductionDims(loops = {});
  unsigned sum = loops.front();
  if (first == sum && second == column)
    return Weights{operand.get(), false, type.getDimSize(0), type.getDimSize(1)};
  if (first == column && second == sum)
    return Weights{operand.get(), true, type.getDimSize(1), type.getDimSize(0)};
  return std::nullopt;
}

class Copier {
public:
  Copier(const Team &team, OpBuilder &b, Location loc) : team(team), tiles(*team.tiles()), b(b), loc(loc) {}

  /// A copy, written by the threads of the block; null where there is no more room.
  Value copy(const Weights &weights) {
    Type element = cast<MemRefType>(weights.matrix.getType()).getElementType();
    int64_t parts = weights.columns / tiles.modulus;
    auto type = MemRefType::get({weights.terms, tiles.width, parts}, element);
    return share(type, type.getNumElements(), [&](Value place, Value number) {
      Value part = remainder(number, parts), inner = quotient(number, parts);
      Value ofBlock = remainder(inner, tiles.width), term = quotient(inner, tiles.width);
      Value v = load(weights, term, ofBlock, part);
      memref::StoreOp::create(b, loc, v, place, ValueRange{index(term), index(ofBlock), index(part)});
    });
  }
  /// As tensor cores take them: what a thread needs at once lies together, rounded already, 0 past the last term.
  Value copyFragments(const Weights &weights) {
    FragmentLayout layout(team, b, loc);
    MemRefType type = layout.copyType(weights.terms, weights.columns / tiles.modulus);
    ArrayRef<int64_t> shape = type.getShape();
    return share(type, type.getNumElements() / layout.words(), [&](Value place, Value number) {
      SmallVector<Value> at(4); // pass, units, pair of parts, lane
      for (size_t d = at.size(); d-- > 0; number = quotient(number, shape[d]))
        at[d] = d == 0 ? number : remainder(number, shape[d]);
      FragmentLayout::Place of = layout.placeOf(at[3]);
      Value first = add(mul(at[0], FragmentLayout::terms), of.firstTerm);
      Value unit = add(mul(at[1], 4), of.unit), part = add(mul(at[2], 2), of.part);
      SmallVector<Value> four, where = llvm::map_to_vector(at, [&](Value v) { return index(v); });
      for (int64_t k = 0; k < 4; ++k) {
        Value term = add(first, i32(k)), last = i32(weights.terms - 1);
        Value v = load(weights, arith::MinUIOp::create(b, loc, term, last), unit, part);
        Value has = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ule, term, last);
        Value zero = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0));
        four.push_back(arith::SelectOp::create(b, loc, has, v, zero));
      }
      for (auto [k, word] : llvm::enumerate(layout.pack(four))) {
        SmallVector<Value> to = where;
        to.push_back(arith::ConstantIndexOp::create(b, loc, int64_t(k)));
        memref::StoreOp::create(b, loc, word, place, to);
      }
    });
  }

private:
  Value share(MemRefType type, int64_t count, llvm::function_ref<void(Value place, Value number)> write) {
    if (bytes + paddedBytes(type) > team.sharedBytes())
      return Value();
    bytes += paddedBytes(type);
    auto place = memref::AllocOp::create(b, loc, type, b.getI64IntegerAttr(64));
    place->setAttr(blockSharedAttr, b.getUnitAttr());
    auto loop = scf::ForOp::create(b, loc, team.place().inBlock, i32(count), i32(tiles.threads()));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(loop.getBody()->getTerminator());
    write(place, loop.getInductionVar());
    return place;
  }
  /// Of a column of this block.
  Value load(const Weights &weights, Value term, Value ofBlock, Value part) {
    Value first = arith::SubIOp::create(b, loc, team.place().column, team.place().part);
    Value column = arith::AddIOp::create(b, loc, first, ofBlock);
    if (tiles.modulus % tiles.width != 0) { // columns past the last one hold anything
      Value last = i32(tiles.modulus - 1);
      column = arith::MinUIOp::create(b, loc, column, last);
    }
    SmallVector<Value> from = {index(term), index(add(column, mul(part, tiles.modulus)))};
    if (weights.transposed)
      std::swap(from[0], from[1]);
    return memref::LoadOp::create(b, loc, weights.matrix, from);
  }

  Value remainder(Value v, int64_t by) { return arith::RemUIOp::create(b, loc, v, i32(by)); }
  Value quotient(Value v, int64_t by) { return arith::DivUIOp::create(b, loc, v, i32(by)); }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value mul(Value x, int64_t y) { return arith::MulIOp::create(b, loc, x, i32(y)); }
  Value i32(int64_t v) { return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(int32_t(v))); }
  Value index(Value v) { return arith::IndexCastUIOp::create(b, loc, b.getIndexType(), v); }

  const Team &team;
  const ColumnTiles &tiles;
  OpBuilder &b;
  Location loc;
  int64_t bytes = 0;
};

} // namespace

WeightsCopies copyWeights(const Team &team, scf::ForOp time, OpBuilder &b) {
  WeightsCopies copies;
  Copier copier(team, b, time.getLoc());
  llvm::MapVector<std::pair<Value, unsigned>, Value> made; // in order, in order of columns, as fragments
  for (auto op : time.getBody()->getOps<linalg::LinalgOp>()) {
    if (!team.tiles()->cut(columnsOf(op)))
      continue;
    for (OpOperand *operand : op.getDpsInputOperands())
      if (std::optional<Weights> weights = weightsOf(op, *operand, time)) {
        bool fragments = isForTensorCores(op, team.tiles());
        unsigned kind = fragments ? 2 : weights->transposed;
        auto [place, fresh] = made.insert({{weights->matrix, kind}, Value()});
        if (fresh)
          place->second = fragments ? copier.copyFragments(*weights) : copier.copy(*weights);
        SmallVector<unsigned> loops;
        op.getReductionDims(loops);
        if (place->second)
          copies[{op, operand->getOperandNumber()}] = {place->second, loops.front()};
      }
  }
  if (!copies.empty())
    team.waitInBlock(b, time.getLoc());
  return copies;
}

} // namespace overtime::ir
