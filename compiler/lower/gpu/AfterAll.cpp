// SPDX-License-Identifier: Apache-2.0
// What the last of a kernel's lanes does for all of them.
#include "compiler/lower/gpu/AfterAll.h"

#include "compiler/lower/gpu/synapses/WarpCode.h"
#include "compiler/lower/memory/ProgramMemory.h"

using namespace mlir;

namespace overtime::ir {

static SmallVector<Operation *> storesOf(func::FuncOp program) {
  SmallVector<Operation *> stores;
  program.walk([&](memref::StoreOp store) {
    if (store->hasAttr(afterAllAttr))
      stores.push_back(store);
  });
  return stores;
}

bool hasAfterAll(func::FuncOp program) { return !storesOf(program).empty(); }

void writeAfterAll(func::FuncOp program, const Team &team, Value workspace, int64_t lanes) {
  SmallVector<Operation *> stores = storesOf(program);
  if (stores.empty())
    return;
  OpBuilder b(stores.front());
  WarpCode code{{b, stores.front()->getLoc()}};
  auto fence = [&] { LLVM::FenceOp::create(b, code.loc, LLVM::AtomicOrdering::acq_rel, StringRef("device")); };
  auto count = [&] {
    fence();
    Value before = code.fetchAdd(workspace, code.index(0), code.i32(1));
    fence();
    code.when(code.is(arith::CmpIPredicate::eq, before, code.i32(lanes - 1)), [&] {
      code.fetch(LLVM::AtomicBinOp::xchg, workspace, code.index(0), code.i32(0));
      for (Operation *store : stores)
        store->moveBefore(b.getInsertionBlock(), b.getInsertionPoint());
    });
  };
  if (team.kind() == Team::Thread)
    return count();
  team.wait(b, code.loc, workspace); // all of its threads have read
  code.when(code.is(arith::CmpIPredicate::eq, team.number(), code.i32(0)), count);
}

} // namespace overtime::ir
