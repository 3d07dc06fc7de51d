// SPDX-License-Identifier: Apache-2.0
// Finds pieces of a step that can be functions, and writes them and their calls.
#include "compiler/lower/Kernel.h"

#include "compiler/lower/memory/ProgramMemory.h"
#include "compiler/lower/memory/Record.h"
#include "compiler/lower/memory/StepMemory.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace overtime::ir {
namespace {

/// How an argument of a kernel is passed.
struct Passed {
  bool asBase = false, withOffset = false;

  Passed(Value v, bool flat) {
    MemRefType type = memoryType(v);
    if (!type)
      return;
    auto [strides, offset] = type.getStridesAndOffset();
    withOffset = ShapedType::isDynamic(offset);
    asBase = withOffset || (flat && type.getRank() > 0);
  }
};

bool isPassable(Value v) {
  MemRefType type = memoryType(v);
  if (!type)
    return v.getType().isIntOrIndexOrFloat();
  auto [strides, offset] = type.getStridesAndOffset();
  return type.hasStaticShape() && llvm::none_of(strides, ShapedType::isDynamic);
}

/// The memory as the function sees it, made of what is passed.
Value rebuild(OpBuilder &b, Location loc, MemRefType type, Value base, OpFoldResult offset, Value flatSize) {
  auto [strides, staticOffset] = type.getStridesAndOffset();
  SmallVector<OpFoldResult> sizes, steps;
  if (flatSize) {
    auto layout = StridedLayoutAttr::get(b.getContext(), staticOffset, {1});
    type = MemRefType::get({ShapedType::kDynamic}, type.getElementType(), layout);
    sizes = {flatSize};
    steps = {b.getIndexAttr(1)};
  } else {
    for (auto [size, stride] : llvm::zip(type.getShape(), strides)) {
      sizes.push_back(b.getIndexAttr(size));
      steps.push_back(b.getIndexAttr(stride));
    }
  }
  return memref::ReinterpretCastOp::create(b, loc, type, base, offset, sizes, steps);
}

} // namespace

std::vector<Kernel> Kernel::findAll(Block &block) {
  std::vector<Kernel> found;
  bool open = false; // whether the next operation may belong to the last kernel
  for (Operation &op : block) {
    auto linalg = dyn_cast<linalg::LinalgOp>(op);
    if (!linalg || !linalg.hasPureBufferSemantics()) {
      open &= isMemoryEffectFree(&op);
      continue;
    }
    if (open && found.back().continues(linalg))
      found.back().ops.push_back(linalg);
    else
      found.push_back(Kernel(linalg));
    open = true;
  }
  for (Kernel &kernel : found)
    kernel.collectArguments();
  return found;
}

bool Kernel::continues(linalg::LinalgOp op) const {
  linalg::LinalgOp last = ops.back();
  return op.getNumDpsInits() == 1 && last.getNumDpsInits() == 1 && op.getDpsInits()[0] == last.getDpsInits()[0];
}

bool Kernel::isFixed(Value v) {
  return isa<FloatType>(v.getType()) && v.getParentBlock() != ops.front()->getBlock() &&
         (fixed.empty() || v.getType() == fixed.front().getType());
}

void Kernel::collectArguments() {
  auto take = [&](Value v) {
    Operation *def = v.getDefiningOp();
    if (def && def->hasTrait<OpTrait::ConstantLike>())
      constants.insert(def);
    else
      (isFixed(v) ? fixed : arguments).insert(v);
  };
  for (linalg::LinalgOp op : ops) {
    llvm::for_each(op->getOperands(), take);
    visitUsedValuesDefinedAbove(op->getRegions(), [&](OpOperand *use) { take(use->get()); });
  }
  flat = flatSize();
}

std::optional<int64_t> Kernel::flatSize() {
  auto generic = dyn_cast<linalg::GenericOp>(ops.front().getOperation());
  if (ops.size() > 1 || !generic || generic.getNumParallelLoops() != generic.getNumLoops() ||
      generic.getNumLoops() == 0 || generic.hasIndexSemantics())
    return std::nullopt;
  bool flat = llvm::all_of(generic->getOpOperands(), [&](OpOperand &operand) {
    AffineMap map = generic.getMatchingIndexingMap(&operand);
    MemRefType type = memoryType(operand.get());
    return map.getNumResults() == 0 || (type && map.isIdentity() && type.hasStaticShape() && isContiguous(type));
  });
  if (!flat)
    return std::nullopt;
  return memoryType(generic.getOutputs().front()).getNumElements();
}

