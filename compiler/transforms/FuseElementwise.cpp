// SPDX-License-Identifier: Apache-2.0
// fuse-elementwise: elementwise operations of one shape become few linalg.generic with several results.
//
// Every operation of a block gets a level: one more than what it needs, except that an elementwise operation shares
// the level of elementwise operations of its shape. A group is one (level, shape). Operations then sink to the last
// level that their users allow and that has a group of their shape, so that values cross groups only where they must.
#include "compiler/transforms/Passes.h"
#include "compiler/transforms/StepValues.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

#include <map>

namespace overtime::ir {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "compiler/transforms/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

/// Splats and broadcasts disappear into the operands of a group.
bool isSpread(Operation *op) {
  return isa<tensor::SplatOp, linalg::BroadcastOp>(op) ||
         (isa<arith::ConstantOp>(op) && tensorType(op->getResult(0)) && isSplat(op->getResult(0)));
}
bool isGrouped(Operation *op) { return isElementwise(op) && tensorType(op->getResult(0)); }

/// Spreads that something else than an elementwise operation reads must be stored: they are groups of their own.
bool isStoredSpread(Operation *op) {
  return isSpread(op) && llvm::any_of(op->getUsers(), [](Operation *user) { return !isGrouped(user); });
}

/// What an operand of a group reads: a value and how its elements spread over the iteration space.
struct Source {
  Value value; // tensor or scalar
  AffineMap map;
  TypedAttr constant; // a splat constant, written into the body
};

Source sourceOf(Value operand, unsigned rank, MLIRContext *context) {
  if (!tensorType(operand)) // the condition of a select may be one scalar
    return {operand, AffineMap::get(rank, 0, {}, context), {}};
  Operation *def = operand.getDefiningOp();
  DenseElementsAttr dense;
  if (auto constant = dyn_cast_or_null<arith::ConstantOp>(def))
    if ((dense = dyn_cast<DenseElementsAttr>(constant.getValue())) && dense.isSplat())
      return {{}, {}, dense.getSplatValue<TypedAttr>()};
  if (auto splat = dyn_cast_or_null<tensor::SplatOp>(def))
    return {splat.getInput(), AffineMap::get(rank, 0, {}, context), {}};
  if (auto broadcast = dyn_cast_or_null<linalg::BroadcastOp>(def)) {
    SmallVector<AffineExpr> kept;
    for (unsigned d = 0; d < rank; ++d)
      if (!llvm::is_contained(broadcast.getDimensions(), int64_t(d)))
        kept.push_back(getAffineDimExpr(d, context));
    return {broadcast.getInput(), AffineMap::get(rank, 0, kept, context), {}};
  }
  return {operand, AffineMap::getMultiDimIdentityMap(rank, context), {}};
}

/// The schedule of one block.
class BlockFusion {
public:
  explicit BlockFusion(Block &block) : block(block), context(block.getParentOp()->getContext()) {}

  void run() {
    for (Operation &op : block.without_terminator())
      if (!dropped(op))
        schedule(op);
    sink();
    rebuild();
  }

private:
  using Key = std::pair<unsigned, SmallVector<int64_t>>;

  static bool dropped(Operation &op) { return (isSpread(&op) && !isStoredSpread(&op)) || isa<tensor::EmptyOp>(op); }
  static SmallVector<int64_t> shapeOf(Operation *op) {
    return SmallVector<int64_t>(tensorType(op->getResult(0)).getShape());
  }
  bool inGroup(Operation *op) const { return isGrouped(op) || isStoredSpread(op); }

  /// Operations of this block that `op` reads, through the spreads that disappear.
  void eachProducer(Operation *op, llvm::function_ref<void(Operation *)> visit) {
    op->walk([&](Operation *nested) {
      for (Value v : nested->getOperands()) {
        Operation *def = v.getDefiningOp();
        if (!def || def->getBlock() != &block)
          continue;
        if (isSpread(def) && isGrouped(op)) {
          for (Value inner : def->getOperands())
            if (Operation *source = inner.getDefiningOp(); source && source->getBlock() == &block && !dropped(*source))
              visit(source);
        } else if (!dropped(*def)) {
          visit(def);
        }
      }
    });
  }

