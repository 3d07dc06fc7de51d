// SPDX-License-Identifier: Apache-2.0
// Which columns of the left factor of a product have anything but zeros in a tile of its rows.
#include "compiler/lower/cpu/EventLists.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace overtime::ir {

constexpr int64_t lanes = 16; // elements that are compared at a time

bool EventLists::pay(MemRefType left, int64_t tileRows, int64_t columns) {
  constexpr int64_t fewColumns = 128, fewTerms = 48, mostBytes = 128 << 10;
  int64_t inner = left.getDimSize(1), tiles = llvm::divideCeil(left.getDimSize(0), tileRows);
  return columns >= fewColumns && inner >= fewTerms && (tiles + 1) * inner * 4 <= mostBytes;
}

Value EventLists::index(OpBuilder &b, int64_t v) const { return arith::ConstantIndexOp::create(b, loc, v); }

EventLists::EventLists(OpBuilder &b, Location loc, func::FuncOp function, Value left, int64_t tileRows)
    : loc(loc), left(left), tileRows(tileRows) {
  auto type = cast<MemRefType>(left.getType());
  rows = type.getDimSize(0), inner = type.getDimSize(1), tiles = llvm::divideCeil(rows, tileRows);
  OpBuilder entry = OpBuilder::atBlockBegin(&function.getBody().front());
  auto memory = [&](int64_t size, Type element) -> Value {
    return memref::AllocaOp::create(entry, loc, MemRefType::get({size}, element), entry.getI64IntegerAttr(64));
  };
  columns = memory((tiles + 1) * inner, b.getI32Type());
  begins = memory(tiles, b.getIndexType());
  ends = memory(tiles, b.getIndexType());

  auto set = [&](OpBuilder &inside, Value tile, Value begin, Value count) {
    memref::StoreOp::create(inside, loc, begin, begins, tile);
    memref::StoreOp::create(inside, loc, arith::AddIOp::create(inside, loc, begin, count), ends, tile);
  };
  Value zero = index(b, 0), one = index(b, 1), all = index(b, tiles * inner), some = fill(b, zero);
  Value few = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ule, some, index(b, inner / 2));
  scf::IfOp::create(
      b, loc, few,
      [&](OpBuilder &inside, Location) {
        set(inside, zero, zero, some);
        scf::ForOp::create(inside, loc, one, index(inside, tiles), one, {},
                           [&](OpBuilder &body, Location, Value tile, ValueRange) {
                             Value count = fill(body, tile);
                             set(body, tile, arith::MulIOp::create(body, loc, tile, index(body, inner)), count);
                             scf::YieldOp::create(body, loc);
                           });
        scf::YieldOp::create(inside, loc);
      },
      [&](OpBuilder &inside, Location) {
        scf::ForOp::create(
            inside, loc, zero, index(inside, inner), one, {}, [&](OpBuilder &body, Location, Value k, ValueRange) {
              Value number = arith::IndexCastUIOp::create(body, loc, body.getI32Type(), k);
              memref::StoreOp::create(body, loc, number, columns, ValueRange{arith::AddIOp::create(body, loc, all, k)});
              scf::YieldOp::create(body, loc);
            });
        scf::ForOp::create(inside, loc, zero, index(inside, tiles), one, {},
                           [&](OpBuilder &body, Location, Value tile, ValueRange) {
                             set(body, tile, all, index(body, inner));
                             scf::YieldOp::create(body, loc);
                           });
        scf::YieldOp::create(inside, loc);
      });
}

/// A bit for each column from `block` on that has anything but zeros. The last block is read from where it is whole.
Value EventLists::bits(OpBuilder &b, Value tile, Value block) {
  auto element = cast<MemRefType>(left.getType()).getElementType();
  auto vector = VectorType::get({lanes}, element);
  Value zeros = arith::ConstantOp::create(b, loc, b.getZeroAttr(vector)), any;
  Value first = inner % lanes == 0 ? block : Value(arith::MinUIOp::create(b, loc, block, index(b, inner - lanes)));
  Value top = arith::MulIOp::create(b, loc, tile, index(b, tileRows));
  for (int64_t r = 0; r < tileRows; ++r) {
    Value row = arith::MinUIOp::create(b, loc, arith::AddIOp::create(b, loc, top, index(b, r)), index(b, rows - 1));
    Value numbers = vector::LoadOp::create(b, loc, vector, left, ValueRange{row, first});
    Value found = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, numbers, zeros);
    any = any ? Value(arith::OrIOp::create(b, loc, any, found)) : found;
  }
  Value packed = vector::BitCastOp::create(b, loc, VectorType::get({1}, b.getIntegerType(lanes)), any);
  Value set = vector::ExtractOp::create(b, loc, packed, ArrayRef<int64_t>{0});
  set = arith::ExtUIOp::create(b, loc, b.getI32Type(), set);
  if (inner % lanes == 0)
    return set;
  Value known = arith::SubIOp::create(b, loc, block, first);
  return arith::ShRUIOp::create(b, loc, set, arith::IndexCastUIOp::create(b, loc, b.getI32Type(), known));
}

/// The list of a tile; its length.
Value EventLists::fill(OpBuilder &b, Value tile) {
  Value start = arith::MulIOp::create(b, loc, tile, index(b, inner));
  auto blocks = scf::ForOp::create(
      b, loc, index(b, 0), index(b, inner), index(b, lanes), ValueRange{start},
      [&](OpBuilder &body, Location, Value block, ValueRange place) {
        Value none = arith::ConstantOp::create(body, loc, body.getI32IntegerAttr(0));
        Value one = arith::ConstantOp::create(body, loc, body.getI32IntegerAttr(1));
        Value base = arith::IndexCastUIOp::create(body, loc, body.getI32Type(), block);
        auto loop = scf::WhileOp::create(
            body, loc, TypeRange{body.getI32Type(), body.getIndexType()}, ValueRange{bits(body, tile, block), place[0]},
            [&](OpBuilder &test, Location, ValueRange v) {
              Value more = arith::CmpIOp::create(test, loc, arith::CmpIPredicate::ne, v[0], none);
              scf::ConditionOp::create(test, loc, more, v);
            },
            [&](OpBuilder &inside, Location, ValueRange v) {
              Value bit = math::CountTrailingZerosOp::create(inside, loc, v[0]);
              memref::StoreOp::create(inside, loc, arith::AddIOp::create(inside, loc, base, bit), columns, v[1]);
              Value rest = arith::AndIOp::create(inside, loc, v[0], arith::SubIOp::create(inside, loc, v[0], one));
              scf::YieldOp::create(inside, loc,
                                   ValueRange{rest, arith::AddIOp::create(inside, loc, v[1], index(inside, 1))});
            });
        scf::YieldOp::create(body, loc, loop.getResult(1));
      });
  return arith::SubIOp::create(b, loc, blocks.getResult(0), start);
}

EventLists::List EventLists::of(OpBuilder &b, Value first) const {
  Value tile = arith::DivUIOp::create(b, loc, first, index(b, tileRows));
  return {memref::LoadOp::create(b, loc, begins, tile), memref::LoadOp::create(b, loc, ends, tile)};
}

Value EventLists::column(OpBuilder &b, Value place) const {
  Value number = memref::LoadOp::create(b, loc, columns, place);
  return arith::IndexCastUIOp::create(b, loc, b.getIndexType(), number);
}

} // namespace overtime::ir
