// SPDX-License-Identifier: Apache-2.0
// Verifiers and effects of the operations on synapses and ring buffers.
#include "dialect/Dyn.h"

#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace overtime::ir;

namespace {

ShapedType shaped(Value v) { return dyn_cast_or_null<ShapedType>(v ? v.getType() : Type()); }
bool isMemory(Value v) { return v && isa<MemRefType>(v.getType()); }

/// [first] and [second], or [B, first] and [B, second].
LogicalResult checkPair(Operation *op, StringRef names, Value first, Value second) {
  ArrayRef<int64_t> a = shaped(first).getShape(), b = shaped(second).getShape();
  if (a.size() != b.size() || a.empty() || a.size() > 2 || (a.size() == 2 && a[0] != b[0]))
    return op->emitOpError("(C1) ") << names << " must be of rank 1, or of rank 2 with one first dimension, got "
                                    << first.getType() << " and " << second.getType();
  return success();
}

/// Rows that are stored, or that a rule draws for `posts` targets.
LogicalResult checkRows(Operation *op, int64_t sources, Value offsets, Value targets, RowRuleAttr rule = {},
                        std::optional<int64_t> posts = {}) {
  if (bool(offsets) != bool(targets) || bool(offsets) == bool(rule))
    return op->emitOpError("(C8) takes offsets and targets, or a rule that draws them");
  if (rule && posts && rule.getPosts() != *posts)
    return op->emitOpError("(C8) draws among ") << rule.getPosts() << " targets; expected " << *posts;
  if (rule)
    return success();
  if (shaped(offsets).getRank() != 1 || shaped(offsets).getDimSize(0) != sources + 1)
    return op->emitOpError("(C1) has offsets ")
           << offsets.getType() << " for " << sources << " sources; expected " << sources + 1;
  if (shaped(targets).getRank() != 1)
    return op->emitOpError("(C1) has targets ") << targets.getType() << "; expected rank 1";
  return success();
}

LogicalResult checkWeights(Operation *op, Value weights, Value targets) {
  ShapedType type = shaped(weights);
  if (type && !targets)
    return op->emitOpError("(C8) draws its synapses, and has weights ") << type << "; expected one number";
  if (type && type.getShape() != shaped(targets).getShape())
    return op->emitOpError("(C2) has weights ") << type << " for synapses " << targets.getType();
  return success();
}

Type elementOf(Value v) { return getElementTypeOrSelf(v.getType()); }

LogicalResult checkElements(Operation *op, Value events, ArrayRef<Value> reals) {
  Type element = elementOf(reals.front());
  for (Value v : reals)
    if (v && elementOf(v) != element)
      return op->emitOpError("(C3) mixes element types ") << element << " and " << elementOf(v);
  if (events && !isa<IntegerType>(elementOf(events)) && elementOf(events) != element)
    return op->emitOpError("(C3) has events of ") << elementOf(events) << "; expected " << element << " or i1";
  return success();
}

LogicalResult checkKind(Operation *op, Value init) {
  bool memory = isMemory(init);
  for (Value v : op->getOperands())
    if (shaped(v) && isMemory(v) != memory)
      return op->emitOpError("(C4) mixes tensors and memory");
  if (memory != (op->getNumResults() == 0))
    return op->emitOpError("(C4) has ") << (memory ? "a result on memory" : "no result on tensors");
  if (!memory && op->getResult(0).getType() != init.getType())
    return op->emitOpError("(C4) has the result ") << op->getResult(0).getType() << "; expected " << init.getType();
  return success();
}

using Effects = SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>;

/// Reads all memory and writes `init`.
void addEffects(Operation *op, Value init, Effects &effects) {
  for (OpOperand &operand : op->getOpOperands())
    if (isMemory(operand.get())) {
      effects.emplace_back(MemoryEffects::Read::get(), &operand, SideEffects::DefaultResource::get());
      if (operand.get() == init)
        effects.emplace_back(MemoryEffects::Write::get(), &operand, SideEffects::DefaultResource::get());
    }
}

} // namespace

LogicalResult RowRuleAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, int64_t, int64_t posts,
                                  FloatAttr probability, std::optional<int64_t> number, bool skipsSelf,
                                  FloatAttr share) {
  if (bool(probability) == number.has_value())
    return emitError() << "(C1) rows have a probability or a number";
  for (auto [name, v] : {std::pair("probability", probability), std::pair("share", share)})
    if (v && !(v.getValueAsDouble() >= 0.0 && v.getValueAsDouble() <= 1.0))
      return emitError() << "(C2) rows have the " << name << " " << v << "; expected 0 to 1";
  int64_t most = std::min<int64_t>(skipsSelf ? posts - 1 : posts, 16384);
  if (number && (*number < 0 || *number > most))
    return emitError() << "(C3) rows have the number " << *number << "; expected 0 to " << most;
  return success();
}

