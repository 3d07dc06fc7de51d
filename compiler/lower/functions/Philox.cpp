// SPDX-License-Identifier: Apache-2.0
// Philox 4x32-10 and the distributions drawn from it, written out for scalars and vectors.
#include "compiler/lower/functions/Philox.h"

#include "compiler/lower/functions/ElementaryFunctions.h"
#include "compiler/lower/functions/Polynomials.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
namespace poly = overtime::ir::polynomial;

namespace overtime::ir {

constexpr uint64_t lowHalf = 0xffffffffu;

Value WordCode::number(Type like, uint64_t v) {
  Type element = getElementTypeOrSelf(like);
  TypedAttr one = b.getIntegerAttr(element, APInt(element.getIntOrFloatBitWidth(), v, false, true));
  if (auto vector = dyn_cast<VectorType>(like))
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(vector, Attribute(one)));
  return arith::ConstantOp::create(b, loc, one);
}

/// A scalar beside a vector: what the lanes share is computed once.
Value WordCode::spread(Value v, Type like) {
  return v.getType() == like ? v : vector::BroadcastOp::create(b, loc, like, v);
}

Value WordCode::times(Value x, uint64_t factor) {
  Value word = arith::AndIOp::create(b, loc, x, number(x.getType(), lowHalf));
  return arith::MulIOp::create(b, loc, word, number(x.getType(), factor));
}

Value WordCode::exclusiveOr(Value x, Value y) {
  Type type = isa<VectorType>(x.getType()) ? x.getType() : y.getType();
  return arith::XOrIOp::create(b, loc, spread(x, type), spread(y, type));
}

Value WordCode::shiftRight(Value x, uint64_t by) { return arith::ShRUIOp::create(b, loc, x, number(x.getType(), by)); }
Value WordCode::shiftLeft(Value x, uint64_t by) { return arith::ShLIOp::create(b, loc, x, number(x.getType(), by)); }

Value Draw::both(Value high, Value low) {
  Value masked = arith::AndIOp::create(b, loc, low, number(low.getType(), lowHalf));
  return arith::OrIOp::create(b, loc, shiftLeft(high, 32), masked);
}

WordCode::Words WordCode::philox(Words c, std::array<Value, 2> key) {
  for (int round = 0; round < 10; ++round) {
    Value p0 = times(c[0], 0xD2511F53u), p1 = times(c[2], 0xCD9E8D57u);
    c = {exclusiveOr(exclusiveOr(high(p1), c[1]), key[0]), p1, exclusiveOr(exclusiveOr(high(p0), c[3]), key[1]), p0};
    key[0] = arith::AddIOp::create(b, loc, key[0], number(key[0].getType(), 0x9E3779B9u));
    key[1] = arith::AddIOp::create(b, loc, key[1], number(key[1].getType(), 0xBB67AE85u));
  }
  return c;
}

/// The key is (low, high) of the seed, the counter (block, low and high of the step, stream).
Draw::Words Draw::wordsOf(Value block) {
  return philox({block, op.getStep(), high(op.getStep()), number(b.getI64Type(), op.getStream())},
                {op.getSeed(), high(op.getSeed())});
}

/// The words of blocks firstBlock + firstLane, ..., as integers of the real's width: in f32 of the even and the odd
/// blocks apart, in f64 with the words that continue them.
Draw::Words Draw::bitsOf(Value firstBlock, int64_t firstLane, int64_t lanes) {
  auto blocks = [&](int64_t first, int64_t count, int64_t step) {
    auto type = VectorType::get({count}, b.getI64Type());
    SmallVector<int64_t> offsets;
    for (int64_t k = 0; k < count; ++k)
      offsets.push_back(first + k * step);
    Value offset = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, ArrayRef<int64_t>(offsets)));
    return Value(arith::AddIOp::create(b, loc, spread(firstBlock, type), offset));
  };
  Words bits;
  if (real.isF32()) {
    Words even = wordsOf(blocks(firstLane, lanes / 2, 2)), odd = wordsOf(blocks(firstLane + 1, lanes / 2, 2));
    for (int64_t w = 0; w < wordsOfBlock; ++w)
      bits[w] = vector::BitCastOp::create(b, loc, VectorType::get({lanes}, b.getI32Type()), both(odd[w], even[w]));
    return bits;
  }
  Value first = blocks(firstLane, lanes, 1);
  Words upper = wordsOf(first);
  Words lower = wordsOf(arith::OrIOp::create(b, loc, first, number(first.getType(), 0x80000000u)));
  for (int64_t w = 0; w < wordsOfBlock; ++w)
    bits[w] = both(upper[w], lower[w]);
  return bits;
}

