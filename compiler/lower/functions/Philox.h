// SPDX-License-Identifier: Apache-2.0
// Philox 4x32-10 (Salmon et al. 2011) and the distributions drawn from it, written out for scalars and vectors.
//
// Words are kept in lanes of 64 bits, whose upper halves hold anything: the product of two words is then one
// multiplication, and nothing is masked but its operands, which costs no instruction. 16 blocks give the numbers of 64
// elements; RandomOps.td has the layout.
#pragma once

#include "compiler/lower/functions/Real.h"
#include "dialect/Dyn.h"

#include <array>

namespace overtime::ir {

inline constexpr int64_t elementsOfGroup = 64, blocksOfGroup = 16, wordsOfBlock = 4;

/// Arithmetic on words in lanes of 64 bits, scalars or vectors.
struct WordCode {
  using Words = std::array<mlir::Value, wordsOfBlock>;

  mlir::OpBuilder &b;
  mlir::Location loc;

  /// The ten rounds. The key's halves are scalars; what of the counter is not a vector is the same for all lanes.
  Words philox(Words counter, std::array<mlir::Value, 2> key);

  mlir::Value number(mlir::Type like, uint64_t v);
  mlir::Value spread(mlir::Value v, mlir::Type like);
  mlir::Value times(mlir::Value x, uint64_t factor);
  mlir::Value high(mlir::Value x) { return shiftRight(x, 32); }
  mlir::Value exclusiveOr(mlir::Value x, mlir::Value y);
  mlir::Value shiftRight(mlir::Value x, uint64_t by);
  mlir::Value shiftLeft(mlir::Value x, uint64_t by);
};

/// Writes the numbers of one dyn.random.
class Draw : WordCode {
public:
  Draw(mlir::OpBuilder &b, mlir::Location loc, RandomOp op, bool avx512)
      : WordCode{b, loc}, op(op), real(llvm::cast<mlir::FloatType>(op.getType())), avx512(avx512) {}

  /// Elements 64 g .. 64 g + 63 as vectors of `lanes` (2 .. 16) in order; g is an i64.
  llvm::SmallVector<mlir::Value> group(mlir::Value g, int64_t lanes);
  /// Element e, an i64.
  mlir::Value element(mlir::Value e);

private:
  Words wordsOf(mlir::Value block);
  Words bitsOf(mlir::Value firstBlock, int64_t firstLane, int64_t lanes);
  mlir::Value uniform(mlir::Value bits);
  std::array<mlir::Value, 2> normals(mlir::Value radius, mlir::Value angle);

  mlir::Value both(mlir::Value high, mlir::Value low);
  mlir::Value fraction(mlir::Value bits, uint64_t drop);

  RandomOp op;
  mlir::FloatType real;
  bool avx512;
};

} // namespace overtime::ir
