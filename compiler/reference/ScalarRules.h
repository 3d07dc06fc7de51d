// SPDX-License-Identifier: Apache-2.0
// Elementwise operations as functions of cells, with derivatives written by hand.
#pragma once

#include "compiler/reference/Datum.h"

#include "mlir/IR/Operation.h"
#include "llvm/ADT/StringMap.h"

namespace overtime::reference {

/// One element of an elementwise operation. A rule that has no answer sets `problem`.
struct ScalarCall {
  mlir::Operation *op;
  mlir::Type from, to; // element types of the first operand and of the result
  llvm::ArrayRef<Cell> x;
  const char *problem = nullptr;
};
using ScalarRule = Cell (*)(ScalarCall &call);
using ScalarRuleTable = llvm::StringMap<ScalarRule>;

void addRealRules(ScalarRuleTable &table);
/// Integers, truth values, comparisons, selection and conversions.
void addIntegerRules(ScalarRuleTable &table);

/// Slope times tangent, and 0 for a tangent of 0 whatever the slope: what does not vary has no derivative, even where
/// the function has a pole.
inline double chain(double slope, double tangent) { return tangent == 0.0 ? 0.0 : slope * tangent; }

inline Cell add(const Cell &a, const Cell &b) { return realCell(a.value + b.value, a.tangent + b.tangent); }
inline Cell multiply(const Cell &a, const Cell &b) {
  return realCell(a.value * b.value, chain(b.value, a.tangent) + chain(a.value, b.tangent));
}

/// (exp(x) - 1) / x, 1 at 0.
double exprel(double x);

/// Bits of an integer type; index counts as 64.
unsigned bitWidth(mlir::Type type);
/// An integer as a cell of this type keeps it: the low bits, sign-extended, but 0 or 1 for i1.
int64_t wrap(uint64_t bits, mlir::Type type);

} // namespace overtime::reference
