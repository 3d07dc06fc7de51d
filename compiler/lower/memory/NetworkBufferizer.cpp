// SPDX-License-Identifier: Apache-2.0
// Synapses and ring buffers on memory: what is accumulated into goes on where it is.
#include "compiler/lower/memory/OpBufferizer.h"
#include "compiler/transforms/StepValues.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace overtime::ir {

/// Where the result of an accumulation is made, which `init` fills to begin with.
SmallVector<Value> OpBufferizer::accumulationPlaces(Operation &op, OpOperand &init) {
  Location loc = op.getLoc();
  Value result = op.getResult(0), start = buffers.lookup(init.get());
  bool ours =
      init.get().getParentBlock() == op.getBlock() && start.getDefiningOp<memref::AllocOp>() && InPlace::goesOn(init);
  if (ours && destinations[result].empty())
    destinations[result].push_back(start);
  SmallVector<Value> places = placesOf(loc, result);
  if (places.front() != start)
    memory.copy(loc, start, places.front());
  return places;
}

/// The same operation on memory.
LogicalResult OpBufferizer::emitSynapses(Operation &op) {
  OpOperand &init = *InPlace::accumulated(&op);
  SmallVector<Value> places = accumulationPlaces(op, init);
  OperationState state(op.getLoc(), op.getName());
  for (OpOperand &operand : op.getOpOperands())
    state.operands.push_back(&operand == &init           ? places.front()
                             : tensorType(operand.get()) ? buffers.lookup(operand.get())
                                                         : values.lookupOrDefault(operand.get()));
  state.propertiesAttr = op.getPropertiesAsAttribute();
  state.addAttributes(llvm::to_vector(op.getDiscardableAttrs()));
  b.create(state);
  copyToOthers(op.getLoc(), places);
  return success();
}

LogicalResult OpBufferizer::emitReadDelayed(ReadDelayedOp op) {
  SmallVector<Value> places = placesOf(op.getLoc(), op.getResult());
  ReadDelayedOp::create(b, op.getLoc(), TypeRange{}, buffers.lookup(op.getRing()), values.lookupOrDefault(op.getSlot()),
                        buffers.lookup(op.getDelays()), places.front());
  copyToOthers(op.getLoc(), places);
  return success();
}

/// One row, or other part, is written over.
LogicalResult OpBufferizer::emitInsert(tensor::InsertSliceOp op) {
  if (!op.hasUnitStride())
    return op.emitOpError("must have unit strides");
  Location loc = op.getLoc();
  SmallVector<Value> places = accumulationPlaces(*op, op.getDestMutable());
  SmallVector<OpFoldResult> offsets = op.getMixedOffsets();
  for (OpFoldResult &offset : offsets)
    if (auto v = dyn_cast<Value>(offset))
      offset = values.lookupOrDefault(v);
  auto whole = cast<MemRefType>(places.front().getType());
  auto type = memref::SubViewOp::inferRankReducedResultType(op.getSourceType().getShape(), whole, offsets,
                                                            op.getMixedSizes(), op.getMixedStrides());
  Value part = memref::SubViewOp::create(b, loc, cast<MemRefType>(type), places.front(), offsets, op.getMixedSizes(),
                                         op.getMixedStrides());
  memory.copy(loc, buffers.lookup(op.getSource()), part);
  copyToOthers(loc, places);
  return success();
}

} // namespace overtime::ir
