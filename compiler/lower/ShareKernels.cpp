// SPDX-License-Identifier: Apache-2.0
// share-kernels: what a large step does many times becomes one function that is called many times.
#include "compiler/lower/Kernel.h"
#include "compiler/lower/Passes.h"
#include "compiler/lower/memory/ProgramMemory.h"
#include "compiler/lower/memory/Record.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace overtime::ir {
#define GEN_PASS_DEF_SHAREKERNELS
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

constexpr size_t fewCopies = 4;    // fewer stay in place, where the step's state can be in registers
constexpr size_t manyKernels = 64; // beyond it each is a function: parts of LLVM take the square of a function's size

llvm::hash_code hashOf(func::FuncOp function) {
  llvm::hash_code hash = hash_value(function.getFunctionType());
  function.getBody().walk([&](Operation *op) {
    hash = llvm::hash_combine(hash, OperationEquivalence::computeHash(op, OperationEquivalence::ignoreHashValue,
                                                                      OperationEquivalence::ignoreHashValue,
                                                                      OperationEquivalence::IgnoreLocations));
  });
  return hash;
}

bool areEqual(func::FuncOp a, func::FuncOp b) {
  return a.getFunctionType() == b.getFunctionType() &&
         OperationEquivalence::isRegionEquivalentTo(&a.getBody(), &b.getBody(), OperationEquivalence::IgnoreLocations);
}

/// Functions, each kept once however often it is made.
class FunctionSet {
public:
  FunctionSet() = default;
  FunctionSet(const FunctionSet &) = delete;
  FunctionSet &operator=(const FunctionSet &) = delete;
  ~FunctionSet() {
    for (func::FuncOp function : functions)
      if (!function->getBlock())
        function.erase();
  }

  /// The number of the function that is equal to this one, which may be itself.
  size_t insert(func::FuncOp made) {
    SmallVector<size_t> &alike = byHash[hashOf(made)];
    for (size_t k : alike)
      if (areEqual(functions[k], made)) {
        made.erase();
        return k;
      }
    alike.push_back(functions.size());
    functions.push_back(made);
    return functions.size() - 1;
  }

  /// The function in the module of `program`, before it.
  func::FuncOp get(size_t k, func::FuncOp program, StringRef kind) {
    if (!functions[k]->getBlock()) {
      functions[k].setName((program.getName() + "." + kind + "." + Twine(k)).str());
      OpBuilder(program).insert(functions[k]);
    }
    return functions[k];
  }

private:
  std::vector<func::FuncOp> functions;
  llvm::DenseMap<llvm::hash_code, SmallVector<size_t>> byHash;
};

class Sharing {
public:
  explicit Sharing(func::FuncOp program) : program(program) {}

  void run() {
    program.getBody().walk<WalkOrder::PreOrder>([&](Block *block) {
      if (!isa<linalg::LinalgOp>(block->getParentOp()))
        llvm::append_range(kernels, Kernel::findAll(*block));
    });
    if (kernels.size() < fewCopies)
      return;
    written = writtenMemory(program);
    std::vector<std::vector<Kernel *>> groups; // by number of their function
    for (Kernel &kernel : kernels)
      if (func::FuncOp function = kernel.outline()) {
        size_t k = functions.insert(function);
        groups.resize(std::max(groups.size(), k + 1));
        groups[k].push_back(&kernel);
      }
    for (auto [k, group] : llvm::enumerate(groups))
      if (group.size() >= fewCopies || kernels.size() > manyKernels)
        for (Kernel *kernel : group)
          replace(*kernel, functions.get(k, program, "kernel"));
    eraseUnused();
  }

private:
  void replace(Kernel &kernel, func::FuncOp function) {
    Value memory;
    if (!kernel.fixedNumbers().empty()) {
      Record record(kernel.fixedNumbers(), written);
      func::FuncOp compute = records.get(records.insert(record.outline()), program, "record");
      memory = record.fill(program, compute, kernel.last());
    }
    kernel.replaceByCall(function, memory);
  }

  /// Arithmetic that records have taken over.
  void eraseUnused() {
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(program.getBody().front())))
      if (isOpTriviallyDead(&op))
        op.erase();
  }

  func::FuncOp program;
  std::vector<Kernel> kernels;
  llvm::DenseSet<Value> written;
  FunctionSet functions, records;
};

struct ShareKernelsPass : overtime::ir::impl::ShareKernelsBase<ShareKernelsPass> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> programs;
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(programAttr))
        programs.push_back(function);
    for (func::FuncOp program : programs)
      Sharing(program).run();
  }
};

} // namespace
