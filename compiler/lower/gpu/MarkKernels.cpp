// SPDX-License-Identifier: Apache-2.0
// mark-kernels: functions with a launch become kernels, which a host can start.
#include "compiler/lower/Passes.h"
#include "compiler/lower/memory/ProgramMemory.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/BuiltinOps.h"

namespace overtime::ir {
#define GEN_PASS_DEF_MARKKERNELS
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

struct MarkKernelsPass : overtime::ir::impl::MarkKernelsBase<MarkKernelsPass> {
  void runOnOperation() override {
    Builder b(&getContext());
    for (auto func : getOperation().getOps<LLVM::LLVMFuncOp>())
      if (auto threads = func->getAttrOfType<IntegerAttr>(blockThreadsAttr)) {
        func->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), b.getUnitAttr());
        func->setAttr(NVVM::NVVMDialect::getMaxntidAttrName(), b.getDenseI32ArrayAttr({int32_t(threads.getInt())}));
      }
  }
};

} // namespace
