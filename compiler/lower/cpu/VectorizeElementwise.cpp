// SPDX-License-Identifier: Apache-2.0
// vectorize-elementwise: elementwise linalg.generic on memory becomes vector loops.
#include "compiler/lower/Passes.h"
#include "compiler/lower/memory/StepMemory.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/Support/MathExtras.h"

namespace overtime::ir {
#define GEN_PASS_DEF_VECTORIZEELEMENTWISE
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;

namespace {

/// Scalars, or memory with consecutive elements along the last loop.
bool isReadable(linalg::GenericOp op, OpOperand &operand) {
  auto memory = dyn_cast<MemRefType>(operand.get().getType());
  AffineMap map = op.getMatchingIndexingMap(&operand);
  if (!memory)
    return map.getNumResults() == 0;
  if (!map.isProjectedPermutation())
    return false;
  int64_t previous = -1; // dimensions in order: no transposition
  for (AffineExpr e : map.getResults()) {
    int64_t d = cast<AffineDimExpr>(e).getPosition();
    if (d <= previous)
      return false;
    previous = d;
  }
  if (memory.getRank() == 0)
    return true;
  auto [strides, offset] = memory.getStridesAndOffset();
  return strides.back() == 1 || memory.getShape().back() == 1;
}

bool isElementwiseOnMemory(linalg::GenericOp op) {
  return op.hasPureBufferSemantics() && op.getNumParallelLoops() == op.getNumLoops() && op.getNumLoops() > 0 &&
         llvm::all_of(op->getOpOperands(), [&](OpOperand &o) { return isReadable(op, o); }) &&
         llvm::all_of(op.getDpsInitsMutable(),
                      [&](OpOperand &o) { return op.getMatchingIndexingMap(&o).isIdentity(); });
}

/// Writes the loops of one operation.
class Vectorizer {
public:
  Vectorizer(linalg::GenericOp op, unsigned bits) : op(op), b(op), loc(op.getLoc()), shape(op.getStaticLoopRanges()) {
    for (OpOperand &operand : op->getOpOperands()) {
      memory.push_back(operand.get());
      maps.push_back(op.getMatchingIndexingMap(&operand));
    }
    lanes = bits / widestElement();
  }

  void run() {
    if (llvm::is_contained(shape, 0)) // no elements
      return op.erase();
    flatten();
    for (size_t k = 0; k < memory.size(); ++k)
      if (maps[k].getNumResults() == 0)
        uniform(k);
    emitLevel(0);
    op.erase();
  }

private:
  unsigned widestElement() {
    unsigned bits = 8;
    auto widen = [&](Type type) {
      if (type.isIntOrFloat())
        bits = std::max(bits, type.getIntOrFloatBitWidth());
      else if (type.isIndex())
        bits = 64;
    };
    for (BlockArgument argument : op.getBody()->getArguments())
      widen(argument.getType());
    for (Operation &inner : *op.getBody())
      for (Type type : inner.getResultTypes())
        widen(type);
    return std::max(bits, 32u);
  }

  /// Contiguous operands make one dimension of all.
  void flatten() {
    if (shape.size() < 2 || op.hasIndexSemantics())
      return;
    for (auto [v, map] : llvm::zip(memory, maps)) {
      bool scalar = map.getNumResults() == 0;
      if (!scalar && !(map.isIdentity() && overtime::ir::isContiguous(cast<MemRefType>(v.getType()))))
        return;
    }
    SmallVector<ReassociationIndices> all(1);
    for (size_t d = 0; d < shape.size(); ++d)
      all[0].push_back(d);
    for (auto [v, map] : llvm::zip(memory, maps))
      if (map.getNumResults() > 0) {
        v = memref::CollapseShapeOp::create(b, loc, v, all);
        map = b.getMultiDimIdentityMap(1);
      } else {
        map = AffineMap::get(1, 0, {}, b.getContext());
      }
    int64_t total = 1;
    for (int64_t d : shape)
      total *= d;
    shape = {total};
  }

  void uniform(size_t k) {
    if (isa<MemRefType>(memory[k].getType()))
      memory[k] = memref::LoadOp::create(b, loc, memory[k], ValueRange{});
  }

