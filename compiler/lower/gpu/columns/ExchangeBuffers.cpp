// SPDX-License-Identifier: Apache-2.0
// Buffers in two halves for what the threads of a step hand to all threads of the next.
#include "compiler/lower/gpu/columns/ExchangeBuffers.h"

#include "compiler/lower/gpu/KernelMemory.h"
#include "compiler/lower/gpu/TeamAccesses.h"
#include "compiler/lower/memory/ProgramMemory.h"
#include "compiler/lower/memory/StepMemory.h"
#include "compiler/lower/products/ProductChain.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;

namespace overtime::ir {
namespace {

/// A rectangle of a matrix from outside the loop.
struct Region {
  Value root;
  SmallVector<int64_t> offsets, sizes;
  bool operator==(const Region &) const = default;
};

/// Of memory itself or of one static cut of it.
std::optional<Region> regionOf(Value view, scf::ForOp time) {
  Region region{view, {}, llvm::to_vector(cast<MemRefType>(view.getType()).getShape())};
  region.offsets.assign(region.sizes.size(), 0);
  if (auto part = view.getDefiningOp<memref::SubViewOp>()) {
    if (part.getType().getRank() != part.getSourceType().getRank() || !part.hasUnitStride() ||
        llvm::any_of(part.getStaticOffsets(), ShapedType::isDynamic))
      return std::nullopt;
    region.root = part.getSource();
    region.offsets = llvm::to_vector(part.getStaticOffsets());
  }
  if (region.sizes.size() != 2 || region.root != rootOf(view) ||
      time.getRegion().isAncestor(region.root.getParentRegion()))
    return std::nullopt;
  return region;
}

bool overlap(const Region &a, const Region &b) {
  for (size_t d = 0; d < a.offsets.size(); ++d)
    if (a.offsets[d] + a.sizes[d] <= b.offsets[d] || b.offsets[d] + b.sizes[d] <= a.offsets[d])
      return false;
  return true;
}

/// What a loop over time does to a region.
struct Uses {
  SmallVector<OpOperand *> before, after; // products that read it before the first write, after the last
  Operation *firstWrite = nullptr, *lastWrite = nullptr;
  bool simple = true;
};

Uses usesOf(const Region &region, scf::ForOp time, const ColumnTiles &tiles) {
  Uses uses;
  for (Operation &op : time.getBody()->without_terminator()) {
    auto linalg = dyn_cast<linalg::LinalgOp>(op);
    for (OpOperand &operand : op.getOpOperands()) {
      if (!memoryType(operand.get()) || rootOf(operand.get()) != region.root || isa<memref::SubViewOp>(op))
        continue;
      std::optional<Region> other = regionOf(operand.get(), time);
      if (!linalg || !other) {
        uses.simple = false;
        continue;
      }
      if (linalg.isDpsInit(&operand)) {
        if (!overlap(*other, region))
          continue;
        uses.simple &= *other == region && tiles.cut(columnsOf(linalg));
        if (!uses.firstWrite)
          uses.firstWrite = &op;
        uses.lastWrite = &op;
      } else if (isa<linalg::MatmulOp>(op) && *other == region) {
        (uses.firstWrite ? uses.after : uses.before).push_back(&operand);
      }
    }
  }
  auto readsEarly = [&](OpOperand *operand) { return operand->getOwner()->isBeforeInBlock(uses.lastWrite); };
  uses.simple &= uses.lastWrite && llvm::none_of(uses.after, readsEarly);
  return uses;
}

class Exchange {
public:
  Exchange(scf::ForOp time, const Region &region) : time(time), region(region), b(time), memory(b) {
    auto root = cast<MemRefType>(region.root.getType());
    SmallVector<int64_t> shape = {2, region.sizes[0], region.sizes[1]};
    halves = memref::AllocOp::create(b, loc(), MemRefType::get(shape, root.getElementType()), b.getI64IntegerAttr(64));
    memory.copy(loc(), original(), half(index(0), /*number=*/std::nullopt));
  }

  void replace(const Uses &uses) {
    b.setInsertionPointToStart(time.getBody());
    Value odd = arith::AndIOp::create(b, loc(), time.getInductionVar(), index(1));
    Value old = half(odd, 0), fresh = half(arith::SubIOp::create(b, loc(), index(1), odd), 1);
    for (OpOperand *operand : uses.before)
      operand->set(old);
    for (OpOperand *operand : uses.after)
      operand->set(fresh);
    b.setInsertionPointAfter(uses.lastWrite);
    memory.copy(loc(), original(), fresh);
  }

private:
  Location loc() { return time.getLoc(); }
  Value index(int64_t v) { return arith::ConstantIndexOp::create(b, loc(), v); }

