// SPDX-License-Identifier: Apache-2.0
// What the operations of a step do to memory when parts of them run at the same time.
#include "compiler/lower/threads/StepItems.h"

#include "compiler/lower/cpu/EventScan.h"
#include "compiler/lower/memory/ProgramMemory.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace overtime::ir {
namespace {

/// An axis of a view as an axis of the memory behind it.
struct Place {
  Value root;
  int64_t axis, offset = 0;
};

/// The axis of the source that an axis of a reshaped view is; the others of its group count one.
std::optional<int64_t> axisBefore(MemRefType from, MemRefType to, ArrayRef<ReassociationIndices> groups, int64_t axis) {
  bool collapses = to.getRank() < from.getRank();
  MemRefType more = collapses ? from : to;
  for (auto [k, group] : llvm::enumerate(groups)) {
    if (collapses ? int64_t(k) != axis : !llvm::is_contained(group, axis))
      continue;
    auto wide = llvm::find_if(group, [&](int64_t d) { return more.getDimSize(d) != 1; });
    if (wide == group.end() || llvm::count_if(group, [&](int64_t d) { return more.getDimSize(d) != 1; }) > 1)
      return std::nullopt;
    if (collapses)
      return *wide;
    return *wide == axis ? std::optional<int64_t>(k) : std::nullopt;
  }
  return std::nullopt;
}

/// Nothing where the axis cannot be followed. `variable`: an offset that may be left out of account.
std::optional<Place> placeOf(Value v, int64_t axis, Value variable = {}) {
  Place place{v, axis};
  while (Operation *def = place.root.getDefiningOp()) {
    if (auto view = dyn_cast<memref::SubViewOp>(def)) {
      OpFoldResult offset = view.getMixedOffsets()[place.axis];
      std::optional<int64_t> constant = getConstantIntValue(offset);
      if (view.getType().getRank() != view.getSourceType().getRank() || !view.hasUnitStride())
        return std::nullopt;
      if (!constant && (!variable || dyn_cast<Value>(offset) != variable))
        return std::nullopt;
      place.offset += constant.value_or(0);
      place.root = view.getSource();
    } else if (auto row = dyn_cast<memref::ReinterpretCastOp>(def)) { // of a sequence
      if (row.getType().getShape() != cast<MemRefType>(row.getSource().getType()).getShape())
        return std::nullopt;
      place.root = row.getSource();
    } else if (isa<memref::CollapseShapeOp, memref::ExpandShapeOp>(def)) {
      auto groups = isa<memref::CollapseShapeOp>(def) ? cast<memref::CollapseShapeOp>(def).getReassociationIndices()
                                                      : cast<memref::ExpandShapeOp>(def).getReassociationIndices();
      auto before = axisBefore(memoryType(def->getOperand(0)), memoryType(place.root), groups, place.axis);
      if (!before)
        return std::nullopt;
      place.axis = *before;
      place.root = def->getOperand(0);
    } else if (isa<ViewLikeOpInterface, arith::SelectOp>(def)) {
      return std::nullopt;
    } else {
      break;
    }
  }
  return place;
}

/// Every memory that a value may show.
void collectRoots(Value v, SmallVectorImpl<Value> &roots) {
  Value root = rootOf(v);
  if (auto select = root.getDefiningOp<arith::SelectOp>()) {
    collectRoots(select.getTrueValue(), roots);
    collectRoots(select.getFalseValue(), roots);
  } else {
    roots.push_back(root);
  }
}

void addWhole(Value memory, bool writes, SmallVectorImpl<Access> &accesses) {
  SmallVector<Value> roots;
  collectRoots(memory, roots);
  for (Value root : roots)
    accesses.push_back({root, writes});
}

bool isNetworkOnMemory(Operation *op) { return isa<PropagateOp, CollectOp, CorrelateOp, ReadDelayedOp>(op); }

bool isWritten(Operation *op, OpOperand &operand) {
  if (isNetworkOnMemory(op))
    return llvm::TypeSwitch<Operation *, bool>(op).Case<PropagateOp, CollectOp, CorrelateOp, ReadDelayedOp>(
        [&](auto one) { return operand.get() == one.getInit(); });
  if (auto linalg = dyn_cast<linalg::LinalgOp>(op))
    return linalg.isDpsInit(&operand);
  auto store = dyn_cast<memref::StoreOp>(op);
  return store && operand.get() == store.getMemRef();
}

} // namespace

std::pair<int64_t, int64_t> Access::of(int64_t p) const {
  if (only && *only != p)
    return {0, 0};
  if (!chunk)
    return {begin, end};
  return {begin + p * *chunk, std::min(begin + (p + 1) * *chunk, end)};
}