LogicalResult PropagateOp::verify() {
  if (failed(checkPair(*this, "events and init", getEvents(), getInit())) ||
      failed(checkRows(*this, shaped(getEvents()).getShape().back(), getOffsets(), getTargets(), getRuleAttr(),
                       getFrom() ? std::optional<int64_t>() : shaped(getInit()).getShape().back())) ||
      failed(checkWeights(*this, getWeights(), getTargets())) ||
      failed(checkElements(*this, getEvents(), {getInit(), getWeights()})) || failed(checkKind(*this, getInit())))
    return failure();
  if (getShift() && getRule())
    return emitOpError("(C8) draws its synapses, and has a shift");
  if (getShift() && getFrom())
    return emitOpError("(C5) has both a shift and a from");
  if (getFrom() && !getAscending() && !getRule())
    return emitOpError("(C5) has a from, but rows that need not ascend");
  bool flags = isMemory(getEvents()) && shaped(getEvents()).getRank() == 1 && elementOf(getEvents()).isInteger();
  if (bool(getList()) != bool(getCounts()) || (getList() && !flags))
    return emitOpError("(C7) takes a list together with its counts, for flags of rank 1 in memory");
  return success();
}

LogicalResult ListEventsOp::verify() {
  if (getEvents().getType().getShape() != getList().getType().getShape() || getEvents().getType().getRank() != 1)
    return emitOpError("(C1) lists ") << getEvents().getType() << " in " << getList().getType();
  if (getCount().getType().getRank() != 1 || getCount().getType().getDimSize(0) == 0)
    return emitOpError("(C1) counts in ") << getCount().getType();
  return success();
}

LogicalResult CollectOp::verify() {
  if (failed(checkPair(*this, "values and init", getValues(), getInit())) ||
      failed(checkRows(*this, shaped(getInit()).getShape().back(), getOffsets(), getTargets(), getRuleAttr(),
                       shaped(getValues()).getShape().back())) ||
      failed(checkWeights(*this, getWeights(), getTargets())) ||
      failed(checkElements(*this, {}, {getInit(), getValues(), getWeights()})))
    return failure();
  return checkKind(*this, getInit());
}

LogicalResult CorrelateOp::verify() {
  if (failed(checkPair(*this, "events and values", getEvents(), getValues())) ||
      failed(checkRows(*this, shaped(getEvents()).getShape().back(), getOffsets(), getTargets())))
    return failure();
  ArrayRef<int64_t> synapses = shaped(getTargets()).getShape();
  if (getPositions() && shaped(getPositions()).getShape() != synapses)
    return emitOpError("(C1) has positions ") << getPositions().getType() << " for synapses " << getTargets().getType();
  if (shaped(getInit()).getRank() != 1 || (!getPositions() && shaped(getInit()).getShape() != synapses))
    return emitOpError("(C1) has init ") << getInit().getType() << " for synapses " << getTargets().getType();
  if (bool(getLow()) != bool(getHigh()))
    return emitOpError("(C2) has one bound; give both");
  if (failed(checkElements(*this, getEvents(), {getInit(), getValues(), getLow(), getHigh(), getToward()})))
    return failure();
  return checkKind(*this, getInit());
}

LogicalResult ReadDelayedOp::verify() {
  ShapedType ring = shaped(getRing());
  if (ring.getRank() < 2 || ring.getRank() > 3 || shaped(getDelays()).getRank() != 1 ||
      shaped(getDelays()).getDimSize(0) != ring.getShape().back())
    return emitOpError("(C1) reads ") << ring << " by delays " << getDelays().getType();
  Value to = getInit() ? Value(getInit()) : Value(getResult());
  if (isMemory(getRing()) != bool(getInit()) || bool(getInit()) == bool(getResult()))
    return emitOpError("(C3) must have a result on tensors, and only an init on memory");
  if (shaped(to).getShape() != ring.getShape().drop_front())
    return emitOpError("(C1) reads ") << to.getType() << " from " << ring;
  if (elementOf(to) != ring.getElementType())
    return emitOpError("(C2) reads ") << elementOf(to) << " from " << ring;
  return success();
}

void PropagateOp::getEffects(Effects &effects) { addEffects(*this, getInit(), effects); }
void ListEventsOp::getEffects(Effects &effects) {
  effects.emplace_back(MemoryEffects::Read::get(), &getEventsMutable(), SideEffects::DefaultResource::get());
  for (OpOperand *written : {&getListMutable(), &getCountMutable()})
    effects.emplace_back(MemoryEffects::Write::get(), written, SideEffects::DefaultResource::get());
}
void CollectOp::getEffects(Effects &effects) { addEffects(*this, getInit(), effects); }
void CorrelateOp::getEffects(Effects &effects) { addEffects(*this, getInit(), effects); }
void ReadDelayedOp::getEffects(Effects &effects) { addEffects(*this, getInit(), effects); }
