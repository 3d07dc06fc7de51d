// SPDX-License-Identifier: Apache-2.0
// lower-random: draws become Philox arithmetic on vectors, groups of 64 elements at a time.
#include "compiler/lower/Passes.h"
#include "compiler/lower/functions/Philox.h"
#include "compiler/lower/memory/StepMemory.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

namespace overtime::ir {
#define GEN_PASS_DEF_LOWERRANDOM
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

/// An array that is drawn and nothing else: its elements are neighbours in memory along the last dimension.
RandomOp drawOf(linalg::GenericOp generic) {
  if (!generic.hasPureBufferSemantics() || generic.getNumDpsInputs() != 0 || generic.getNumDpsInits() != 1 ||
      generic.getNumParallelLoops() != generic.getNumLoops() || generic.getNumLoops() == 0 ||
      !generic.getMatchingIndexingMap(generic.getDpsInitOperand(0)).isIdentity())
    return {};
  auto [strides, offset] = cast<MemRefType>(generic.getOutputs()[0].getType()).getStridesAndOffset();
  auto draw = generic.getBody()->getTerminator()->getOperand(0).getDefiningOp<RandomOp>();
  bool onlyThat = strides.back() == 1 && draw && draw->getBlock() == generic.getBody() &&
                  draw.getIndices().size() == generic.getNumLoops() &&
                  llvm::all_of(generic.getBody()->without_terminator(),
                               [&](Operation &op) { return isa<linalg::IndexOp, arith::AddIOp>(op) || &op == draw; });
  return onlyThat ? draw : RandomOp();
}

/// Writes the loops of one array.
class ArrayWriter {
public:
  ArrayWriter(linalg::GenericOp generic, RandomOp draw, unsigned vectorBits, bool avx512)
      : generic(generic), draw(draw), b(generic), loc(generic.getLoc()), memory(generic.getOutputs()[0]),
        shape(generic.getStaticLoopRanges()), lanes(vectorBits / draw.getType().getIntOrFloatBitWidth()),
        avx512(avx512) {}

  void run() {
    if (!llvm::is_contained(shape, 0))
      emitLevel();
    generic.erase();
  }

private:
  Value index(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }
  template <class Op> Value fold(Value x, Value y) { return b.createOrFold<Op>(loc, x, y); }

  /// The rows under dimension `place.size()` follow each other in memory as their elements do.
  bool isOneRange() {
    if (place.size() + 1 == shape.size())
      return true;
    return place.empty() && isContiguous(cast<MemRefType>(memory.getType())) &&
           ArrayRef(shape).drop_front() == draw.getShape()->drop_front();
  }