bool meets(const Access &a, const Access &b, int64_t parts) {
  if (a.root != b.root || !(a.writes || b.writes))
    return false;
  bool known = a.axis >= 0 && a.axis == b.axis;
  if (known && a.chunk && a.chunk == b.chunk && a.begin == b.begin)
    return false;
  for (int64_t p = 0; p < parts; ++p)
    for (int64_t q = 0; q < parts; ++q) {
      auto [from, to] = a.of(p);
      auto [otherFrom, otherTo] = b.of(q);
      if (p == q || from >= to || otherFrom >= otherTo)
        continue;
      if (!known || (from < otherTo && otherFrom < to))
        return true;
    }
  return false;
}

bool Item::meets(const Item &other, int64_t parts, Steps steps) const {
  return llvm::any_of(accesses, [&](const Access &a) {
    return llvm::any_of(other.accesses, [&](const Access &b) {
      return !(steps == Steps::Next && a.alternates) && ir::meets(a, b, parts);
    });
  });
}

bool Item::touchesSame(const Item &other) const {
  return llvm::any_of(accesses, [&](const Access &a) {
    return llvm::any_of(other.accesses, [&](const Access &b) { return a.root == b.root && (a.writes || b.writes); });
  });
}

bool Item::isLike(const Item &other) const {
  if (how != other.how || isa<scf::ForOp>(op) || isa<scf::ForOp>(other.op))
    return false;
  return how == Alone ? part == other.part : how == Split && extent == other.extent && chunk == other.chunk;
}

int64_t chunkOf(int64_t extent, int64_t parts) {
  int64_t equal = llvm::divideCeil(extent, parts);
  if (extent % parts == 0 && equal % 16 == 0) // nothing remains
    return equal;
  return llvm::alignTo(equal, equal >= 256 ? 64 : 16); // whole vectors, and lines of the cache
}

FailureOr<std::optional<Item>> ItemReader::read(Operation *op) {
  auto hasMemory = [](Operation *inner) {
    return llvm::any_of(inner->getOperandTypes(), [](Type type) { return isa<MemRefType>(type); });
  };
  if (isMemoryEffectFree(op) || isa<memref::AllocOp>(op))
    return std::optional<Item>();
  Item item{op};
  if (isa<memref::LoadOp>(op)) {
    addWhole(op->getOperand(0), false, item.accesses);
    return std::optional<Item>(item);
  }
  if (op->getNumResults() > 0 || (op->getNumRegions() == 0 && !hasMemory(op)))
    return failure();
  auto linalg = dyn_cast<linalg::LinalgOp>(op);
  auto loop = dyn_cast<scf::ForOp>(op);
  auto propagate = dyn_cast<PropagateOp>(op);
  if ((linalg && readLinalg(linalg, item)) || (loop && readLoop(loop, item)) ||
      (propagate && readPropagate(propagate, item)) ||
      (isa<ListEventsOp>(op) && readList(cast<ListEventsOp>(op), item)))
    return std::optional<Item>(item);
  if (failed(readAlone(op, item)))
    return failure();
  return std::optional<Item>(item);
}

/// What remains behind the panels of a product belongs to the part that owns the last columns.
std::optional<int64_t> ItemReader::ownerOfTail(const Access &written) {
  int64_t whole = memoryType(written.root).getDimSize(written.axis), chunk = chunkOf(whole, parts);
  bool isTail = written.begin > 0 && written.end == whole && written.end - written.begin < chunk;
  return isTail && written.begin / chunk == (whole - 1) / chunk ? std::optional<int64_t>(written.begin / chunk)
                                                                : std::nullopt;
}

/// Cut along the longest parallel dimension, the last of them where several are.
bool ItemReader::readLinalg(linalg::LinalgOp op, Item &item) {
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  std::optional<unsigned> longest;
  for (auto [d, type] : llvm::enumerate(op.getIteratorTypesArray()))
    if (type == utils::IteratorType::parallel && (!longest || ranges[d] >= ranges[*longest]))
      longest = d;
  if (!longest || ranges[*longest] <= 16)
    return false;
  item.how = Item::Split;
  item.loop = *longest;
  item.extent = ranges[*longest];
  item.chunk = chunkOf(item.extent, parts);
  std::optional<int64_t> owner;
  SmallVector<Access> accesses;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!memoryType(operand.get()))
      continue;
    bool writes = op.isDpsInit(&operand), found = false;
    for (auto [position, e] : llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults())) {
      if (!e.isFunctionOfDim(item.loop))
        continue;
      if (!isa<AffineDimExpr>(e) || found)
        return false;
      found = true;
      std::optional<Place> place = placeOf(operand.get(), position);
      if (!place) {
        addWhole(operand.get(), writes, accesses);
        continue;
      }
      accesses.push_back({place->root, writes, place->axis, place->offset, place->offset + item.extent, item.chunk});
      if (writes && !owner)
        owner = ownerOfTail(accesses.back());
    }
    if (!found && writes)
      return false;
    if (!found)
      addWhole(operand.get(), false, accesses);
  }
  item.accesses = accesses;
  if (owner) {
    item.how = Item::Alone;
    item.part = *owner;
    for (Access &access : item.accesses) {
      access.chunk.reset();
      access.only = owner;
    }
  }
  return true;
}