  /// Scalars and views that depend on nothing of a group stay ahead of all groups.
  void schedule(Operation &op) {
    unsigned at = 0;
    bool grouped = inGroup(&op);
    eachProducer(&op, [&](Operation *producer) {
      bool share = grouped && inGroup(producer) && shapeOf(producer) == shapeOf(&op);
      bool early = !inGroup(producer) && level[producer] == 0;
      at = std::max(at, level[producer] + (share || (early && !grouped) ? 0 : 1));
    });
    if (grouped)
      at = std::max(at, 1u);
    else if (at == 0 && !isEarly(op))
      at = 1;
    level[&op] = at;
    order.push_back(&op);
    if (grouped)
      groups[shapeOf(&op)].insert(at);
  }
  static bool isEarly(Operation &op) {
    return isMemoryEffectFree(&op) && !isa<linalg::LinalgOp, LoopOverTimeOp, PropagateOp, CollectOp, CorrelateOp>(op);
  }
  /// Changes a part of what is carried to the next step, after all reads of it.
  static bool isLate(Operation *op) {
    return isa<tensor::InsertSliceOp>(op) &&
           llvm::all_of(op->getUsers(), [](Operation *user) { return user->hasTrait<OpTrait::IsTerminator>(); });
  }

  void sink() {
    unsigned end = 0;
    for (Operation *op : order)
      end = std::max(end, level[op] + 1);
    for (Operation *op : order)
      if (isLate(op))
        level[op] = end;
    for (Operation *op : llvm::reverse(order)) {
      if (!inGroup(op))
        continue;
      unsigned last = ~0u;
      eachUser(op, [&](Operation *user) {
        if (user->hasTrait<OpTrait::IsTerminator>())
          return;
        bool share = inGroup(user) && shapeOf(user) == shapeOf(op);
        last = std::min(last, level[user] - (share ? 0 : 1));
      });
      const auto &levels = groups[shapeOf(op)];
      auto after = levels.upper_bound(last);
      if (after != levels.begin())
        level[op] = std::max(level[op], *std::prev(after));
    }
  }
  void eachUser(Operation *op, llvm::function_ref<void(Operation *)> visit) {
    for (Operation *user : op->getUsers()) {
      while (user->getBlock() != &block)
        user = user->getParentOp();
      if (isSpread(user) && dropped(*user))
        eachUser(user, visit);
      else
        visit(user);
    }
  }

  void rebuild() {
    struct Item {
      Operation *single = nullptr;
      SmallVector<Operation *> members;
    };
    std::map<Key, size_t> groupIndex;
    std::map<unsigned, SmallVector<Item>> items; // of each level, in the order of the step
    for (Operation *op : order) {
      SmallVector<Item> &here = items[level[op]];
      if (!inGroup(op)) {
        here.push_back({op, {}});
        continue;
      }
      auto [it, fresh] = groupIndex.try_emplace({level[op], shapeOf(op)}, here.size());
      if (fresh)
        here.push_back({});
      here[it->second].members.push_back(op);
    }
    Operation *terminator = block.getTerminator();
    for (auto &[at, here] : items)
      for (Item &item : here)
        if (item.single)
          item.single->moveBefore(terminator);
        else
          for (ArrayRef<Operation *> part : split(item.members))
            buildGroup(part, terminator);
    SmallVector<Operation *> rest;
    for (Operation &op : block.without_terminator())
      rest.push_back(&op);
    for (Operation *op : llvm::reverse(rest))
      if (op->use_empty() && isMemoryEffectFree(op))
        op->erase();
  }

  /// Parts of a large group that share no operation and no carried state: alike populations stay alike, so that
  /// share-kernels finds them, and their registers do not get in each other's way. A small group is faster whole.
  SmallVector<SmallVector<Operation *>> split(ArrayRef<Operation *> members) {
    constexpr size_t large = 128;
    if (members.size() <= large)
      return {SmallVector<Operation *>(members)};
    llvm::EquivalenceClasses<Operation *> connected;
    for (Operation *op : members)
      connected.insert(op);
    llvm::DenseMap<Value, Operation *> reader; // of each state
    for (Operation *op : members)
      for (Value v : op->getOperands()) {
        if (isState(v))
          connected.unionSets(reader.try_emplace(v, op).first->second, op);
        else if (Operation *def = v.getDefiningOp(); def && connected.contains(def))
          connected.unionSets(def, op);
      }
    llvm::MapVector<Operation *, SmallVector<Operation *>> parts; // in the order of their first members
    for (Operation *op : members)
      parts[connected.getLeaderValue(op)].push_back(op);
    return llvm::to_vector(llvm::make_second_range(parts));
  }
  /// Whoever reads it must be done before it is written over, best by the operation that writes it.
  bool isState(Value v) const {
    auto loop = dyn_cast<LoopOverTimeOp>(block.getParentOp());
    auto argument = dyn_cast<BlockArgument>(v);
    if (!loop || !argument || argument.getOwner() != &block || loop.carried().empty())
      return false;
    unsigned first = loop.carried().front().getArgNumber(), number = argument.getArgNumber();
    return number >= first && number < first + loop.carried().size();
  }

