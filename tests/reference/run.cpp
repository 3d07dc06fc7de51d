// SPDX-License-Identifier: Apache-2.0
// A context with the dialects of traced programs, and the parser in front of the interpreter.
#include "tests/reference/run.h"

#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"

namespace overtime::reference {

Outcome run(llvm::StringRef text, std::vector<Array> args, Options options) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<mlir::arith::ArithDialect, mlir::func::FuncDialect, mlir::linalg::LinalgDialect,
                      mlir::math::MathDialect, mlir::tensor::TensorDialect, ir::DynDialect>();
  // Not verified while parsing, so that the interpreter's own check is tested too.
  mlir::ParserConfig config(&context, /*verifyAfterParse=*/false);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, config, "model.mlir");
  if (!module)
    return {std::nullopt, "does not parse"};
  Outcome outcome;
  outcome.results = interpret(*module, "f", std::move(args), &outcome.error, options);
  return outcome;
}

Outcome runBody(llvm::StringRef types, llvm::StringRef result, llvm::StringRef body, std::vector<Array> args,
                Options options) {
  std::string signature;
  char name = 'a';
  llvm::SmallVector<llvm::StringRef> parts;
  types.split(parts, ';', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef type : parts)
    signature += std::string(signature.empty() ? "%" : ", %") + name++ + ": " + type.trim().str();
  return run(("func.func @f(" + signature + ") -> " + result + " {\n" + body + "\nreturn %y : " + result + "\n}").str(),
             std::move(args), options);
}

} // namespace overtime::reference