static Type realLike(Type bits, FloatType real) {
  auto vector = dyn_cast<VectorType>(bits);
  return vector ? Type(VectorType::get(vector.getShape(), real)) : Type(real);
}

/// The bits without the last ones as a whole number. It is not negative as a signed one, whose conversion is the
/// cheaper instruction.
Value Draw::fraction(Value bits, uint64_t drop) {
  return arith::SIToFPOp::create(b, loc, realLike(bits.getType(), real), shiftRight(bits, drop));
}

Value Draw::uniform(Value bits) {
  Value whole = fraction(bits, real.isF32() ? 8 : 11);
  Real f(b, loc, whole.getType(), avx512);
  return f.mul(whole, f.real(real.isF32() ? 0x1p-24 : 0x1p-53));
}

/// Box & Muller 1958. The angle is within an eighth of a turn, where sine and cosine are short polynomials; two more
/// bits spread it over the circle.
std::array<Value, 2> Draw::normals(Value radius, Value angle) {
  bool single = real.isF32();
  Real f(b, loc, realLike(radius.getType(), real), avx512);
  Value u =
      f.fma(fraction(radius, single ? 1 : 11), f.real(single ? 0x1p-31 : 0x1p-53), f.real(single ? 0x1p-32 : 0x1p-54));
  Value length = math::SqrtOp::create(b, loc, f.mul(f.real(-2.0), expandLogOfNormal(f, u)));
  Value turn = f.fma(fraction(shiftLeft(angle, 2), single ? 8 : 11), f.real(single ? 0x1p-24 : 0x1p-53), f.real(-0.5));
  Value z = f.mul(turn, turn);
  Value sine = f.mul(turn, f.horner(z, single ? ArrayRef<double>(poly::sinF32) : poly::sinF64));
  Value cosine = f.fma(z, f.horner(z, single ? ArrayRef<double>(poly::cosF32) : poly::cosF64), f.real(1.0));
  unsigned width = single ? 32 : 64;
  Value sign = arith::AndIOp::create(b, loc, angle, number(angle.getType(), uint64_t(1) << (width - 1)));
  Value larger = f.mul(length, f.fromBits(exclusiveOr(f.bitsOf(cosine), sign))), smaller = f.mul(length, sine);
  Value bit = arith::AndIOp::create(b, loc, angle, number(angle.getType(), uint64_t(1) << (width - 2)));
  Value swap = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, bit, number(angle.getType(), 0));
  return {f.choose(swap, smaller, larger), f.choose(swap, larger, smaller)};
}

SmallVector<Value> Draw::group(Value g, int64_t lanes) {
  Value firstBlock = arith::MulIOp::create(b, loc, g, number(g.getType(), blocksOfGroup));
  int64_t chunks = blocksOfGroup / lanes;
  SmallVector<Value> drawn(wordsOfBlock * chunks);
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    Words bits = bitsOf(firstBlock, chunk * lanes, lanes);
    for (int64_t w = 0; w < wordsOfBlock; w += 2) {
      std::array<Value, 2> pair =
          op.isNormal() ? normals(bits[w], bits[w + 1]) : std::array{uniform(bits[w]), uniform(bits[w + 1])};
      drawn[w * chunks + chunk] = pair[0];
      drawn[(w + 1) * chunks + chunk] = pair[1];
    }
  }
  return drawn;
}

Value Draw::element(Value e) {
  auto bitsAt = [&](Value x, uint64_t from, uint64_t mask) {
    return Value(arith::AndIOp::create(b, loc, shiftRight(x, from), number(x.getType(), mask)));
  };
  auto isSet = [&](Value x) {
    return Value(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, x, number(x.getType(), 0)));
  };
  Value block = arith::OrIOp::create(b, loc, bitsAt(e, 0, 15), shiftLeft(shiftRight(e, 6), 4));
  Words bits = wordsOf(block);
  if (real.isF32()) {
    for (Value &word : bits)
      word = arith::TruncIOp::create(b, loc, b.getI32Type(), word);
  } else {
    Words lower = wordsOf(arith::OrIOp::create(b, loc, block, number(block.getType(), 0x80000000u)));
    for (int64_t w = 0; w < wordsOfBlock; ++w)
      bits[w] = both(bits[w], lower[w]);
  }
  Value second = isSet(bitsAt(e, 5, 1)), odd = isSet(bitsAt(e, 4, 1));
  auto choose = [&](Value c, Value x, Value y) { return Value(arith::SelectOp::create(b, loc, c, x, y)); };
  Value first = choose(second, bits[2], bits[0]), next = choose(second, bits[3], bits[1]);
  if (!op.isNormal())
    return uniform(choose(odd, next, first));
  std::array<Value, 2> pair = normals(first, next);
  return choose(odd, pair[1], pair[0]);
}

} // namespace overtime::ir