  void buildGroup(ArrayRef<Operation *> members, Operation *before) {
    llvm::SmallPtrSet<Operation *, 16> inside(members.begin(), members.end());
    OpBuilder builder(before);
    RankedTensorType shape = tensorType(members.front()->getResult(0));
    llvm::MapVector<Value, Source> sources; // by operand as the members name it
    SmallVector<Value> results;
    for (Operation *op : members) {
      SmallVector<Value> read(op->getOperands());
      if (isSpread(op))
        read = {op->getResult(0)};
      for (Value v : read)
        if (isSpread(op) || !v.getDefiningOp() || !inside.contains(v.getDefiningOp()) || isSpread(v.getDefiningOp()))
          sources.insert({v, sourceOf(v, shape.getRank(), context)});
      if (llvm::any_of(op->getUsers(), [&](Operation *user) { return !inside.contains(user); }))
        results.push_back(op->getResult(0));
    }
    SmallVector<Value> inputs, outputs;
    SmallVector<AffineMap> maps;
    for (auto &[operand, source] : sources)
      if (source.value) {
        inputs.push_back(source.value);
        maps.push_back(source.map);
      }
    SmallVector<Type> types;
    for (Value r : results) {
      outputs.push_back(tensor::EmptyOp::create(builder, r.getLoc(), shape.getShape(), tensorType(r).getElementType()));
      maps.push_back(AffineMap::getMultiDimIdentityMap(shape.getRank(), context));
      types.push_back(r.getType());
    }
    SmallVector<utils::IteratorType> iterators(shape.getRank(), utils::IteratorType::parallel);
    SmallVector<Location> locations;
    for (Operation *op : members)
      locations.push_back(op->getLoc());
    auto generic = linalg::GenericOp::create(
        builder, builder.getFusedLoc(locations), types, inputs, outputs, maps, iterators,
        [&](OpBuilder &b, Location, ValueRange args) { writeBody(b, members, sources, results, args); });
    for (auto [old, fresh] : llvm::zip(results, generic.getResults()))
      old.replaceUsesWithIf(fresh, [&](OpOperand &use) { return !inside.contains(use.getOwner()); });
    for (Operation *op : llvm::reverse(members)) {
      op->dropAllUses();
      op->erase();
    }
  }

  static void writeBody(OpBuilder &b, ArrayRef<Operation *> members, llvm::MapVector<Value, Source> &sources,
                        ArrayRef<Value> results, ValueRange args) {
    IRMapping map;
    unsigned next = 0;
    for (auto &[operand, source] : sources)
      map.map(operand, source.value ? Value(args[next++])
                                    : Value(arith::ConstantOp::create(b, operand.getLoc(), source.constant)));
    for (Operation *op : members) {
      if (isSpread(op))
        continue;
      OperationState state(op->getLoc(), op->getName());
      for (Value v : op->getOperands())
        state.operands.push_back(map.lookupOrDefault(v));
      state.addAttributes(op->getAttrs());
      state.addTypes(getElementTypeOrSelf(op->getResult(0).getType()));
      map.map(op->getResult(0), b.create(state)->getResult(0));
    }
    SmallVector<Value> yielded;
    for (Value r : results)
      yielded.push_back(map.lookupOrDefault(r));
    linalg::YieldOp::create(b, b.getUnknownLoc(), yielded);
  }

  Block &block;
  MLIRContext *context;
  llvm::DenseMap<Operation *, unsigned> level;
  SmallVector<Operation *> order;
  std::map<SmallVector<int64_t>, std::set<unsigned>> groups;
};

struct FuseElementwisePass : overtime::ir::impl::FuseElementwiseBase<FuseElementwisePass> {
  void runOnOperation() override {
    SmallVector<Block *> blocks = {&getOperation().getBody().front()};
    getOperation().walk([&](LoopOverTimeOp loop) { blocks.insert(blocks.begin(), &loop.step()); });
    for (Block *block : blocks)
      BlockFusion(*block).run();
  }
};

} // namespace
