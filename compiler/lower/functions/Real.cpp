// SPDX-License-Identifier: Apache-2.0
// Writes arithmetic on one real type, scalar or vector.
#include "compiler/lower/functions/Real.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <cmath>
#include <numeric>

using namespace mlir;

namespace overtime::ir {

Type Real::intType() const {
  Type word = b.getIntegerType(bits());
  auto vector = dyn_cast<VectorType>(type);
  return vector ? Type(VectorType::get(vector.getShape(), word)) : word;
}

int64_t Real::lanes() const {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? vector.getNumElements() : 1;
}

Value Real::constant(Type type, TypedAttr number) {
  if (auto vector = dyn_cast<VectorType>(type))
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(vector, Attribute(number)));
  return arith::ConstantOp::create(b, loc, number);
}
Value Real::real(double v) { return constant(type, b.getFloatAttr(getElementTypeOrSelf(type), v)); }
Value Real::integer(int64_t v) { return constant(intType(), b.getIntegerAttr(b.getIntegerType(bits()), v)); }

Value Real::round(Value x) {
  if (!gpu)
    return math::RoundEvenOp::create(b, loc, x);
  Value large = real(std::ldexp(1.5, int(mantissa())));
  return sub(add(x, large), large);
}

Value Real::atMost(double high, Value x) {
  Value h = real(high);
  return choose(compare(arith::CmpFPredicate::OLT, h, x), h, x);
}
Value Real::atLeast(double low, Value x) {
  Value l = real(low);
  return choose(compare(arith::CmpFPredicate::OGT, l, x), l, x);
}

Value Real::horner(Value x, ArrayRef<double> c, double factor) {
  double power = 1.0;
  SmallVector<double> scaled;
  for (double coefficient : c) {
    scaled.push_back(coefficient * power);
    power *= factor;
  }
  Value sum = real(scaled.back());
  for (double coefficient : llvm::reverse(ArrayRef(scaled).drop_back()))
    sum = fma(sum, x, real(coefficient));
  return sum;
}

Value Real::widened(Value x, int64_t count) {
  if (lanes() == count)
    return x;
  auto wide = VectorType::get({count}, getElementTypeOrSelf(x.getType()));
  if (scalar())
    return vector::InsertOp::create(b, loc, x, LLVM::PoisonOp::create(b, loc, wide), ArrayRef<int64_t>{0});
  SmallVector<int64_t> from(count, 0);
  for (int64_t k = 0; k < lanes(); ++k)
    from[k] = k;
  return vector::ShuffleOp::create(b, loc, x, x, from);
}

Value Real::narrowed(Value x) {
  if (x.getType() == type)
    return x;
  if (scalar())
    return vector::ExtractOp::create(b, loc, x, ArrayRef<int64_t>{0});
  SmallVector<int64_t> from(lanes());
  std::iota(from.begin(), from.end(), 0);
  return vector::ShuffleOp::create(b, loc, x, x, from);
}

Value Real::intrinsic(StringRef name, Type result, ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(b, loc, result, b.getStringAttr(name), operands).getResult(0);
}

Value Real::allLanes(int64_t count) {
  Type mask = b.getIntegerType(std::max<int64_t>(count, 8));
  return LLVM::ConstantOp::create(b, loc, mask, b.getIntegerAttr(mask, -1));
}

/// vscalef gives infinity, zero and subnormals for free.
Value Real::scale(Value x, Value n) {
  if (avx512) {
    int64_t count = std::max<int64_t>(lanes(), 128 / bits());
    std::string name =
        "llvm.x86.avx512.mask.scalef." + std::string(single() ? "ps." : "pd.") + std::to_string(count * bits());
    Value wide = widened(x, count);
    SmallVector<Value> operands = {wide, widened(n, count), wide, allLanes(count)};
    if (count * bits() == 512)
      operands.push_back(LLVM::ConstantOp::create(b, loc, b.getI32Type(), b.getI32IntegerAttr(4))); // current rounding
    return narrowed(intrinsic(name, wide.getType(), operands));
  }
  // Half of n, rounded as the sum with a large number is: a conversion to an integer has no value where n is NaN.
  Value large = real(std::ldexp(1.5, int(mantissa())));
  Value half = sub(fma(n, real(0.5), large), large);
  return mul(mul(x, powerOfTwo(half)), powerOfTwo(sub(n, half)));
}

/// The last bits of the sum are the exponent's; the shift drops the others.
Value Real::powerOfTwo(Value n) {
  Value sum = add(n, real(std::ldexp(1.5, int(mantissa())) + double(bias())));
  return fromBits(shiftLeft(bitsOf(sum), mantissa()));
}

Value Real::lookUp(llvm::function_ref<double(unsigned)> entry, Value place) {
  // A whole register holds the table; half a register takes a pair of them; fewer lanes are widened to that.
  int64_t size = tableSize(), count = std::max<int64_t>(lanes(), size / 2);
  Type element = getElementTypeOrSelf(type);
  auto table = [&](int64_t first, int64_t n) -> Value {
    SmallVector<Attribute> numbers;
    for (int64_t j = first; j < first + n; ++j)
      numbers.push_back(b.getFloatAttr(element, entry(j)));
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(VectorType::get({n}, element), numbers));
  };
  auto wide = VectorType::get({count}, element);
  Value index =
      arith::BitcastOp::create(b, loc, VectorType::get({count}, b.getIntegerType(bits())), widened(place, count));
  if (count == size)
    return intrinsic(single() ? "llvm.x86.avx512.permvar.sf.512" : "llvm.x86.avx512.permvar.df.512", wide,
                     {table(0, size), index});
  return narrowed(intrinsic(single() ? "llvm.x86.avx512.vpermi2var.ps.256" : "llvm.x86.avx512.vpermi2var.pd.256", wide,
                            {table(0, count), index, table(count, count)}));
}

} // namespace overtime::ir
