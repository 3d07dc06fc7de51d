// SPDX-License-Identifier: Apache-2.0
// Copies of constant weights that the blocks of a grid keep in their shared memory for all steps.
#include "compiler/lower/gpu/SharedWeights.h"

#include "compiler/lower/gpu/KernelMemory.h"
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

  /// The copy, written by the threads of the block; null where there is no more room.
  Value copy(const Weights &weights) {
    Type element = cast<MemRefType>(weights.matrix.getType()).getElementType();
    int64_t parts = weights.columns / tiles.modulus;
    auto type = MemRefType::get({weights.terms, tiles.width, parts}, element);
    if (bytes + paddedBytes(type) > team.sharedBytes())
      return Value();
    bytes += paddedBytes(type);
    auto place = memref::AllocOp::create(b, loc, type, b.getI64IntegerAttr(64));
    place->setAttr(blockSharedAttr, b.getUnitAttr());
    auto loop = scf::ForOp::create(b, loc, team.place().inBlock, i32(type.getNumElements()), i32(tiles.threads()));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(loop.getBody()->getTerminator());
    writeElement(weights, place, loop.getInductionVar(), parts);
    return place;
  }

private:
  void writeElement(const Weights &weights, Value place, Value number, int64_t parts) {
    auto remainder = [&](Value v, int64_t by) -> Value { return arith::RemUIOp::create(b, loc, v, i32(by)); };
    auto quotient = [&](Value v, int64_t by) -> Value { return arith::DivUIOp::create(b, loc, v, i32(by)); };
    Value part = remainder(number, parts), inner = quotient(number, parts);
    Value ofBlock = remainder(inner, tiles.width), term = quotient(inner, tiles.width);
    Value first = arith::SubIOp::create(b, loc, team.place().column, team.place().part);
    Value column = arith::AddIOp::create(b, loc, first, ofBlock);
    if (tiles.modulus % tiles.width != 0) { // columns past the last one hold anything
      Value last = i32(tiles.modulus - 1);
      column = arith::MinUIOp::create(b, loc, column, last);
    }
    column = arith::AddIOp::create(b, loc, column, arith::MulIOp::create(b, loc, part, i32(tiles.modulus)));
    SmallVector<Value> from = {index(term), index(column)};
    if (weights.transposed)
      std::swap(from[0], from[1]);
    Value v = memref::LoadOp::create(b, loc, weights.matrix, from);
    memref::StoreOp::create(b, loc, v, place, ValueRange{index(term), index(ofBlock), index(part)});
  }

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
  llvm::MapVector<std::pair<Value, unsigned>, Value> made;
  for (auto op : time.getBody()->getOps<linalg::LinalgOp>()) {
    if (!team.tiles()->cut(columnsOf(op)))
      continue;
    for (OpOperand *operand : op.getDpsInputOperands())
      if (std::optional<Weights> weights = weightsOf(op, *operand, time)) {
        auto [place, fresh] = made.insert({{weights->matrix, unsigned(weights->transposed)}, Value()});
        if (fresh)
          place->second = copier.copy(*weights);
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
