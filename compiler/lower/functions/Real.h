// SPDX-License-Identifier: Apache-2.0
// Writes arithmetic on one real type, scalar or vector: what the elementary functions are spelled in.
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"

#include <functional>

namespace overtime::ir {

class Real {
public:
  /// `avx512`: the target scales by powers of two and looks up small tables in one instruction. `fast`: exponentials
  /// may be off by more and need not know infinity.
  Real(mlir::OpBuilder &b, mlir::Location loc, mlir::Type type, bool avx512, bool fast = false)
      : b(b), loc(loc), type(type), avx512(avx512), fast(fast) {}

  bool single() const { return mlir::getElementTypeOrSelf(type).isF32(); }
  unsigned bits() const { return single() ? 32 : 64; }
  unsigned mantissa() const { return single() ? 23 : 52; }
  int64_t bias() const { return single() ? 127 : 1023; }
  bool scalar() const { return !llvm::isa<mlir::VectorType>(type); }
  mlir::Type intType() const;

  mlir::Value real(double v);
  mlir::Value integer(int64_t v);
  mlir::Value add(mlir::Value x, mlir::Value y) { return mlir::arith::AddFOp::create(b, loc, x, y); }
  mlir::Value sub(mlir::Value x, mlir::Value y) { return mlir::arith::SubFOp::create(b, loc, x, y); }
  mlir::Value mul(mlir::Value x, mlir::Value y) { return mlir::arith::MulFOp::create(b, loc, x, y); }
  mlir::Value div(mlir::Value x, mlir::Value y) { return mlir::arith::DivFOp::create(b, loc, x, y); }
  mlir::Value fma(mlir::Value x, mlir::Value y, mlir::Value z) { return mlir::math::FmaOp::create(b, loc, x, y, z); }
  mlir::Value abs(mlir::Value x) { return mlir::math::AbsFOp::create(b, loc, x); }
  mlir::Value round(mlir::Value x);
  mlir::Value withSign(mlir::Value x, mlir::Value of) { return mlir::math::CopySignOp::create(b, loc, x, of); }
  mlir::Value compare(mlir::arith::CmpFPredicate p, mlir::Value x, mlir::Value y) {
    return mlir::arith::CmpFOp::create(b, loc, p, x, y);
  }
  mlir::Value choose(mlir::Value c, mlir::Value x, mlir::Value y) {
    return mlir::arith::SelectOp::create(b, loc, c, x, y);
  }
  // In the order that keeps NaN and is one instruction: min(high, x), max(low, x).
  mlir::Value atMost(double high, mlir::Value x);
  mlir::Value atLeast(double low, mlir::Value x);
  /// c[0] + x (c[1] + x (c[2] + ..)), with c[k] times factor^k.
  mlir::Value horner(mlir::Value x, llvm::ArrayRef<double> c, double factor = 1.0);

  mlir::Value bitsOf(mlir::Value x) { return mlir::arith::BitcastOp::create(b, loc, intType(), x); }
  mlir::Value fromBits(mlir::Value i) { return mlir::arith::BitcastOp::create(b, loc, type, i); }
  mlir::Value addi(mlir::Value x, mlir::Value y) { return mlir::arith::AddIOp::create(b, loc, x, y); }
  mlir::Value subi(mlir::Value x, mlir::Value y) { return mlir::arith::SubIOp::create(b, loc, x, y); }
  mlir::Value shiftLeft(mlir::Value x, int64_t n) { return mlir::arith::ShLIOp::create(b, loc, x, integer(n)); }
  mlir::Value shiftRight(mlir::Value x, int64_t n) { return mlir::arith::ShRSIOp::create(b, loc, x, integer(n)); }
  mlir::Value fromInteger(mlir::Value i) { return mlir::arith::SIToFPOp::create(b, loc, type, i); }

  /// x * 2^floor(n). Without AVX-512 n is integral and within the exponents of two factors, and subnormal results may
  /// be rounded twice.
  mlir::Value scale(mlir::Value x, mlir::Value n);

  /// Only with AVX-512: entry[j % size], where j is the integer in the last bits of `place` and size is a table's, 16
  /// for f32 and 8 for f64.
  mlir::Value lookUp(llvm::function_ref<double(unsigned)> entry, mlir::Value place);
  unsigned tableSize() const { return single() ? 16 : 8; }

  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type type;
  bool avx512, fast;
  bool gpu = false; ///< scalars of a GPU, which rounds by adding and divides by multiplying

private:
  mlir::Value constant(mlir::Type type, mlir::TypedAttr number);
  /// 2^n for an integral n among the exponents of normal numbers; anything for NaN.
  mlir::Value powerOfTwo(mlir::Value n);
  int64_t lanes() const;
  /// A vector of `count` lanes whose first ones are x; the others hold anything.
  mlir::Value widened(mlir::Value x, int64_t count);
  /// The first lanes, as many as `type` has.
  mlir::Value narrowed(mlir::Value x);
  mlir::Value intrinsic(llvm::StringRef name, mlir::Type result, mlir::ValueRange operands);
  mlir::Value allLanes(int64_t count);
};

} // namespace overtime::ir
