// SPDX-License-Identifier: Apache-2.0
// Operations of a step on memory: one rule for each kind that a program may hold after fuse-elementwise.
#include "compiler/lower/memory/OpBufferizer.h"

#include "compiler/lower/products/ProductChain.h"
#include "compiler/transforms/StepValues.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace overtime::ir {

/// Where a tensor is to be written: the places that were asked for, or memory of its own.
SmallVector<Value> OpBufferizer::placesOf(Location loc, Value tensor) {
  SmallVector<Value> &places = destinations[tensor];
  if (places.empty())
    places.push_back(memory.alloc(loc, tensor.getType()));
  buffers[tensor] = places.front();
  return places;
}

void OpBufferizer::direct(Location loc, Value tensor, Value place) {
  Operation *def = tensor.getDefiningOp();
  if (auto concat = dyn_cast_or_null<tensor::ConcatOp>(def))
    for (const Piece &piece : piecesOf(concat))
      direct(loc, piece.value, memory.part(loc, place, piece));
  if (buffers.count(tensor)) // produced already, or a block argument
    memory.copy(loc, buffers[tensor], place);
  else
    destinations[tensor].push_back(place);
  // What an accumulation starts from is made where its result will be.
  if (OpOperand *init = def ? InPlace::accumulated(def) : nullptr)
    if (!buffers.count(tensor) && InPlace::goesOn(*init) && !isDirected(init->get()) && !buffers.count(init->get()))
      direct(loc, init->get(), place);
}

