// SPDX-License-Identifier: Apache-2.0
// Phases of a step: what parts may run between two barriers.
#include "compiler/lower/threads/StepPhases.h"

using namespace mlir;

namespace overtime::ir {

void Sequence::sort(Block &body, int64_t parts) {
  llvm::DenseMap<Operation *, size_t> number;
  for (auto [k, item] : llvm::enumerate(items))
    number[item.op] = k;
  llvm::DenseMap<Operation *, unsigned> phase;
  for (Operation &op : body.without_terminator()) {
    unsigned mine = 0;
    op.walk([&](Operation *inner) {
      for (Value v : inner->getOperands())
        if (Operation *def = v.getDefiningOp(); def && def->getBlock() == &body)
          mine = std::max(mine, phase.lookup(def));
    });
    if (auto it = number.find(&op); it != number.end())
      for (size_t k = 0; k < it->second; ++k) {
        const Item &earlier = items[k], &item = items[it->second];
        if (item.touchesSame(earlier))
          mine = std::max(mine, phase.lookup(earlier.op) + item.meets(earlier, parts));
      }
    phase[&op] = mine;
  }
  unsigned last = 0;
  for (auto [op, mine] : phase)
    last = std::max(last, mine);
  SmallVector<SmallVector<Operation *>> order(last + 1);
  for (Operation &op : body.without_terminator())
    order[phase.lookup(&op)].push_back(&op);
  std::vector<Item> sorted;
  for (ArrayRef<Operation *> ops : order)
    for (Operation *op : ops) {
      op->moveBefore(body.getTerminator());
      if (auto it = number.find(op); it != number.end())
        sorted.push_back(items[it->second]);
    }
  items = std::move(sorted);
}

void Sequence::placeBarriers(int64_t parts, bool repeats) {
  waits.assign(items.size(), false);
  SmallVector<const Item *> open; // since the last barrier
  auto mustWait = [&](const Item &item, Steps steps) {
    return llvm::any_of(open, [&](const Item *other) { return item.meets(*other, parts, steps); });
  };
  for (auto [k, item] : llvm::enumerate(items)) {
    if (mustWait(item, Steps::Same)) {
      waits[k] = true;
      open.clear();
    }
    open.push_back(&item);
  }
  for (size_t k = 0; repeats && k < items.size() && !waits[k]; ++k)
    if (mustWait(items[k], Steps::Next)) { // what comes before the first barrier does not meet itself
      waits[k] = true;
      break;
    }
}

} // namespace overtime::ir
