// SPDX-License-Identifier: Apache-2.0
// What the driver says of IR that is wrong, in every build.
#include "compiler/driver/Compiler.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <catch2/catch.hpp>

using namespace overtime::driver;

namespace {

/// The error of the stage `trace` on textual IR, which nothing has verified.
std::string error_of(llvm::StringRef text) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<mlir::arith::ArithDialect, mlir::func::FuncDialect, overtime::ir::DynDialect>();
  mlir::ParserConfig config(&context, /*verifyAfterParse=*/false);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, config, "model.mlir");
  REQUIRE(module);
  auto printed = printStage(*module, ProgramInfo(), "trace", "native");
  return printed ? "" : llvm::toString(printed.takeError());
}

} // namespace

TEST_CASE("a traced program is verified to its last operation", "[driver]") {
  std::string error = error_of("func.func @f(%a: i64, %b: f32) -> f32 {\n"
                               "  %c = \"arith.mulf\"(%a, %b) : (i64, f32) -> f32\n"
                               "  return %c : f32\n"
                               "}\n");
  CHECK_THAT(error, Catch::StartsWith("model.mlir:2:8: error: 'arith.mulf' op"));
  CHECK(error.find("see current operation") == std::string::npos);
  CHECK(error_of("func.func @f(%a: f32) -> f32 {\n  return %a : f32\n}\n") == "");
}
