// SPDX-License-Identifier: Apache-2.0
// Sums of so many terms that one thread would keep the others waiting: the mean of a population, the loss of a batch.
#include "compiler/lower/gpu/LongSums.h"

#include "compiler/lower/products/ProductChain.h"
#include "dialect/Dyn.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace overtime::ir {

/// Fewer terms are added up before the team has waited; more elements are enough work for its threads.
constexpr int64_t leastTerms = 1024, mostElements = 32;

std::optional<LongSum> LongSum::find(linalg::LinalgOp op) {
  int64_t terms = 1, elements = 1;
  for (auto [extent, kind] : llvm::zip(op.getStaticLoopRanges(), op.getIteratorTypesArray()))
    (kind == utils::IteratorType::parallel ? elements : terms) *= extent;
  if (op.getNumReductionLoops() == 0 || terms < leastTerms || elements > mostElements || op.getNumDpsInits() != 1 ||
      op->hasAttr(overwriteAttr) || op->hasAttr(addProductAttr))
    return std::nullopt;
  SmallVector<Operation *, 2> combiners;
  if (!matchReduction(op.getRegionOutputArgs(), 0, combiners) || combiners.size() != 1)
    return std::nullopt;
  std::optional<TypedAttr> neutral = arith::getNeutralElement(combiners.front());
  if (!neutral)
    return std::nullopt;
  return LongSum{combiners.front(), *neutral};
}

Value LongSum::combine(OpBuilder &b, Value x, Value y) const {
  Operation *copy = b.clone(*combiner);
  copy->setOperands({x, y});
  return copy->getResult(0);
}

} // namespace overtime::ir