  Value index(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }

  void emitLevel(unsigned d) {
    if (d + 1 == shape.size())
      return emitInnermost();
    auto loop = scf::ForOp::create(b, loc, index(0), index(shape[d]), index(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(loop.getBody()->getTerminator());
    place.push_back(loop.getInductionVar());
    emitLevel(d + 1);
    place.pop_back();
  }

  void emitInnermost() {
    int64_t n = shape.back();
    if (ShapedType::isDynamic(n))
      return emitAnySize();
    if (n < int64_t(lanes))
      lanes = llvm::PowerOf2Ceil(n);
    int64_t whole = n / lanes * lanes;
    if (whole / lanes <= unrolled()) {
      SmallVector<Value> starts;
      for (int64_t at = 0; at < whole; at += lanes)
        starts.push_back(index(at));
      emitBody(starts, {});
    } else if (whole > 0) {
      int64_t block = lanes * together();
      int64_t blocks = whole / block * block;
      auto loop = scf::ForOp::create(b, loc, index(0), index(blocks), index(block));
      {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPoint(loop.getBody()->getTerminator());
        SmallVector<Value> starts = {loop.getInductionVar()};
        for (int64_t at = lanes; at < block; at += lanes)
          starts.push_back(arith::AddIOp::create(b, loc, starts.front(), index(at)));
        emitBody(starts, {});
      }
      for (int64_t at = blocks; at < whole; at += lanes)
        emitBody(index(at), {});
    }
    if (whole < n)
      emitBody(index(whole), vector::ConstantMaskOp::create(b, loc, VectorType::get({int64_t(lanes)}, b.getI1Type()),
                                                            ArrayRef<int64_t>{n - whole}));
  }

  /// One vector after the other, then the rest under a mask.
  void emitAnySize() {
    Value n = memref::DimOp::create(b, loc, op.getOutputs().front(), index(0)), width = index(lanes);
    Value rest = arith::RemUIOp::create(b, loc, n, width), whole = arith::SubIOp::create(b, loc, n, rest);
    auto loop = scf::ForOp::create(b, loc, index(0), whole, width);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPoint(loop.getBody()->getTerminator());
      emitBody(loop.getInductionVar(), {});
    }
    auto more = scf::IfOp::create(b, loc, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, rest, index(0)));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(more.thenBlock()->getTerminator());
    Value mask = vector::CreateMaskOp::create(b, loc, VectorType::get({int64_t(lanes)}, b.getI1Type()), rest);
    emitBody(whole, mask);
  }

  /// Vectors written out instead of in a loop: state can then stay in registers, and short steps hide their latency.
  int64_t unrolled() {
    int64_t operations = std::distance(op.getBody()->begin(), op.getBody()->end());
    return place.empty() ? std::clamp<int64_t>(256 / operations, 2, 8) : 1;
  }

  /// Vectors of one turn of a loop: two where each is a chain of slow operations.
  int64_t together() {
    return llvm::any_of(*op.getBody(),
                        [](Operation &inner) {
                          return isa<arith::DivFOp, overtime::ir::ExprelOp>(inner) ||
                                 isa<math::MathDialect>(inner.getDialect());
                        })
               ? 2
               : 1;
  }

  /// The type of a value in the vector body: one lane is a scalar.
  Type widened(Type type) { return lanes == 1 ? type : Type(VectorType::get({int64_t(lanes)}, type)); }
  Value spread(Value v) {
    return lanes == 1 || isa<VectorType>(v.getType()) ? v
                                                      : vector::BroadcastOp::create(b, loc, widened(v.getType()), v);
  }

  /// Elements from each of `starts` on in the innermost dimension, those under the mask if there is one. Vectors take
  /// turns operation by operation: neighbours do not wait for each other, and the processor looks only a few hundred
  /// instructions ahead.
  void emitBody(ArrayRef<Value> starts, Value mask) {
    SmallVector<SmallVector<Value>> where(starts.size(), place);
    for (auto [at, start] : llvm::zip(where, starts))
      at.push_back(start);
    SmallVector<IRMapping> maps(starts.size());
    Block &body = *op.getBody();
    for (auto [k, argument] : llvm::enumerate(body.getArguments()))
      if (!argument.use_empty())
        for (auto [at, map] : llvm::zip(where, maps))
          map.map(argument, read(k, at, mask));
    for (Operation &inner : body.without_terminator())
      for (auto [at, map] : llvm::zip(where, maps))
        widen(inner, at, map);
    unsigned first = op.getNumDpsInputs();
    for (auto [k, v] : llvm::enumerate(body.getTerminator()->getOperands()))
      for (auto [at, map] : llvm::zip(where, maps))
        write(spread(map.lookupOrDefault(v)), first + k, at, mask);
  }