  void emitLevel() {
    if (isOneRange())
      return emitRange();
    auto loop = scf::ForOp::create(b, loc, index(0), index(shape[place.size()]), index(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(loop.getBody()->getTerminator());
    place.push_back(loop.getInductionVar());
    emitLevel();
    place.pop_back();
  }

  /// What the body computes with these numbers of the element in the array at hand.
  Value indexAt(Value v, ArrayRef<Value> where) {
    if (auto number = v.getDefiningOp<linalg::IndexOp>())
      return where[number.getDim()];
    auto sum = v.getDefiningOp<arith::AddIOp>();
    if (!sum || sum->getBlock() != generic.getBody())
      return v;
    return fold<arith::AddIOp>(indexAt(sum.getLhs(), where), indexAt(sum.getRhs(), where));
  }

  /// The elements [start, start + count) of the whole array, which are the numbers from `place` on in memory.
  void emitRange() {
    SmallVector<Value> where(place);
    where.resize(shape.size(), index(0));
    Value start = index(0);
    for (auto [d, v] : llvm::enumerate(draw.getIndices()))
      start = fold<arith::AddIOp>(fold<arith::MulIOp>(start, index((*draw.getShape())[d])), indexAt(v, where));
    int64_t count = 1;
    for (int64_t d = place.size(); d < int64_t(shape.size()); ++d)
      count *= shape[d];
    if (place.size() + 1 < shape.size()) { // all in one row
      SmallVector<ReassociationIndices> all(1);
      for (size_t d = 0; d < shape.size(); ++d)
        all[0].push_back(d);
      memory = memref::CollapseShapeOp::create(b, loc, memory, all);
    }
    if (matchPattern(start, m_Zero()))
      emitFromZero(count);
    else
      emitAnywhere(start, count);
  }

  /// Whole groups, then the rest of known size.
  void emitFromZero(int64_t count) {
    int64_t whole = count / elementsOfGroup * elementsOfGroup;
    if (whole > 0)
      inLoop(index(0), index(whole / elementsOfGroup), [&](Value g) {
        Value first = arith::MulIOp::create(b, loc, g, index(elementsOfGroup));
        for (auto [k, v] : llvm::enumerate(drawn(g, lanes)))
          store(v, arith::AddIOp::create(b, loc, first, index(k * lanes)), {});
      });
    int64_t rest = count - whole;
    if (rest == 0)
      return;
    // A few elements take narrow vectors, or none.
    int64_t width = std::min<int64_t>(lanes, llvm::PowerOf2Ceil(rest));
    if (width == 1) {
      Value e = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(whole));
      return store(Draw(b, loc, draw, avx512).element(e), index(whole), {});
    }
    for (auto [k, v] : llvm::enumerate(drawn(index(whole / elementsOfGroup), width)))
      if (int64_t left = rest - int64_t(k) * width; left > 0) {
        Value mask;
        if (left < width)
          mask =
              vector::ConstantMaskOp::create(b, loc, VectorType::get({width}, b.getI1Type()), ArrayRef<int64_t>{left});
        store(v, index(whole + k * width), mask);
      }
  }

  /// The groups that hold the elements; of the first and the last a part may lie outside.
  void emitAnywhere(Value start, int64_t count) {
    Value size = index(elementsOfGroup), end = arith::AddIOp::create(b, loc, start, index(count));
    Value last = arith::DivUIOp::create(b, loc, arith::AddIOp::create(b, loc, end, index(elementsOfGroup - 1)), size);
    inLoop(arith::DivUIOp::create(b, loc, start, size), last, [&](Value g) {
      Value first = arith::SubIOp::create(b, loc, arith::MulIOp::create(b, loc, g, size), start);
      SmallVector<Value> all = drawn(g, lanes);
      Value inside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, first, index(0));
      Value fits = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sle, first, index(count - elementsOfGroup));
      auto whole = scf::IfOp::create(b, loc, arith::AndIOp::create(b, loc, inside, fits), /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPoint(whole.thenYield());
      for (auto [k, v] : llvm::enumerate(all))
        store(v, arith::AddIOp::create(b, loc, first, index(k * lanes)), {});
      b.setInsertionPoint(whole.elseYield());
      auto numbers = VectorType::get({lanes}, b.getIndexType());
      Value step = vector::StepOp::create(b, loc, numbers);
      Value bound = vector::BroadcastOp::create(b, loc, numbers, index(count));
      for (auto [k, v] : llvm::enumerate(all)) {
        Value at = arith::AddIOp::create(b, loc, first, index(k * lanes));
        Value lane = arith::AddIOp::create(b, loc, vector::BroadcastOp::create(b, loc, numbers, at), step);
        store(v, at, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, lane, bound)); // negative: too large
      }
    });
  }

  SmallVector<Value> drawn(Value g, int64_t width) {
    Value number = b.createOrFold<arith::IndexCastOp>(loc, b.getI64Type(), g);
    return Draw(b, loc, draw, avx512).group(number, width);
  }

  void inLoop(Value from, Value to, llvm::function_ref<void(Value)> body) {
    auto loop = scf::ForOp::create(b, loc, from, to, index(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(loop.getBody()->getTerminator());
    body(loop.getInductionVar());
  }

  void store(Value v, Value at, Value mask) {
    SmallVector<Value> where;
    if (cast<MemRefType>(memory.getType()).getRank() == int64_t(shape.size()))
      where = place;
    where.push_back(at);
    if (!isa<VectorType>(v.getType()))
      memref::StoreOp::create(b, loc, v, memory, where);
    else if (mask)
      vector::MaskedStoreOp::create(b, loc, memory, where, mask, v);
    else
      vector::StoreOp::create(b, loc, v, memory, where);
  }

  linalg::GenericOp generic;
  RandomOp draw;
  OpBuilder b;
  Location loc;
  Value memory;
  SmallVector<int64_t> shape;
  SmallVector<Value> place; // induction variables of the outer dimensions
  int64_t lanes;
  bool avx512;
};

struct LowerRandomPass : overtime::ir::impl::LowerRandomBase<LowerRandomPass> {
  using LowerRandomBase::LowerRandomBase;

  void runOnOperation() override {
    SmallVector<std::pair<linalg::GenericOp, RandomOp>> arrays;
    getOperation().walk([&](linalg::GenericOp generic) {
      if (RandomOp draw = drawOf(generic))
        arrays.push_back({generic, draw});
    });
    for (auto [generic, draw] : arrays)
      ArrayWriter(generic, draw, vectorBits, avx512).run();
    getOperation().walk([&](RandomOp draw) { writeAlone(draw); });
  }

  /// A scalar, or one element among other operations.
  void writeAlone(RandomOp draw) {
    OpBuilder b(draw);
    Location loc = draw.getLoc();
    Value e = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
    for (auto [d, v] : llvm::enumerate(draw.getIndices())) {
      Value extent = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr((*draw.getShape())[d]));
      Value number = arith::IndexCastOp::create(b, loc, b.getI64Type(), v);
      e = arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, e, extent), number);
    }
    draw.replaceAllUsesWith(Draw(b, loc, draw, avx512).element(e));
    draw.erase();
  }
};

} // namespace