  Value original() {
    auto attributes = [&](ArrayRef<int64_t> numbers) { return getAsIndexOpFoldResult(b.getContext(), numbers); };
    return memref::SubViewOp::create(b, loc(), region.root, attributes(region.offsets), attributes(region.sizes),
                                     attributes({1, 1}));
  }

  Value half(Value which, std::optional<int> number) {
    SmallVector<OpFoldResult> offsets(3, b.getIndexAttr(0)), strides(3, b.getIndexAttr(1));
    offsets[0] = which;
    SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(b.getContext(), {1, region.sizes[0], region.sizes[1]});
    auto type = memref::SubViewOp::inferRankReducedResultType(region.sizes, cast<MemRefType>(halves.getType()), offsets,
                                                              sizes, strides);
    auto view = memref::SubViewOp::create(b, loc(), type, halves, offsets, sizes, strides);
    if (number)
      view->setAttr(halfAttr, b.getI64IntegerAttr(*number));
    return view;
  }

  scf::ForOp time;
  Region region;
  OpBuilder b;
  StepMemory memory;
  Value halves;
};

} // namespace

namespace {

/// All that uses an allocation, by its views too, is in the loop, and a product reads it.
bool isReadByProducts(Value memory, scf::ForOp time, bool &product) {
  for (OpOperand &use : memory.getUses()) {
    Operation *user = use.getOwner();
    if (!time->isProperAncestor(user))
      return false;
    if (isa<ViewLikeOpInterface>(user)) {
      if (!isReadByProducts(user->getResult(0), time, product))
        return false;
    } else if (auto matmul = dyn_cast<linalg::MatmulOp>(user)) {
      product |= cast<linalg::LinalgOp>(user).isDpsInput(&use);
    }
  }
  return true;
}

/// Whether a step writes it, or the parts of it, before anything reads it.
bool isWrittenFirst(memref::AllocOp alloc, scf::ForOp time) {
  for (auto op : time.getBody()->getOps<linalg::LinalgOp>())
    for (OpOperand &operand : op->getOpOperands())
      if (memoryType(operand.get()) && rootOf(operand.get()) == alloc.getResult())
        return op.isDpsInit(&operand) && (op->hasAttr(overwriteAttr) || !op.payloadUsesValueFromOperand(&operand));
  return false;
}

/// A temporary of a step, which is written before it is read, is another one in the next step.
void alternate(memref::AllocOp alloc, scf::ForOp time) {
  OpBuilder b(time);
  Location loc = alloc.getLoc();
  MemRefType type = alloc.getType();
  auto index = [&](int64_t v) -> Value { return arith::ConstantIndexOp::create(b, loc, v); };
  int64_t bytes = paddedBytes(type);
  Value both = memref::AllocOp::create(b, loc, MemRefType::get({2 * bytes}, b.getI8Type()), alloc.getAlignmentAttr());
  b.setInsertionPointToStart(time.getBody());
  Value odd = arith::AndIOp::create(b, loc, time.getInductionVar(), index(1));
  auto view =
      memref::ViewOp::create(b, loc, type, both, arith::MulIOp::create(b, loc, odd, index(bytes)), ValueRange());
  view->setAttr(halfAttr, b.getI64IntegerAttr(0));
  alloc.replaceAllUsesWith(view.getResult());
  alloc.erase();
}

} // namespace

void exchangeInHalves(scf::ForOp time, const ColumnTiles &tiles) {
  SmallVector<Region> regions;
  for (auto product : time.getBody()->getOps<linalg::MatmulOp>())
    for (Value input : product.getInputs())
      if (std::optional<Region> region = regionOf(input, time); region && !llvm::is_contained(regions, *region))
        regions.push_back(*region);
  for (const Region &region : regions)
    if (Uses uses = usesOf(region, time, tiles); uses.simple && !uses.before.empty())
      Exchange(time, region).replace(uses);
  auto program = time->getParentOfType<func::FuncOp>();
  for (auto alloc : llvm::to_vector(program.getBody().front().getOps<memref::AllocOp>()))
    if (bool product = false; alloc.getType().getRank() == 2 && isReadByProducts(alloc, time, product) && product &&
                              isWrittenFirst(alloc, time))
      alternate(alloc, time);
}

} // namespace overtime::ir
