// SPDX-License-Identifier: Apache-2.0
// Whether a carried state can be updated in its own memory.
#pragma once

#include "dialect/Dyn.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace overtime::ir {

/// A part of a tensor along one axis, and the value that fills it.
struct Piece {
  mlir::Value value;
  int64_t axis = -1, begin = 0, end = 0; // axis -1: the whole
  bool whole() const { return axis < 0; }
  bool overlaps(const Piece &other) const;
  bool covers(const Piece &other) const; // the same part
};

/// The operands of a concatenation as parts of its result.
llvm::SmallVector<Piece> piecesOf(mlir::tensor::ConcatOp concat);

/// The question "may the next value of carried state k be written over the old one?" for one loop.
class InPlace {
public:
  explicit InPlace(LoopOverTimeOp loop) : loop(loop) {}

  /// True when, for every part of the next value, everything that reads the overwritten part of the old value comes
  /// before the write, or is the elementwise operation that writes it and reads the element that it replaces.
  bool allowed(unsigned k);

  /// What an operation accumulates into, or writes a part of; null for others.
  static mlir::OpOperand *accumulated(mlir::Operation *op);
  /// Whether all that reads what is accumulated into comes before, so that the result may be made in its memory.
  static bool goesOn(mlir::OpOperand &accumulated);

  /// The carried block argument whose memory a value is a view of; null when there is none.
  static mlir::Value stateBehind(mlir::Value value);

private:
  struct Read {
    mlir::Operation *user;
    mlir::OpOperand *operand; // null when a stacked output reads it where it is defined
    Piece part;
  };
  bool collectReads(mlir::Value alias, const Piece &part, llvm::SmallVectorImpl<Read> &reads);
  bool writeIsSafe(const Piece &written, llvm::ArrayRef<Read> reads);

  LoopOverTimeOp loop;
};

} // namespace overtime::ir