/// Regions of an operation are copied into code that has no tensors.
static LogicalResult checkTensors(Operation &op) {
  for (Value result : op.getResults())
    if (RankedTensorType type = tensorType(result); type && !type.hasStaticShape())
      return op.emitOpError("must have a static shape");
  WalkResult walk = op.walk([&](Operation *inner) {
    bool captures = inner != &op && llvm::any_of(inner->getOperands(), [](Value v) { return bool(tensorType(v)); });
    return captures ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (walk.wasInterrupted())
    return op.emitOpError("uses a tensor in its body; make it an operand");
  return success();
}

LogicalResult OpBufferizer::emit(Operation &op) {
  if (failed(checkTensors(op)))
    return failure();
  if (auto generic = dyn_cast<linalg::GenericOp>(op))
    return emitGeneric(generic);
  if (auto matmul = dyn_cast<linalg::MatmulOp>(op))
    return emitMatmul(matmul);
  if (auto fill = dyn_cast<linalg::FillOp>(op))
    return emitFill(fill);
  if (isa<linalg::ReduceOp, linalg::TransposeOp>(op))
    return emitNamed(op);
  if (auto concat = dyn_cast<tensor::ConcatOp>(op))
    return emitConcat(concat);
  if (isa<tensor::ExtractSliceOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op))
    return emitView(op);
  if (isa<PropagateOp, CollectOp, CorrelateOp>(op))
    return emitSynapses(op);
  if (auto read = dyn_cast<ReadDelayedOp>(op))
    return emitReadDelayed(read);
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    return emitInsert(insert);
  if (auto extract = dyn_cast<tensor::ExtractOp>(op))
    return emitExtract(extract);
  if (auto empty = dyn_cast<tensor::EmptyOp>(op))
    return emitEmpty(empty);
  if (auto constant = dyn_cast<arith::ConstantOp>(op); constant && tensorType(constant))
    return emitConstant(constant);
  auto isScalar = [](Type type) { return !isa<ShapedType>(type); };
  if (op.getNumRegions() == 0 && llvm::all_of(op.getOperandTypes(), isScalar) &&
      llvm::all_of(op.getResultTypes(), isScalar)) {
    b.clone(op, values);
    return success();
  }
  return op.emitOpError("has no lowering to memory; run fuse-elementwise first, or write it with supported operations");
}

LogicalResult OpBufferizer::emitGeneric(linalg::GenericOp op) {
  Location loc = op.getLoc();
  SmallVector<Value> inputs, outputs;
  SmallVector<AffineMap> inputMaps, outputMaps;
  for (OpOperand *operand : op.getDpsInputOperands()) {
    inputs.push_back(tensorType(operand->get()) ? buffers.lookup(operand->get())
                                                : values.lookupOrDefault(operand->get()));
    inputMaps.push_back(op.getMatchingIndexingMap(operand));
  }
  SmallVector<unsigned> yields;
  SmallVector<SmallVector<Value>> accumulated;
  for (auto [k, result] : llvm::enumerate(op.getResults())) {
    OpOperand *init = op.getDpsInitOperand(k);
    bool accumulates = op.payloadUsesValueFromOperand(init);
    SmallVector<Value> places = placesOf(loc, result);
    if (accumulates) {
      memory.copy(loc, buffers.lookup(init->get()), places.front());
      accumulated.push_back(places);
      places.truncate(1);
    }
    for (Value place : places) {
      outputs.push_back(place);
      outputMaps.push_back(op.getMatchingIndexingMap(init));
      yields.push_back(k);
    }
  }
  SmallVector<AffineMap> maps(inputMaps);
  maps.append(outputMaps);
  linalg::GenericOp::create(
      b, loc, TypeRange{}, inputs, outputs, maps, op.getIteratorTypesArray(),
      [&](OpBuilder &inner, Location at, ValueRange args) { writeBody(inner, at, op, args, yields, inputs.size()); });
  for (ArrayRef<Value> places : accumulated)
    copyToOthers(loc, places);
  return success();
}

void OpBufferizer::writeBody(OpBuilder &inner, Location loc, linalg::GenericOp op, ValueRange args,
                             ArrayRef<unsigned> yields, size_t inputs) {
  IRMapping map(values);
  Block &body = *op.getBody();
  auto fromStorage = [&](BlockArgument original, Value stored) {
    if (original.use_empty())
      return;
    map.map(original,
            original.getType().isInteger(1) && stored.getType().isInteger(8) ? fromByte(inner, loc, stored) : stored);
  };
  for (size_t k = 0; k < inputs; ++k)
    fromStorage(body.getArgument(k), args[k]);
  for (auto [place, k] : llvm::enumerate(yields))
    fromStorage(body.getArgument(inputs + k), args[inputs + place]);
  for (Operation &op : body.without_terminator())
    inner.clone(op, map);
  SmallVector<Value> yielded;
  for (unsigned k : yields) {
    Value v = map.lookupOrDefault(body.getTerminator()->getOperand(k));
    yielded.push_back(v.getType().isInteger(1) ? Value(arith::ExtUIOp::create(inner, loc, inner.getI8Type(), v)) : v);
  }
  linalg::YieldOp::create(inner, loc, yielded);
}

static bool isZeroFill(Value v) {
  auto fill = v.getDefiningOp<linalg::FillOp>();
  return fill && matchPattern(fill.getInputs()[0], m_AnyZeroFloat());
}

LogicalResult OpBufferizer::emitMatmul(linalg::MatmulOp op) {
  if (op.hasUserDefinedMaps())
    return op.emitOpError("must be a plain product; transpose its factors before it");
  Location loc = op.getLoc();
  Value init = op.getOutputs()[0], start = buffers.lookup(init);
  bool fresh = isZeroFill(init);
  // Nothing else reads where the accumulation starts from, and the step writes it anew: go on there.
  bool ours =
      !fresh && init.hasOneUse() && init.getParentBlock() == op->getBlock() && start.getDefiningOp<memref::AllocOp>();
  if (ours && destinations[op.getResult(0)].empty())
    destinations[op.getResult(0)].push_back(start);
  SmallVector<Value> places = placesOf(loc, op.getResult(0));
  if (!fresh && places.front() != start)
    memory.copy(loc, start, places.front());
  auto product = linalg::MatmulOp::create(
      b, loc, TypeRange{}, ValueRange{buffers.lookup(op.getInputs()[0]), buffers.lookup(op.getInputs()[1])},
      ValueRange{places.front()});
  if (fresh)
    product->setAttr(overwriteAttr, b.getUnitAttr());
  for (StringRef name : {addProductAttr, eventsAttr})
    if (op->hasAttr(name))
      product->setAttr(name, b.getUnitAttr());
  copyToOthers(loc, places);
  return success();
}

void OpBufferizer::copyToOthers(Location loc, ArrayRef<Value> places) {
  for (Value other : places.drop_front())
    memory.copy(loc, places.front(), other);
}

LogicalResult OpBufferizer::emitFill(linalg::FillOp op) {
  bool onlyProducts = isZeroFill(op.getResult(0)) && destinations[op.getResult(0)].empty() &&
                      llvm::all_of(op->getUses(), [](OpOperand &use) {
                        auto product = dyn_cast<linalg::MatmulOp>(use.getOwner());
                        return product && product.isDpsInit(&use);
                      });
  if (onlyProducts)
    return success();
  for (Value place : placesOf(op.getLoc(), op.getResult(0)))
    linalg::FillOp::create(b, op.getLoc(), values.lookupOrDefault(op.getInputs()[0]), place);
  return success();
}

/// Memory that is written before it is read needs no place of its own.
LogicalResult OpBufferizer::emitEmpty(tensor::EmptyOp op) {
  bool onlyWritten = llvm::all_of(op->getUses(), [](OpOperand &use) {
    auto writer = dyn_cast<linalg::LinalgOp>(use.getOwner());
    return writer && writer.isDpsInit(&use) && !writer.payloadUsesValueFromOperand(&use);
  });
  if (!onlyWritten)
    placesOf(op.getLoc(), op.getResult());
  return success();
}

LogicalResult OpBufferizer::emitNamed(Operation &op) {
  if (op.getNumResults() != 1)
    return op.emitOpError("must have one result");
  if (isa<linalg::ReduceOp>(op) && tensorType(op.getResult(0)).getElementType().isInteger(1))
    return op.emitOpError("must not reduce booleans; convert them first");
  auto dps = cast<DestinationStyleOpInterface>(op);
  SmallVector<Value> places = placesOf(op.getLoc(), op.getResult(0));
  Value init = dps.getDpsInitOperand(0)->get();
  if (isa<linalg::ReduceOp>(op))
    memory.copy(op.getLoc(), buffers.lookup(init), places.front());
  IRMapping map(values);
  for (Value v : dps.getDpsInputs())
    map.map(v, buffers.lookup(v));
  map.map(init, places.front());
  if (auto transpose = dyn_cast<linalg::TransposeOp>(op)) { // with a body of the stored type
    linalg::TransposeOp::create(b, op.getLoc(), map.lookup(transpose.getInput()), places.front(),
                                transpose.getPermutation());
    copyToOthers(op.getLoc(), places);
    return success();
  }
  OperationState state(op.getLoc(), op.getName());
  for (Value v : op.getOperands())
    state.operands.push_back(map.lookupOrDefault(v));
  state.addAttributes(op.getAttrs());
  for (Region &region : op.getRegions())
    region.cloneInto(state.addRegion(), map);
  b.create(state);
  copyToOthers(op.getLoc(), places);
  return success();
}

LogicalResult OpBufferizer::emitConcat(tensor::ConcatOp op) {
  bool directed = !destinations[op.getResult()].empty();
  SmallVector<Value> places = placesOf(op.getLoc(), op.getResult());
  if (!directed) // its pieces were not told where to go
    for (const Piece &piece : piecesOf(op))
      memory.copy(op.getLoc(), buffers.lookup(piece.value), memory.part(op.getLoc(), places.front(), piece));
  return success();
}

LogicalResult OpBufferizer::emitView(Operation &op) {
  Location loc = op.getLoc();
  Value from = buffers.lookup(op.getOperand(0)), to;
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    if (!slice.hasUnitStride() || slice.getType().getRank() != slice.getSourceType().getRank())
      return op.emitOpError("must keep its rank and have unit strides");
    SmallVector<OpFoldResult> offsets = slice.getMixedOffsets();
    for (OpFoldResult &offset : offsets)
      if (auto v = dyn_cast<Value>(offset))
        offset = values.lookupOrDefault(v);
    to = memref::SubViewOp::create(b, loc, from, offsets, slice.getMixedSizes(), slice.getMixedStrides());
  } else {
    if (!isContiguous(cast<MemRefType>(from.getType()))) {
      Value packed = memory.alloc(loc, op.getOperand(0).getType());
      memory.copy(loc, from, packed);
      from = packed;
    }
    to = reshaped(op, from);
  }
  buffers[op.getResult(0)] = to;
  for (Value place : destinations[op.getResult(0)])
    memory.copy(loc, to, place);
  return success();
}

