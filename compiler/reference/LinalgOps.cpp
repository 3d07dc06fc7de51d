// SPDX-License-Identifier: Apache-2.0
// The operations of linalg: one evaluation for all of them, through indexing maps and the scalar region.
#include "compiler/reference/Evaluator.h"

#include "dialect/Dyn.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace overtime::reference {
namespace {

/// The value of an index expression at a point of the iteration; none for symbols and for division by what is not
/// positive.
std::optional<int64_t> valueOf(AffineExpr expression, ArrayRef<int64_t> point) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expression))
    return constant.getValue();
  if (auto dim = dyn_cast<AffineDimExpr>(expression))
    return point[dim.getPosition()];
  auto binary = dyn_cast<AffineBinaryOpExpr>(expression);
  if (!binary)
    return std::nullopt;
  std::optional<int64_t> a = valueOf(binary.getLHS(), point), b = valueOf(binary.getRHS(), point);
  if (!a || !b)
    return std::nullopt;
  if (binary.getKind() == AffineExprKind::Add)
    return int64_t(uint64_t(*a) + uint64_t(*b)); // a hostile map may wrap; the bounds are checked later
  if (binary.getKind() == AffineExprKind::Mul)
    return int64_t(uint64_t(*a) * uint64_t(*b));
  if (*b <= 0)
    return std::nullopt;
  if (binary.getKind() == AffineExprKind::Mod)
    return llvm::mod(*a, *b);
  return binary.getKind() == AffineExprKind::FloorDiv ? llvm::divideFloorSigned(*a, *b)
                                                      : llvm::divideCeilSigned(*a, *b);
}

/// Place of the element that a map selects at a point of the iteration.
std::optional<int64_t> elementAt(AffineMap map, ArrayRef<int64_t> point, const Datum &datum) {
  SmallVector<int64_t> index;
  for (AffineExpr expression : map.getResults()) {
    std::optional<int64_t> position = valueOf(expression, point);
    if (!position)
      return std::nullopt;
    index.push_back(*position);
  }
  return offsetOf(index, datum.shape);
}

/// Extents of the iteration, read off the operands that a loop indexes directly.
std::optional<std::vector<int64_t>> iterationSpace(ArrayRef<AffineMap> maps, ArrayRef<DatumRef> operands) {
  std::vector<int64_t> extents(maps.front().getNumDims(), -1);
  for (auto [map, operand] : llvm::zip_equal(maps, operands)) {
    if (map.getNumResults() != operand->shape.size())
      return std::nullopt;
    for (auto [expression, extent] : llvm::zip_equal(map.getResults(), operand->shape)) {
      auto dim = dyn_cast<AffineDimExpr>(expression);
      if (!dim)
        continue;
      int64_t &known = extents[dim.getPosition()];
      if (known >= 0 && known != extent)
        return std::nullopt;
      known = extent;
    }
  }
  if (llvm::is_contained(extents, -1) || !countElements(extents))
    return std::nullopt;
  return extents;
}

/// Runs the scalar region at every point of the iteration in row-major order.
class Structured {
public:
  Structured(Evaluator &evaluator, linalg::LinalgOp op) : evaluator(evaluator), op(op) {
    for (Value operand : op->getOperands())
      operands.push_back(evaluator.get(operand));
    maps = op.getIndexingMapsArray();
    firstOut = operands.size() - op.getNumDpsInits();
    for (size_t k = firstOut; k < operands.size(); ++k)
      outs.push_back(*operands[k]);
  }

