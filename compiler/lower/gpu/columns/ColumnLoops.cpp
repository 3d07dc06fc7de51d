// SPDX-License-Identifier: Apache-2.0
// Writes an operation whose matrices are cut into columns: what a thread does of it.
#include "compiler/lower/gpu/columns/ColumnLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace overtime::ir {
namespace {

constexpr int64_t termsAtOnce = 4; // of a sum: neighbours in memory are one access

/// 4, 2 or 1: without a remainder.
int64_t tileOf(int64_t count) { return count % 4 == 0 ? 4 : count % 2 == 0 ? 2 : 1; }

} // namespace

ColumnLoops::ColumnLoops(const Team &team, OpBuilder &b, Location loc, PointLoops &points)
    : team(team), tiles(*team.tiles()), b(b), loc(loc), points(points) {
  ArrayRef<int64_t> extents = points.extents();
  parts = extents.back() / tiles.modulus;
  if (extents.size() == 1)
    rows = std::exchange(parts, 1);
  for (int64_t extent : extents.drop_back())
    rows *= extent;
}

Value ColumnLoops::i32(int64_t v) { return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(int32_t(v))); }
Value ColumnLoops::toIndex(Value v) { return arith::IndexCastUIOp::create(b, loc, b.getIndexType(), v); }

Value ColumnLoops::plus(Value v, int64_t more) {
  return more == 0 ? v : Value(arith::AddIOp::create(b, loc, v, i32(more)));
}

void ColumnLoops::write() {
  OpBuilder::InsertionGuard guard(b);
  if (tiles.modulus % tiles.width != 0) { // the last block has fewer columns
    Value has = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, team.place().column, i32(tiles.modulus));
    b.setInsertionPoint(scf::IfOp::create(b, loc, has, /*withElseRegion=*/false).thenYield());
  }
  writeRows();
}

void ColumnLoops::writeWithinRows() {
  OpBuilder::InsertionGuard guard(b);
  auto down = scf::ForOp::create(b, loc, team.place().group, i32(rows), i32(tiles.groups));
  b.setInsertionPoint(down.getBody()->getTerminator());
  auto across = scf::ForOp::create(b, loc, team.place().part, i32(points.extents().back()), i32(tiles.width));
  b.setInsertionPoint(across.getBody()->getTerminator());
  SmallVector<Value> place = rowAt(down.getInductionVar());
  place.push_back(toIndex(across.getInductionVar()));
  points.emitPoint(place);
}

/// Rows of a group are `groups` apart.
void ColumnLoops::writeRows() {
  int64_t groups = tiles.groups, each = rows / groups, tile = rows % groups == 0 && points.reduces() ? tileOf(each) : 1;
  OpBuilder::InsertionGuard guard(b);
  if (rows == groups * tile)
    return writeParts(team.place().group, tile);
  auto loop = scf::ForOp::create(b, loc, team.place().group, i32(rows), i32(groups * tile));
  b.setInsertionPoint(loop.getBody()->getTerminator());
  writeParts(loop.getInductionVar(), tile);
}

void ColumnLoops::writeParts(Value row, int64_t count) {
  int64_t tile = tileOf(parts);
  if (tile == parts)
    return writeTile(row, count, i32(0), tile);
  OpBuilder::InsertionGuard guard(b);
  auto loop = scf::ForOp::create(b, loc, i32(0), i32(parts), i32(tile));
  b.setInsertionPoint(loop.getBody()->getTerminator());
  writeTile(row, count, loop.getInductionVar(), tile);
}

void ColumnLoops::writeTile(Value firstRow, int64_t rowCount, Value firstPart, int64_t partCount) {
  // One value for each row and each column: what is read at the same place is seen to be the same.
  SmallVector<SmallVector<Value>> leading;
  SmallVector<std::pair<Value, Value>> columns; // number, part
  bool isVector = points.extents().size() == 1;
  Value first = isVector ? firstRow : firstPart;
  for (int64_t k = 0; k < (isVector ? rowCount : partCount); ++k) {
    Value part = plus(first, isVector ? k * tiles.groups : k);
    Value offset = arith::MulIOp::create(b, loc, part, i32(tiles.modulus));
    columns.push_back({toIndex(arith::AddIOp::create(b, loc, team.place().column, offset)), toIndex(part)});
  }
  for (int64_t r = 0; r < (isVector ? 1 : rowCount); ++r)
    leading.push_back(isVector ? SmallVector<Value>() : rowAt(plus(firstRow, r * tiles.groups)));
  Value inBlock = toIndex(team.place().part);
  SmallVector<Point> tile;
  for (const SmallVector<Value> &row : leading)
    for (auto [q, column] : llvm::enumerate(columns)) {
      SmallVector<Value> place = row;
      place.push_back(column.first);
      Point point{place, inBlock, column.second};
      if (!isVector) { // neighbours in a copy
        point.firstPart = columns.front().second;
        point.part = int64_t(q);
        point.parts = partCount;
      }
      tile.push_back(point);
    }
  points.emitTile(tile, points.reduces() ? termsAtOnce : 1);
}

/// The coordinates of row `number`, counted over all loops but the last.
SmallVector<Value> ColumnLoops::rowAt(Value number) {
  ArrayRef<int64_t> extents = points.extents().drop_back();
  SmallVector<Value> place(extents.size());
  for (size_t d = extents.size(); d-- > 1;) {
    place[d] = toIndex(arith::RemUIOp::create(b, loc, number, i32(extents[d])));
    number = arith::DivUIOp::create(b, loc, number, i32(extents[d]));
  }
  place[0] = toIndex(number);
  return place;
}

} // namespace overtime::ir
