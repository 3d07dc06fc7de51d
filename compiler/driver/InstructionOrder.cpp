// SPDX-License-Identifier: Apache-2.0
// List scheduling of straight blocks: longest chain first, few values alive.
#include "compiler/driver/InstructionOrder.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"

#include <array>

using namespace llvm;

namespace overtime::driver {
namespace {

/// Of a Zen 4 core and, within a cycle or two, of its neighbours: cycles until a result can be used, and which pipe is
/// taken for how long. Agner Fog, Instruction tables; the pipes of vscalef and vperm were measured.
struct Cost {
  enum Pipe { Multiply, Add, Divide, Other } pipe;
  int latency, busy;
};

Cost costOf(const Instruction &instruction) {
  if (auto *call = dyn_cast<IntrinsicInst>(&instruction)) {
    StringRef name = call->getCalledFunction()->getName();
    if (name.contains("scalef"))
      return {Cost::Add, 6, 2};
    if (name.contains("permvar") || name.contains("vpermi2var"))
      return {Cost::Add, 4, 1};
    if (call->getIntrinsicID() == Intrinsic::fma || call->getIntrinsicID() == Intrinsic::fmuladd)
      return {Cost::Multiply, 4, 1};
    return {Cost::Add, 4, 1};
  }
  switch (instruction.getOpcode()) {
  case Instruction::FDiv:
    return {Cost::Divide, 13, 6};
  case Instruction::FMul:
    return {Cost::Multiply, 4, 1};
  case Instruction::FCmp:
    return {Cost::Multiply, 4, 1};
  case Instruction::FAdd:
  case Instruction::FSub:
    return {Cost::Add, 3, 1};
  case Instruction::Select:
    return {Cost::Add, 1, 1};
  case Instruction::Load:
    return {Cost::Other, 7, 0};
  default:
    return {Cost::Other, 1, 0};
  }
}

class Scheduler {
public:
  explicit Scheduler(ArrayRef<Instruction *> block) : block(block), nodes(block.size()) {
    connect();
    measure();
  }

  SmallVector<Instruction *> run() {
    SmallVector<Instruction *> order;
    for (size_t k = 0; k < nodes.size(); ++k)
      if (nodes[k].waitsFor == 0)
        available.push_back(k);
    for (int cycle = 0; order.size() < nodes.size(); ++cycle)
      for (int started = 0; started < issueWidth; ++started) {
        std::optional<size_t> k = choose(cycle);
        if (!k)
          break;
        start(*k, cycle);
        order.push_back(block[*k]);
      }
    return order;
  }

private:
  struct Node {
    Cost cost;
    SmallVector<unsigned, 4> uses, users;
    unsigned waitsFor = 0, usersLeft = 0;
    int height = 0, ready = 0; // longest chain from here on; first cycle with all operands
  };

  static constexpr int issueWidth = 6;
  static constexpr int valuesAlive = 8;

  void connect() {
    DenseMap<const Instruction *, unsigned> number;
    SmallVector<unsigned> readers; // since the last write
    std::optional<unsigned> writer;
    for (auto [k, instruction] : enumerate(block)) {
      nodes[k].cost = costOf(*instruction);
      for (const Value *operand : instruction->operand_values())
        if (auto *other = dyn_cast<Instruction>(operand))
          if (auto it = number.find(other); it != number.end())
            depend(it->second, k);
      number[instruction] = k;
      if (instruction->mayWriteToMemory()) {
        for (unsigned reader : readers)
          depend(reader, k);
        if (writer)
          depend(*writer, k);
        readers.clear();
        writer = k;
      } else if (instruction->mayReadFromMemory()) {
        if (writer)
          depend(*writer, k);
        readers.push_back(k);
      }
    }
  }
  void depend(unsigned on, unsigned user) {
    if (is_contained(nodes[user].uses, on))
      return;
    nodes[user].uses.push_back(on);
    nodes[on].users.push_back(user);
    ++nodes[user].waitsFor;
    ++nodes[on].usersLeft;
  }
  void measure() {
    for (Node &node : reverse(nodes)) {
      for (unsigned user : node.users)
        node.height = std::max(node.height, nodes[user].height);
      node.height += node.cost.latency;
    }
  }

  bool canStart(const Node &node, int cycle) const {
    return node.ready <= cycle && (node.cost.busy == 0 || pipeFree[node.cost.pipe] <= cycle);
  }
  bool endsValue(const Node &node) const {
    return any_of(node.uses, [&](unsigned use) { return nodes[use].usersLeft == 1; });
  }

  /// The startable one with the longest chain; once many values are alive, one that ends a value.
  std::optional<size_t> choose(int cycle) const {
    bool full = alive >= valuesAlive, mayOpen = !full;
    if (full) // nothing under way could end a value: go on opening
      mayOpen = none_of(available, [&](unsigned k) { return nodes[k].ready > cycle || endsValue(nodes[k]); });
    std::optional<size_t> best;
    for (unsigned k : available) {
      const Node &node = nodes[k];
      if (!canStart(node, cycle) || !(mayOpen || endsValue(node)))
        continue;
      if (!best || node.height > nodes[*best].height || (node.height == nodes[*best].height && k < *best))
        best = k;
    }
    return best;
  }

  void start(unsigned k, int cycle) {
    Node &node = nodes[k];
    if (node.cost.busy > 0)
      pipeFree[node.cost.pipe] = cycle + node.cost.busy;
    available.erase(find(available, k));
    alive += !node.users.empty();
    for (unsigned use : node.uses)
      alive -= --nodes[use].usersLeft == 0;
    for (unsigned user : node.users) {
      nodes[user].ready = std::max(nodes[user].ready, cycle + node.cost.latency);
      if (--nodes[user].waitsFor == 0)
        available.push_back(user);
    }
  }

  ArrayRef<Instruction *> block;
  SmallVector<Node> nodes;
  SmallVector<unsigned> available;
  std::array<int, 4> pipeFree = {};
  int alive = 0;
};

} // namespace

PreservedAnalyses InstructionOrderPass::run(Function &function, FunctionAnalysisManager &) {
  constexpr size_t shortest = 64;  // the processor sees a shorter block whole
  constexpr size_t longest = 4096; // at a time: the work grows with the number that could start
  for (BasicBlock &block : function) {
    SmallVector<Instruction *> instructions;
    for (Instruction &instruction : make_range(block.getFirstNonPHIIt(), block.getTerminator()->getIterator()))
      instructions.push_back(&instruction);
    if (instructions.size() < shortest)
      continue;
    for (ArrayRef<Instruction *> left = instructions; !left.empty();
         left = left.drop_front(std::min(longest, left.size())))
      for (Instruction *instruction : Scheduler(left.take_front(longest)).run())
        instruction->moveBefore(block.getTerminator()->getIterator());
  }
  PreservedAnalyses preserved;
  preserved.preserveSet<CFGAnalyses>();
  return preserved;
}

} // namespace overtime::driver
