// SPDX-License-Identifier: Apache-2.0
// expand-random: dyn.random_uniform becomes Philox 4x32-10 (Salmon et al. 2011) on every element.
#include "compiler/transforms/Passes.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <array>

namespace overtime::ir {
#define GEN_PASS_DEF_EXPANDRANDOM
#include "compiler/transforms/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

/// 32-bit words kept in i64, where the 32 x 32 -> 64 bit products of Philox are plain multiplications.
class Words {
public:
  Words(OpBuilder &builder, Location loc) : b(builder), loc(loc) {}

  Value number(uint64_t v) { return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(int64_t(v))); }
  Value low(Value v) { return arith::AndIOp::create(b, loc, v, number(0xffffffffu)); }
  Value high(Value v) { return arith::ShRUIOp::create(b, loc, v, number(32)); }
  Value mul(Value a, uint64_t v) { return arith::MulIOp::create(b, loc, a, number(v)); }
  Value add(Value a, uint64_t v) { return arith::AddIOp::create(b, loc, a, number(v)); }
  Value xorWith(Value a, Value c) { return arith::XOrIOp::create(b, loc, a, c); }
  Value shiftRight(Value a, unsigned n) { return arith::ShRUIOp::create(b, loc, a, number(n)); }

  std::array<Value, 4> philox(std::array<Value, 4> counter, Value key0, Value key1) {
    for (int round = 0; round < 10; ++round) {
      Value p0 = mul(counter[0], 0xD2511F53u), p1 = mul(counter[2], 0xCD9E8D57u);
      counter = {xorWith(xorWith(high(p1), counter[1]), key0), low(p1), xorWith(xorWith(high(p0), counter[3]), key1),
                 low(p0)};
      key0 = low(add(key0, 0x9E3779B9u));
      key1 = low(add(key1, 0xBB67AE85u));
    }
    return counter;
  }

  /// Uniform in [0, 1): 24 bits of one word for f32, 53 bits of two words for f64.
  Value uniform(std::array<Value, 4> words, FloatType type) {
    Value bits = shiftRight(words[0], type.isF32() ? 8 : 5);
    if (type.isF64())
      bits = arith::AddIOp::create(b, loc, mul(bits, uint64_t(1) << 26), shiftRight(words[1], 6));
    Value real = arith::SIToFPOp::create(b, loc, type, bits);
    double scale = type.isF32() ? 0x1p-24 : 0x1p-53;
    return arith::MulFOp::create(b, loc, real, arith::ConstantOp::create(b, loc, b.getFloatAttr(type, scale)));
  }

private:
  OpBuilder &b;
  Location loc;
};

Value drawElement(OpBuilder &builder, RandomUniformOp op, Value element, FloatType type) {
  Words w(builder, op.getLoc());
  Value stream = w.number(uint32_t(op.getStream()));
  std::array<Value, 4> counter = {element, w.low(op.getStep()), w.high(op.getStep()), stream};
  return w.uniform(w.philox(counter, w.low(op.getSeed()), w.high(op.getSeed())), type);
}

Value expand(OpBuilder &builder, RandomUniformOp op) {
  auto tensor = dyn_cast<RankedTensorType>(op.getType());
  if (!tensor)
    return drawElement(builder, op, Words(builder, op.getLoc()).number(0), cast<FloatType>(op.getType()));
  Location loc = op.getLoc();
  Value empty = tensor::EmptyOp::create(builder, loc, tensor.getShape(), tensor.getElementType());
  SmallVector<AffineMap> maps = {builder.getMultiDimIdentityMap(tensor.getRank())};
  SmallVector<utils::IteratorType> iterators(tensor.getRank(), utils::IteratorType::parallel);
  auto body = [&](OpBuilder &b, Location loc, ValueRange) {
    Value flat = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
    for (int64_t d = 0; d < tensor.getRank(); ++d) {
      Value extent = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(tensor.getDimSize(d)));
      Value index = arith::IndexCastOp::create(b, loc, b.getI64Type(), linalg::IndexOp::create(b, loc, d));
      flat = arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, flat, extent), index);
    }
    linalg::YieldOp::create(b, loc, drawElement(b, op, flat, cast<FloatType>(tensor.getElementType())));
  };
  return linalg::GenericOp::create(builder, loc, TypeRange{tensor}, ValueRange{}, ValueRange{empty}, maps, iterators,
                                   body)
      .getResult(0);
}

struct ExpandRandomPass : overtime::ir::impl::ExpandRandomBase<ExpandRandomPass> {
  void runOnOperation() override {
    getOperation().walk([](RandomUniformOp op) {
      OpBuilder builder(op);
      op.replaceAllUsesWith(expand(builder, op));
      op.erase();
    });
  }
};

} // namespace