/// A loop over panels of columns (pack-weights): every iteration writes columns of its own.
bool ItemReader::readLoop(scf::ForOp op, Item &item) {
  std::optional<int64_t> begin = getConstantIntValue(op.getLowerBound()), end = getConstantIntValue(op.getUpperBound()),
                         step = getConstantIntValue(op.getStep());
  if (begin != 0 || !end || !step || op.getNumResults() > 0)
    return false;
  item.how = Item::Split;
  item.extent = *end;
  SmallVector<Access> accesses;
  int64_t columns = *end; // of the result, whose remainder is an operation of its own
  SmallVector<std::pair<Place, bool>> cut;
  for (Operation &inner : op.getBody()->without_terminator()) {
    if (isMemoryEffectFree(&inner))
      continue;
    if (!isa<linalg::LinalgOp>(inner))
      return false;
    for (OpOperand &operand : inner.getOpOperands()) {
      if (!memoryType(operand.get()))
        continue;
      bool writes = isWritten(&inner, operand), found = false;
      auto view = operand.get().getDefiningOp<memref::SubViewOp>();
      for (int64_t axis = 0; view && axis < view.getType().getRank() && !found; ++axis) {
        if (dyn_cast<Value>(view.getMixedOffsets()[axis]) != op.getInductionVar() || view.getStaticSize(axis) != *step)
          continue;
        if (std::optional<Place> place = placeOf(operand.get(), axis, op.getInductionVar())) {
          cut.push_back({*place, writes});
          columns = std::max(columns, writes ? view.getSourceType().getDimSize(axis) : 0);
          found = true;
        }
      }
      if (!found && writes)
        return false;
      if (!found)
        addWhole(operand.get(), false, accesses);
    }
  }
  item.chunk = llvm::alignTo(chunkOf(columns, parts), *step);
  for (auto &[place, writes] : cut)
    accesses.push_back({place.root, writes, place.axis, place.offset, place.offset + *end, item.chunk});
  item.accesses = accesses;
  return true;
}

/// Every part lists its own.
bool ItemReader::readList(ListEventsOp op, Item &item) {
  std::optional<Place> place = placeOf(op.getEvents(), 0);
  if (!place)
    return false;
  item.how = Item::Split;
  item.extent = op.getEvents().getType().getDimSize(0);
  item.chunk = chunkOf(item.extent, parts);
  item.accesses.push_back({place->root, false, place->axis, place->offset, place->offset + item.extent, item.chunk});
  Access list{rootOf(op.getList()), true, 0, 0, item.extent, item.chunk},
      count{rootOf(op.getCount()), true, 0, 0, parts * countStride, countStride};
  for (Access *written : {&list, &count}) {
    written->alternates = true; // the second step from now comes after a barrier of the next
    item.accesses.push_back(*written);
  }
  return true;
}

/// Every part has targets of its own, and goes through all lists.
bool ItemReader::readPropagate(PropagateOp op, Item &item) {
  MemRefType type = memoryType(op.getInit());
  int64_t axis = type.getRank() - 1;
  std::optional<Place> place = placeOf(op.getInit(), axis);
  if (!op.getList() || op.getFrom() || type.getDimSize(axis) <= 16 || !place)
    return false;
  item.how = Item::Split;
  item.extent = type.getDimSize(axis);
  item.chunk = chunkOf(item.extent, parts);
  for (OpOperand &operand : op->getOpOperands())
    if (memoryType(operand.get()) && &operand != &op.getInitMutable())
      addWhole(operand.get(), false, item.accesses);
  item.accesses.push_back({place->root, true, place->axis, place->offset, place->offset + item.extent, item.chunk});
  return true;
}

LogicalResult ItemReader::readAlone(Operation *op, Item &item) {
  item.how = Item::Alone;
  auto visited = op->walk<WalkOrder::PreOrder>([&](Operation *inner) {
    bool touches = isa<linalg::LinalgOp, memref::LoadOp, memref::StoreOp>(inner) || isNetworkOnMemory(inner);
    if (!touches && !isa<scf::ForOp, scf::IfOp>(inner) && !isMemoryEffectFree(inner))
      return WalkResult::interrupt();
    if (!touches)
      return WalkResult::advance();
    for (OpOperand &operand : inner->getOpOperands())
      if (memoryType(operand.get()))
        addWhole(operand.get(), isWritten(inner, operand), item.accesses);
    return WalkResult::skip();
  });
  if (visited.wasInterrupted())
    return failure();
  item.part = partFor(item.accesses);
  for (Access &access : item.accesses) {
    access.only = item.part;
    if (access.writes)
      homes.insert({access.root, item.part});
  }
  return success();
}

/// Where what it writes or reads was made, or the next part: reductions of several populations run at the same time.
int64_t ItemReader::partFor(ArrayRef<Access> accesses) {
  for (bool writes : {true, false})
    for (const Access &access : accesses)
      if (auto home = homes.find(access.root); access.writes == writes && home != homes.end())
        return home->second;
  return next++ % parts;
}

} // namespace overtime::ir
