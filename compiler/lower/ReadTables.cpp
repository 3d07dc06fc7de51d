// SPDX-License-Identifier: Apache-2.0
// read-tables: a program of many buffers takes two tables in place of hundreds of arguments.
#include "compiler/lower/Passes.h"
#include "compiler/lower/memory/ProgramMemory.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace overtime::ir {
#define GEN_PASS_DEF_READTABLES
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

constexpr unsigned manyBuffers = 64; // no single layer or population has as many

class Tables {
public:
  explicit Tables(func::FuncOp program)
      : program(program), b(OpBuilder::atBlockBegin(&program.getBody().front())), converter(program.getContext()),
        count(program.getNumArguments() - (program->hasAttr(teamAttr) ? 3 : 2)) {} // without the parts and the team

  void run() {
    auto pointer = LLVM::LLVMPointerType::get(program.getContext());
    for (unsigned table : {count, count + 1})
      (void)program.insertArgument(table, pointer, {}, program.getLoc());
    llvm::BitVector replaced(program.getNumArguments());
    unsigned buffers = 0, strides = 0;
    for (unsigned k = ProgramFunction::scalars; k < count; ++k) {
      BlockArgument argument = program.getArgument(k);
      if (isa<MemRefType>(argument.getType()))
        replaceBuffer(argument, read(count, buffers++, pointer));
      else
        argument.replaceAllUsesWith(read(count + 1, strides++, b.getI64Type()));
      replaced.set(k);
    }
    for (Operation *cast : casts)
      cast->erase();
    (void)program.eraseArguments(replaced);
  }

private:
  Value read(unsigned table, int32_t place, Type type) {
    Location loc = program.getLoc();
    Value at = LLVM::GEPOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext()), type, program.getArgument(table),
                                   ArrayRef<LLVM::GEPArg>{place});
    return LLVM::LoadOp::create(b, loc, type, at);
  }

  /// After the conversion of memref a buffer is used as the structure that describes it.
  void replaceBuffer(BlockArgument buffer, Value pointer) {
    if (buffer.use_empty())
      return;
    Location loc = program.getLoc();
    Value described = MemRefDescriptor::fromStaticShape(b, loc, converter, cast<MemRefType>(buffer.getType()), pointer);
    for (Operation *user : buffer.getUsers()) {
      auto cast = dyn_cast<UnrealizedConversionCastOp>(user);
      if (cast && cast.getNumResults() == 1 && cast.getResult(0).getType() == described.getType()) {
        cast.getResult(0).replaceAllUsesWith(described);
        casts.push_back(cast); // the builder may stand there
      }
    }
    buffer.replaceAllUsesWith(UnrealizedConversionCastOp::create(b, loc, buffer.getType(), described).getResult(0));
  }

  func::FuncOp program;
  OpBuilder b;
  LLVMTypeConverter converter;
  unsigned count; // of arguments before the tables
  SmallVector<Operation *> casts;
};

struct ReadTablesPass : overtime::ir::impl::ReadTablesBase<ReadTablesPass> {
  void runOnOperation() override {
    auto isBuffer = [](Type type) { return isa<MemRefType>(type); };
    if (getOperation()->hasAttr(programAttr) &&
        llvm::count_if(getOperation().getArgumentTypes(), isBuffer) > manyBuffers)
      Tables(getOperation()).run();
  }
};

} // namespace