/// One memory under two names would be written under one and read under the other.
bool Kernel::canBeFunction() const {
  if (!llvm::all_of(arguments, isPassable))
    return false;
  llvm::SmallPtrSet<Value, 8> roots;
  return llvm::all_of(arguments, [&](Value v) { return !memoryType(v) || roots.insert(rootOf(v)).second; });
}

func::FuncOp Kernel::outline() {
  if (!canBeFunction())
    return {};
  OpBuilder b(ops.front().getContext());
  Location loc = ops.front().getLoc();
  SmallVector<Type> types;
  SmallVector<unsigned> memories;
  if (flat)
    types.push_back(b.getIndexType());
  for (Value v : arguments) {
    Passed how(v, flat.has_value());
    if (memoryType(v))
      memories.push_back(types.size());
    types.push_back(how.asBase ? MemRefType::get({}, memoryType(v).getElementType()) : v.getType());
    if (how.withOffset)
      types.push_back(b.getIndexType());
  }
  if (!fixed.empty())
    types.push_back(Record::typeOf(fixed.getArrayRef()));
  auto function = func::FuncOp::create(loc, "kernel", b.getFunctionType(types, {}));
  function.setPrivate();
  for (unsigned k : memories) // no two arguments show one memory
    function.setArgAttr(k, "llvm.noalias", b.getUnitAttr());
  b.setInsertionPointToStart(function.addEntryBlock());
  IRMapping map;
  bindArguments(b, function, map);
  writeBody(b, map);
  func::ReturnOp::create(b, loc);
  return function;
}

void Kernel::bindArguments(OpBuilder &b, func::FuncOp function, IRMapping &map) {
  Location loc = function.getLoc();
  auto next = function.getArguments().begin();
  Value size = flat ? Value(*next++) : Value();
  for (Value v : arguments) {
    Passed how(v, flat.has_value());
    Value given = *next++;
    if (how.asBase) {
      auto [strides, offset] = memoryType(v).getStridesAndOffset();
      OpFoldResult start = how.withOffset ? OpFoldResult(Value(*next++)) : b.getIndexAttr(offset);
      given = rebuild(b, loc, memoryType(v), given, start, size);
    }
    map.map(v, given);
  }
  for (auto [k, v] : llvm::enumerate(fixed))
    map.map(v, memref::LoadOp::create(b, loc, *next, ValueRange{arith::ConstantIndexOp::create(b, loc, k)}));
}

void Kernel::writeBody(OpBuilder &b, IRMapping &map) {
  for (Operation *constant : constants)
    b.clone(*constant, map);
  for (linalg::LinalgOp op : ops) {
    auto copy = cast<linalg::LinalgOp>(b.clone(*op, map));
    if (!flat)
      continue;
    SmallVector<AffineMap> maps;
    for (AffineMap old : op.getIndexingMapsArray())
      maps.push_back(old.getNumResults() == 0 ? AffineMap::get(1, 0, {}, b.getContext()) : b.getMultiDimIdentityMap(1));
    auto generic = cast<linalg::GenericOp>(copy.getOperation());
    generic.setIndexingMapsAttr(b.getAffineMapArrayAttr(maps));
    auto parallel = linalg::IteratorTypeAttr::get(b.getContext(), utils::IteratorType::parallel);
    generic.setIteratorTypesAttr(b.getArrayAttr(parallel));
  }
}

void Kernel::replaceByCall(func::FuncOp function, Value record) {
  OpBuilder b(ops.back());
  Location loc = ops.back().getLoc();
  SmallVector<Value> operands;
  if (flat)
    operands.push_back(arith::ConstantIndexOp::create(b, loc, *flat));
  for (Value v : arguments) {
    Passed how(v, flat.has_value());
    if (!how.asBase) {
      operands.push_back(v);
      continue;
    }
    auto parts = memref::ExtractStridedMetadataOp::create(b, loc, v);
    operands.push_back(parts.getBaseBuffer());
    if (how.withOffset)
      operands.push_back(parts.getOffset());
  }
  if (record)
    operands.push_back(record);
  func::CallOp::create(b, loc, function, operands);
  for (linalg::LinalgOp op : ops)
    op.erase();
}

} // namespace overtime::ir
