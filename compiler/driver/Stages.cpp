// SPDX-License-Identifier: Apache-2.0
// Runs the MLIR stages on a program and translates it to LLVM.
#include "compiler/driver/Stages.h"

#include "compiler/driver/Entry.h"

#include "compiler/lower/Pipelines.h"
#include "compiler/lower/memory/ProgramMemory.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

using namespace mlir;

namespace overtime::driver {

void StopWatch::lap(llvm::StringRef name) {
  auto now = std::chrono::steady_clock::now();
  times.emplace_back(name.str(), std::chrono::duration<double, std::milli>(now - start).count());
  start = now;
}

void StopWatch::lap(llvm::StringRef name, double ms) {
  times.emplace_back(name.str(), ms);
  start +=
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double, std::milli>(ms));
}

/// "file:line:column: error: message" of the first diagnostic, with its notes.
static std::string describe(Diagnostic &diagnostic) {
  std::string text;
  llvm::raw_string_ostream out(text);
  auto place = [&](Location loc) {
    loc->walk([&](Location inner) {
      auto file = dyn_cast<FileLineColLoc>(inner);
      if (file)
        out << file.getFilename().getValue() << ":" << file.getLine() << ":" << file.getColumn() << ": ";
      return file ? WalkResult::interrupt() : WalkResult::advance();
    });
  };
  place(diagnostic.getLocation());
  out << "error: " << diagnostic.str();
  for (Diagnostic &note : diagnostic.getNotes()) {
    out << "\n";
    place(note.getLocation());
    out << "note: " << note.str();
  }
  return text;
}

void loadProgramDialects(MLIRContext &context) {
  context.loadDialect<arith::ArithDialect, func::FuncDialect, ir::DynDialect, linalg::LinalgDialect, math::MathDialect,
                      tensor::TensorDialect>();
}

FirstError::FirstError(MLIRContext *context)
    : context(context), printsOp(context->shouldPrintOpOnDiagnostic()),
      handler(context, [this](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() == DiagnosticSeverity::Error && message.empty())
          message = describe(diagnostic);
        return success();
      }) {
  context->printOpOnDiagnostic(false); // users read the message, not the operation
}
FirstError::~FirstError() { context->printOpOnDiagnostic(printsOp); }

llvm::Error FirstError::failure(std::string otherwise) const {
  return llvm::createStringError(message.empty() ? otherwise : message);
}

llvm::Error runStages(ModuleOp module, const ProgramInfo &info, const TargetSpec &target, llvm::StringRef last,
                      StopWatch *watch) {
  FirstError error(module.getContext());
  auto failure = [&](llvm::StringRef stage) { return error.failure("the stage '" + stage.str() + "' failed"); };
  ir::LoweringOptions options{target.vectorBits, target.avx512,     target.fma,         unsigned(info.threads),
                              info.threadsAsked, target.processors, target.sharedBytes, target.tensorCores};
  auto stages = ir::stageNames(target.gpu);
  if (!llvm::is_contained(stages, last)) {
    std::string known = llvm::join(stages, ", ");
    return llvm::createStringError("there is no stage '" + last.str() + "'; the stages are: " + known);
  }
  if (failed(mlir::verify(module))) // the whole program: passes of a release build trust it
    return failure("trace");
  if (watch)
    watch->lap("verify");
  for (llvm::StringRef stage : stages) {
    if (stage == "trace") {
      if (stage == last)
        break;
      continue;
    }
    PassManager passes(module.getContext());
#ifdef NDEBUG
    passes.enableVerifier(false);
#endif
    ir::addStage(passes, stage, options);
    if (failed(passes.run(module)))
      return failure(stage);
    if (watch)
      watch->lap(stage);
    if (stage == last)
      break;
  }
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<llvm::Module>> translate(ModuleOp module, ProgramInfo &info,
                                                        llvm::LLVMContext &context) {
  auto program = module.lookupSymbol<LLVM::LLVMFuncOp>(info.name);
  auto team = module.lookupSymbol<LLVM::LLVMFuncOp>(info.name + ir::teamSuffix.str());
  auto number = [](LLVM::LLVMFuncOp func, llvm::StringRef name, int64_t otherwise) {
    auto attribute = func ? func->getAttrOfType<IntegerAttr>(name) : IntegerAttr();
    return attribute ? attribute.getInt() : otherwise;
  };
  info.threadBytes = number(team ? team : program, ir::workspaceBytesAttr, 0);
  info.workspaceBytes = std::max(number(program, ir::workspaceBytesAttr, 0), number(team, ir::sharedBytesAttr, 0));
  info.parts = number(program, ir::partsAttr, 1);
  info.partCycles = number(program, ir::partCyclesAttr, 0);
  info.waitCycles = number(program, ir::waitCyclesAttr, -1);
  FirstError error(module.getContext());
  registerBuiltinDialectTranslation(*module.getContext());
  registerLLVMDialectTranslation(*module.getContext());
  std::unique_ptr<llvm::Module> code = translateModuleToLLVMIR(module, context, info.name);
  if (!code)
    return error.failure("the program has no translation to LLVM IR");
  llvm::Function *body = code->getFunction(info.name);
  if (!body)
    return llvm::createStringError("the program lost its function '" + info.name + "'");
  unsigned buffers = info.states.size() + info.params.size() + info.inputs.size() + info.outputs.size() + 1;
  for (llvm::Function &function : *code)
    if (!function.isDeclaration())
      function.setLinkage(llvm::Function::InternalLinkage);
  addEntry(*body, code->getFunction(info.name + ir::teamSuffix.str()), info.name, buffers,
           info.inputs.size() + info.outputs.size());
  return code;
}

} // namespace overtime::driver
