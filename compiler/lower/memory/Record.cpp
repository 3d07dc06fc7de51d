// SPDX-License-Identifier: Apache-2.0
// Follows numbers back to parameters, and writes the function that computes them.
#include "compiler/lower/memory/Record.h"

#include "compiler/lower/memory/ProgramMemory.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace overtime::ir {

llvm::DenseSet<Value> writtenMemory(func::FuncOp program) {
  llvm::DenseSet<Value> written;
  program.walk([&](Operation *op) {
    if (auto linalg = dyn_cast<linalg::LinalgOp>(op))
      for (Value v : linalg.getDpsInits())
        written.insert(rootOf(v));
    if (auto store = dyn_cast<memref::StoreOp>(op))
      written.insert(rootOf(store.getMemRef()));
    if (isa<DynDialect>(op->getDialect()))
      for (Value v : op->getOperands())
        if (memoryType(v) && hasEffect<MemoryEffects::Write>(op, v))
          written.insert(rootOf(v));
  });
  return written;
}

Record::Record(ArrayRef<Value> numbers, const llvm::DenseSet<Value> &written) : numbers(numbers), written(written) {
  for (Value v : numbers)
    collect(v);
}

MemRefType Record::typeOf(ArrayRef<Value> numbers) {
  return MemRefType::get({int64_t(numbers.size())}, numbers.front().getType());
}

void Record::collect(Value v) {
  Operation *op = v.getDefiningOp();
  if (!op || operations.contains(op)) {
    if (!op)
      arguments.insert(v);
    return;
  }
  auto load = dyn_cast<memref::LoadOp>(op);
  bool parameter = load && isa<BlockArgument>(load.getMemRef()) && !written.contains(load.getMemRef());
  auto isNumber = [](Type type) { return type.isIntOrIndexOrFloat(); };
  bool arithmetic = isPure(op) && op->getNumRegions() == 0 && llvm::all_of(op->getResultTypes(), isNumber) &&
                    llvm::all_of(op->getOperandTypes(), isNumber);
  if (!parameter && !arithmetic) {
    arguments.insert(v);
    return;
  }
  for (Value operand : op->getOperands())
    collect(operand);
  operations.insert(op);
}

func::FuncOp Record::outline() {
  OpBuilder b(numbers.front().getContext());
  Location loc = numbers.front().getLoc();
  SmallVector<Type> types = llvm::to_vector(llvm::map_range(arguments, [](Value v) { return v.getType(); }));
  types.push_back(typeOf(numbers));
  auto function = func::FuncOp::create(loc, "record", b.getFunctionType(types, {}));
  function.setPrivate();
  b.setInsertionPointToStart(function.addEntryBlock());
  IRMapping map;
  for (auto [v, given] : llvm::zip(arguments, function.getArguments()))
    map.map(v, given);
  for (Operation *op : operations)
    b.clone(*op, map);
  Value memory = function.getArguments().back();
  for (auto [k, v] : llvm::enumerate(numbers))
    memref::StoreOp::create(b, loc, map.lookup(v), memory, ValueRange{arith::ConstantIndexOp::create(b, loc, k)});
  func::ReturnOp::create(b, loc);
  return function;
}

/// Outside as many loops around the user as the arguments allow.
Operation *Record::placeBefore(Operation *user, Block *outermost) const {
  Operation *place = user->getParentOp();
  auto isInside = [&](Value v) { return v.getParentBlock() == place->getBlock(); };
  while (place->getBlock() != outermost && llvm::none_of(arguments, isInside))
    place = place->getParentOp();
  return place;
}

Value Record::fill(func::FuncOp program, func::FuncOp function, Operation *user) {
  Location loc = user->getLoc();
  Block *block = &program.getBody().front();
  OpBuilder start = OpBuilder::atBlockBegin(block), b(placeBefore(user, block));
  Value memory = memref::AllocOp::create(start, loc, typeOf(numbers));
  SmallVector<Value> operands(arguments.begin(), arguments.end());
  operands.push_back(memory);
  func::CallOp::create(b, loc, function, operands);
  return memory;
}

} // namespace overtime::ir