  SmallVector<Value> indices(size_t k, ArrayRef<Value> where) {
    SmallVector<Value> at;
    for (AffineExpr e : maps[k].getResults())
      at.push_back(where[cast<AffineDimExpr>(e).getPosition()]);
    return at;
  }
  Value read(size_t k, ArrayRef<Value> where, Value mask) {
    if (maps[k].getNumResults() == 0)
      return spread(memory[k]);
    SmallVector<Value> at = indices(k, where);
    unsigned last = cast<AffineDimExpr>(maps[k].getResults().back()).getPosition();
    if (lanes == 1 || last + 1 != shape.size())
      return spread(memref::LoadOp::create(b, loc, memory[k], at));
    auto type = cast<VectorType>(widened(cast<MemRefType>(memory[k].getType()).getElementType()));
    if (!mask)
      return vector::LoadOp::create(b, loc, type, memory[k], at);
    Value zero = arith::ConstantOp::create(b, loc, type, b.getZeroAttr(type));
    return vector::MaskedLoadOp::create(b, loc, type, memory[k], at, mask, zero);
  }
  void write(Value v, size_t k, ArrayRef<Value> where, Value mask) {
    SmallVector<Value> at = indices(k, where);
    if (lanes == 1)
      memref::StoreOp::create(b, loc, v, memory[k], at);
    else if (mask)
      vector::MaskedStoreOp::create(b, loc, memory[k], at, mask, v);
    else
      vector::StoreOp::create(b, loc, v, memory[k], at);
  }

  void widen(Operation &inner, ArrayRef<Value> where, IRMapping &map) {
    if (auto number = dyn_cast<linalg::IndexOp>(inner)) {
      Value v = where[number.getDim()];
      if (number.getDim() + 1 == shape.size() && lanes > 1)
        v = arith::AddIOp::create(b, loc, spread(v),
                                  vector::StepOp::create(b, loc, cast<VectorType>(widened(b.getIndexType()))));
      map.map(number.getResult(), spread(v));
      return;
    }
    OperationState state(inner.getLoc(), inner.getName());
    state.addAttributes(inner.getAttrs());
    if (auto constant = dyn_cast<arith::ConstantOp>(inner)) {
      if (lanes > 1) {
        auto type = cast<VectorType>(widened(constant.getType()));
        state.attributes.set("value", DenseElementsAttr::get(type, cast<Attribute>(constant.getValue())));
        state.addTypes(type);
      } else {
        state.addTypes(constant.getType());
      }
    } else {
      for (Value v : inner.getOperands())
        state.operands.push_back(spread(map.lookupOrDefault(v))); // values from outside are the same for all lanes
      for (Type type : inner.getResultTypes())
        state.addTypes(widened(type));
    }
    map.map(inner.getResults(), b.create(state)->getResults());
  }

  linalg::GenericOp op;
  OpBuilder b;
  Location loc;
  SmallVector<int64_t> shape;
  SmallVector<Value> memory; // operands; those without a dimension become scalars
  SmallVector<AffineMap> maps;
  SmallVector<Value> place; // induction variables outside the innermost
  unsigned lanes;
};

struct VectorizeElementwisePass : overtime::ir::impl::VectorizeElementwiseBase<VectorizeElementwisePass> {
  using VectorizeElementwiseBase::VectorizeElementwiseBase;
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> ops;
    getOperation().walk([&](linalg::GenericOp op) {
      if (isElementwiseOnMemory(op))
        ops.push_back(op);
    });
    for (linalg::GenericOp op : ops)
      Vectorizer(op, vectorBits).run();
  }
};

} // namespace