  bool run() {
    std::optional<std::vector<int64_t>> extents = iterationSpace(maps, operands);
    if (!extents)
      return evaluator.fail(op, "has operands whose extents do not fit its maps, or more than 2^26 iterations");
    std::vector<int64_t> point(extents->size(), 0), outer = evaluator.iteration;
    bool empty = llvm::is_contained(*extents, 0), ok = true;
    while (!empty && ok) {
      evaluator.iteration = point;
      ok = runAt(point);
      if (!nextIndex(point, *extents))
        break;
    }
    evaluator.iteration = outer;
    for (size_t k = 0; ok && k < outs.size(); ++k)
      ok = evaluator.bind(op->getResult(k), std::move(outs[k]));
    return ok;
  }

private:
  bool runAt(ArrayRef<int64_t> point) {
    std::vector<DatumRef> arguments;
    std::vector<int64_t> places;
    SmallVector<OpOperand *> passed = op.getOpOperandsMatchingBBargs();
    for (size_t k = 0; k < operands.size(); ++k) {
      const Datum &datum = k < firstOut ? *operands[k] : outs[k - firstOut];
      std::optional<int64_t> place = elementAt(maps[k], point, datum);
      if (!place)
        return evaluator.fail(op, "reads or writes outside of an operand");
      places.push_back(*place);
      if (llvm::is_contained(passed, &op->getOpOperand(unsigned(k))))
        arguments.push_back(scalar(datum.cells[*place]));
    }
    std::optional<std::vector<DatumRef>> yielded = evaluator.run(*op.getBlock(), arguments);
    if (!yielded)
      return false;
    for (size_t k = 0; k < outs.size(); ++k)
      outs[k].cells[places[firstOut + k]] = (*yielded)[k]->cells.front();
    return true;
  }

  Evaluator &evaluator;
  linalg::LinalgOp op;
  SmallVector<DatumRef> operands;
  SmallVector<AffineMap> maps;
  size_t firstOut = 0;
  std::vector<Datum> outs;
};

/// The plain product of two real matrices, added to the third operand. The same numbers as through the region, which
/// takes a thousand times longer; other maps and types go through the region.
bool evaluateMatmul(Evaluator &evaluator, Operation *op) {
  auto matmul = cast<linalg::MatmulOp>(op);
  Type type = getElementTypeOrSelf(op->getOperand(2).getType());
  bool plain = !matmul.hasUserDefinedMaps() && isa<FloatType>(type) && op->getNumResults() == 1 &&
               llvm::all_of(op->getOperandTypes(), [&](Type t) { return getElementTypeOrSelf(t) == type; });
  if (!plain)
    return evaluateStructured(evaluator, op);
  DatumRef a = evaluator.get(op->getOperand(0)), b = evaluator.get(op->getOperand(1));
  Datum c = *evaluator.get(op->getOperand(2));
  int64_t rows = c.shape[0], columns = c.shape[1], inner = a->shape[1];
  if (a->shape[0] != rows || b->shape[0] != inner || b->shape[1] != columns)
    return evaluator.fail(op, "has operands whose extents do not fit");
  bool addsProduct = op->hasAttr(ir::addProductAttr);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column) {
      Cell &element = c.cells[row * columns + column], before = element;
      if (addsProduct)
        element = Cell();
      for (int64_t k = 0; k < inner; ++k) {
        Cell product = multiply(a->cells[row * inner + k], b->cells[k * columns + column]);
        element = evaluator.round(add(element, evaluator.round(product, type)), type);
      }
      if (addsProduct)
        element = evaluator.round(add(before, element), type);
    }
  return evaluator.bind(op->getResult(0), std::move(c));
}

bool evaluateIndex(Evaluator &evaluator, Operation *op) {
  uint64_t dim = cast<linalg::IndexOp>(op).getDim();
  if (dim >= evaluator.iteration.size())
    return evaluator.fail(op, "asks for a dimension that the iteration does not have");
  return evaluator.bind(op->getResult(0), Datum{{}, {integerCell(evaluator.iteration[dim])}});
}

} // namespace

bool evaluateStructured(Evaluator &evaluator, Operation *op) {
  auto structured = cast<linalg::LinalgOp>(op);
  if (structured.getNumDpsInits() != int64_t(op->getNumResults()))
    return evaluator.fail(op, "does not return one tensor for each of its outs");
  return Structured(evaluator, structured).run();
}

void addLinalgRules(RuleTable &table) {
  table["linalg.index"] = evaluateIndex;
  table["linalg.matmul"] = evaluateMatmul;
}

} // namespace overtime::reference
