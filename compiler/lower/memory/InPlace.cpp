// SPDX-License-Identifier: Apache-2.0
// Whether a carried state can be updated in its own memory.
#include "compiler/lower/memory/InPlace.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;

namespace overtime::ir {

bool Piece::overlaps(const Piece &other) const {
  return whole() || other.whole() || axis != other.axis || (begin < other.end && other.begin < end);
}
bool Piece::covers(const Piece &other) const { return axis == other.axis && begin == other.begin && end == other.end; }

SmallVector<Piece> piecesOf(tensor::ConcatOp concat) {
  SmallVector<Piece> pieces;
  int64_t axis = concat.getDim(), begin = 0;
  for (Value v : concat.getInputs()) {
    int64_t size = cast<RankedTensorType>(v.getType()).getDimSize(axis);
    pieces.push_back({v, axis, begin, begin + size});
    begin += size;
  }
  return pieces;
}

static bool isView(Operation *op) {
  return isa<tensor::ExtractSliceOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op);
}

Value InPlace::stateBehind(Value value) {
  while (Operation *def = value.getDefiningOp()) {
    if (!isView(def))
      return {};
    value = def->getOperand(0);
  }
  auto argument = cast<BlockArgument>(value);
  auto loop = dyn_cast<LoopOverTimeOp>(argument.getOwner()->getParentOp());
  return loop && llvm::is_contained(loop.carried(), argument) ? value : Value();
}

OpOperand *InPlace::accumulated(Operation *op) {
  if (auto propagate = dyn_cast<PropagateOp>(op))
    return &propagate.getInitMutable();
  if (auto collect = dyn_cast<CollectOp>(op))
    return &collect.getInitMutable();
  if (auto correlate = dyn_cast<CorrelateOp>(op))
    return &correlate.getInitMutable();
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    return &insert.getDestMutable();
  return nullptr;
}

static bool isReadBefore(Value value, Operation *end, OpOperand *except) {
  return llvm::all_of(value.getUses(), [&](OpOperand &use) {
    if (&use == except)
      return true;
    Operation *user = end->getBlock()->findAncestorOpInBlock(*use.getOwner());
    if (!user || !user->isBeforeInBlock(end))
      return false;
    return !isView(user) || isReadBefore(user->getResult(0), end, nullptr);
  });
}

bool InPlace::goesOn(OpOperand &accumulated) {
  Operation *op = accumulated.getOwner();
  return accumulated.get().getParentBlock() == op->getBlock() && isReadBefore(accumulated.get(), op, &accumulated);
}

/// The part of its source that a slice reads, when it cuts one axis; the whole otherwise.
static Piece slicedPart(tensor::ExtractSliceOp slice) {
  Piece part;
  for (auto [axis, size] : llvm::enumerate(slice.getSourceType().getShape())) {
    int64_t begin = slice.getStaticOffsets()[axis], length = slice.getStaticSizes()[axis];
    if (length == size)
      continue;
    if (!part.whole() || ShapedType::isDynamic(begin))
      return {};
    part = {{}, int64_t(axis), begin, begin + length};
  }
  return part;
}

/// Every operation that reads the old value, through views. False when the next step reads it as another state.
bool InPlace::collectReads(Value alias, const Piece &part, SmallVectorImpl<Read> &reads) {
  Block &step = loop.step();
  for (OpOperand &use : alias.getUses()) {
    Operation *user = step.findAncestorOpInBlock(*use.getOwner());
    if (user == step.getTerminator()) {
      if (use.getOperandNumber() < loop.getInits().size())
        return false;
      reads.push_back({alias.getDefiningOp(), nullptr, part}); // copied out where it is defined
    } else if (isView(user)) {
      // Only a slice of the state itself is a part in the state's own shape.
      auto slice = dyn_cast<tensor::ExtractSliceOp>(user);
      Piece inner = slice && isa<BlockArgument>(alias) ? slicedPart(slice) : slice ? part : Piece();
      if (!collectReads(user->getResult(0), inner, reads))
        return false;
      if (!slice) // may be packed into memory of its own where it stands
        reads.push_back({user, nullptr, inner});
    } else {
      reads.push_back({user, &use, part});
    }
  }
  return true;
}

/// Reads, at every point of its iteration, the element that the result has there.
static bool readsOwnElement(Operation *op, OpOperand &operand) {
  if (auto product = dyn_cast<linalg::MatmulOp>(op))
    return product.isDpsInit(&operand) && !llvm::is_contained(product.getInputs(), operand.get());
  auto generic = dyn_cast<linalg::GenericOp>(op);
  return generic && generic.getNumParallelLoops() == generic.getNumLoops() && operand.getOwner() == op &&
         generic.getMatchingIndexingMap(&operand).isIdentity();
}

bool InPlace::writeIsSafe(const Piece &written, ArrayRef<Read> reads) {
  Operation *writer = written.value.getDefiningOp();
  if (!writer || writer->getBlock() != &loop.step())
    writer = nullptr; // there when the step begins: it would be written before any read
  for (const Read &read : reads) {
    if (!read.part.overlaps(written))
      continue;
    if (!writer)
      return false;
    if (!read.user) // stacked as it is: copied when the step begins
      continue;
    if (read.user == writer && read.operand && read.operand == accumulated(writer))
      continue; // goes on in the state's own memory
    if (read.user == writer) {
      if (!read.operand || !read.part.covers(written) || !readsOwnElement(writer, *read.operand))
        return false;
    } else if (!read.user->isBeforeInBlock(writer)) {
      return false;
    }
  }
  return true;
}

bool InPlace::allowed(unsigned k) {
  Value next = loop.nextCarried()[k];
  if (stateBehind(next))
    return false;
  SmallVector<Read> reads;
  if (!collectReads(loop.carried()[k], {}, reads))
    return false;
  // What is accumulated is written from the beginning of the chain on.
  while (Operation *def = next.getDefiningOp()) {
    OpOperand *init = accumulated(def);
    if (!init || !goesOn(*init))
      break;
    if (!writeIsSafe({next, -1, 0, 0}, reads))
      return false;
    if (init->get() == loop.carried()[k])
      return true;
    if (stateBehind(init->get()) || !init->get().getDefiningOp())
      break;
    next = init->get();
  }
  auto concat = next.getDefiningOp<tensor::ConcatOp>();
  SmallVector<Piece> pieces = concat ? piecesOf(concat) : SmallVector<Piece>{{next, -1, 0, 0}};
  return llvm::all_of(pieces, [&](const Piece &piece) {
    // A part that is itself a view of the state, or a concatenation of its own, moves inside the state.
    if (stateBehind(piece.value) || piece.value.getDefiningOp<tensor::ConcatOp>())
      return false;
    return writeIsSafe(piece, reads);
  });
}

} // namespace overtime::ir