Value OpBufferizer::reshaped(Operation &op, Value from) {
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    return memref::CollapseShapeOp::create(b, op.getLoc(), from, collapse.getReassociationIndices());
  auto expand = cast<tensor::ExpandShapeOp>(op);
  return memref::ExpandShapeOp::create(b, op.getLoc(), expand.getResultType().getShape(), from,
                                       expand.getReassociationIndices());
}

LogicalResult OpBufferizer::emitExtract(tensor::ExtractOp op) {
  SmallVector<Value> indices;
  for (Value v : op.getIndices())
    indices.push_back(values.lookupOrDefault(v));
  Value v = memref::LoadOp::create(b, op.getLoc(), buffers.lookup(op.getTensor()), indices);
  values.map(op.getResult(), op.getType().isInteger(1) ? fromByte(b, op.getLoc(), v) : v);
  return success();
}

LogicalResult OpBufferizer::emitConstant(arith::ConstantOp op) {
  auto dense = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!dense)
    return op.emitOpError("must be dense");
  if (dense.getElementType().isInteger(1))
    dense = dense.mapValues(b.getI8Type(), [](const APInt &v) { return v.zext(8); });
  std::string name = (program + ".constant." + llvm::Twine(constants++)).str();
  MemRefType type = storageType(op.getType());
  OpBuilder outside(memory.target);
  memref::GlobalOp::create(outside, op.getLoc(), name, outside.getStringAttr("private"), type, dense,
                           /*constant=*/true, outside.getI64IntegerAttr(64));
  Value stored = buffers[op.getResult()] = memref::GetGlobalOp::create(b, op.getLoc(), type, name);
  for (Value place : destinations[op.getResult()])
    memory.copy(op.getLoc(), stored, place);
  return success();
}

} // namespace overtime::ir
