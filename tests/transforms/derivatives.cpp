// SPDX-License-Identifier: Apache-2.0
// Every rule of the table of derivatives against finite differences, both evaluated by the interpreter.
#include "compiler/transforms/gradient/Derivatives.h"
#include "compiler/reference/Interpreter.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>

using namespace mlir;
using overtime::reference::Array;

namespace {

using Point = std::vector<double>;

/// Where a rule is tried: on both sides of what it distinguishes, away from where the function has no slope.
const std::map<std::string, std::vector<Point>> points = {
    {"arith.addf", {{0.3, -2}}},
    {"arith.divf", {{0.3, -2}, {-4, 0.7}}},
    {"arith.maximumf", {{0.3, -2}, {-2, 0.3}}},
    {"arith.minimumf", {{0.3, -2}, {-2, 0.3}}},
    {"arith.mulf", {{0.3, -2}}},
    {"arith.negf", {{0.3}}},
    {"arith.subf", {{0.3, -2}}},
    {"dyn.exprel", {{-30}, {-1.5}, {-0.021}, {-0.019}, {-1e-4}, {0}, {1e-4}, {0.019}, {0.021}, {1.5}, {8}}},
    {"dyn.spike", {{-0.7, 0}, {0.7, 0}}},  // with the slope that a step has
    {"dyn.with_gradient_of", {{0.3, -2}}}, // of the numbers
    {"math.absf", {{-0.7}, {0.7}}},
    {"math.ceil", {{-0.7}, {0.7}}},
    {"math.copysign", {{-0.7, 2}, {0.7, 2}, {0.7, -2}, {-0.7, -2}}},
    {"math.cos", {{-0.7}, {2}}},
    {"math.cosh", {{-0.7}, {2}}},
    {"math.erf", {{-0.7}, {0}, {2}}},
    {"math.exp", {{-0.7}, {0}, {2}}},
    {"math.expm1", {{-0.7}, {0}, {2}}},
    {"math.floor", {{-0.7}, {0.7}}},
    {"math.log", {{0.2}, {3}}},
    {"math.log1p", {{-0.6}, {0}, {3}}},
    {"math.powf", {{0.4, 1.7}, {3, -2}, {2.5, 0}, {1, 3}}},
    {"math.roundeven", {{-0.7}, {0.7}}},
    {"math.sin", {{-0.7}, {2}}},
    {"math.sinh", {{-0.7}, {2}}},
    {"math.sqrt", {{0.2}, {3}}},
    {"math.tanh", {{-0.7}, {0}, {2}}},
};

/// The operation and its partial derivatives at a point: y, dy/dx0, dy/dx1.
std::vector<double> evaluate(StringRef name, const Point &x) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<arith::ArithDialect, func::FuncDialect, math::MathDialect, overtime::ir::DynDialect>();
  OpBuilder b(&context);
  Location loc = b.getUnknownLoc();
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  b.setInsertionPointToEnd(module->getBody());
  SmallVector<Type> arguments(x.size(), b.getF64Type()), results(x.size() + 1, b.getF64Type());
  auto function = func::FuncOp::create(b, loc, "f", b.getFunctionType(arguments, results));
  Block *entry = function.addEntryBlock();
  b.setInsertionPointToEnd(entry);
  OperationState state(loc, name, entry->getArguments(), TypeRange{b.getF64Type()});
  Operation *op = b.create(state);
  SmallVector<Value> values = {op->getResult(0)};
  for (unsigned k = 0; k < x.size(); ++k) {
    auto partial = overtime::ir::partialDerivative(b, op, k);
    REQUIRE(partial);
    values.push_back(partial->value ? partial->value
                                    : arith::ConstantOp::create(b, loc, b.getF64FloatAttr(partial->number)));
  }
  func::ReturnOp::create(b, loc, values);
  std::vector<Array> given;
  for (double v : x)
    given.push_back(Array::real({}, {v}));
  std::string error;
  auto found = overtime::reference::interpret(*module, "f", given, &error);
  INFO(error);
  REQUIRE(found);
  std::vector<double> numbers;
  for (const Array &result : *found)
    numbers.push_back(result.values.at(0));
  return numbers;
}

} // namespace

TEST_CASE("every rule of the table of derivatives is tried") {
  std::vector<std::string> names, tried;
  for (StringRef name : overtime::ir::differentiableOperations())
    names.push_back(name.str());
  for (const auto &[name, at] : points)
    tried.push_back(name);
  CHECK(names == tried);
}

TEST_CASE("derivatives are the limits of finite differences") {
  for (const auto &[name, at] : points)
    for (const Point &x : at) {
      std::vector<double> here = evaluate(name, x);
      for (std::size_t k = 0; k < x.size(); ++k) {
        INFO(name << " at " << x[0] << (x.size() > 1 ? ", " + std::to_string(x[1]) : "") << ", operand " << k);
        // The error of a central difference is h^2 f''' / 6 and 2^-53 f / h.
        double h = 1e-5 * std::max(1.0, std::abs(x[k]));
        Point low = x, high = x;
        low[k] -= h;
        high[k] += h;
        double difference = (evaluate(name, high)[0] - evaluate(name, low)[0]) / (high[k] - low[k]);
        CHECK(here[k + 1] == Approx(difference).epsilon(1e-7).margin(1e-9));
      }
    }
}

TEST_CASE("the slope of a power is a number at the edge of its domain") {
  CHECK(evaluate("math.powf", {0, 0}) == std::vector<double>{1, 0, 0});
  CHECK(evaluate("math.powf", {0, 1}) == std::vector<double>{0, 1, 0});
  CHECK(evaluate("math.powf", {0, 2}) == std::vector<double>{0, 0, 0});
  CHECK(evaluate("math.powf", {-2, 0})[1] == 0);
}

TEST_CASE("the slope of a spike is the one that it was given") {
  CHECK(evaluate("dyn.spike", {0.7, 3}) == std::vector<double>{1, 3, 0});
  CHECK(evaluate("dyn.spike", {0, -2}) == std::vector<double>{1, -2, 0});
  CHECK(evaluate("dyn.spike", {-0.7, 3}) == std::vector<double>{0, 3, 0});
}
