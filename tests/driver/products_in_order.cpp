// SPDX-License-Identifier: Apache-2.0
// Products of every shape of tile: each element is one chain of multiply-adds in the order of the inner dimension, bit
// for bit, and nothing beyond an array is touched.
#include "compiler/driver/Compiler.h"
#include "compiler/driver/Jit.h"
#include "dialect/Dyn.h"
#include "tests/driver/program.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <algorithm>
#include <cmath>
#include <sys/mman.h>
#include <unistd.h>

using namespace overtime::driver;
using namespace overtime::driver::test;

namespace {

constexpr std::int64_t steps = 5;

struct Sizes {
  std::int64_t rows, inner, columns;
};

/// y = b + x w + y u, the layer of a recurrent network without its nonlinearity.
constexpr const char *program = R"(
func.func @product(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %y0: Y {dyn.kind = "state"},
    %w: W {dyn.kind = "param"}, %u: U {dyn.kind = "param"}, %b: B {dyn.kind = "param"}, %xs: XS {dyn.kind = "input"})
    -> Y attributes {dyn.program} {
  %zero = arith.constant 0.0 : REAL
  %empty = tensor.empty() : Y
  %none = linalg.fill ins(%zero : REAL) outs(%empty : Y) -> Y
  %bias = linalg.broadcast ins(%b : B) outs(%empty : Y) dimensions = [0]
  %r = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%y0 : Y) scan (%xs : XS) {
  ^bb0(%i: i64, %t: REAL, %y: Y, %x: X):
    %xw = linalg.matmul ins(%x, %w : X, W) outs(%none : Y) -> Y
    %yu = linalg.matmul ins(%y, %u : Y, U) outs(%none : Y) -> Y
    %1 = arith.addf %xw, %bias : Y
    %2 = arith.addf %1, %yu : Y
    dyn.yield %2 : Y
  } -> Y
  return %r : Y
}
)";

std::string programText(const Sizes &n, const std::string &real) {
  auto tensor = [&](const std::string &first, std::int64_t columns) {
    return "tensor<" + first + (first.empty() ? "" : "x") + std::to_string(columns) + "x" + real + ">";
  };
  auto number = [](std::int64_t k) { return std::to_string(k); };
  std::string text = program;
  for (auto [name, type] : {std::pair<std::string, std::string>{"REAL", real},
                            {"XS", tensor("?x" + number(n.rows), n.inner)},
                            {"X", tensor(number(n.rows), n.inner)},
                            {"Y", tensor(number(n.rows), n.columns)},
                            {"W", tensor(number(n.inner), n.columns)},
                            {"U", tensor(number(n.columns), n.columns)},
                            {"B", tensor("", n.columns)}})
    for (std::size_t at; (at = text.find(name)) != std::string::npos;)
      text.replace(at, name.size(), type);
  return text;
}

/// Memory as close to a page that cannot be read as the alignment of arrays allows.
template <class Real> class Array {
public:
  explicit Array(std::int64_t count) : count(static_cast<std::size_t>(count)) {
    std::size_t page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)),
                used = (this->count * sizeof(Real) + OVERTIME_ALIGNMENT - 1) / OVERTIME_ALIGNMENT * OVERTIME_ALIGNMENT;
    std::size_t readable = (used + page - 1) / page * page;
    bytes = readable + page;
    base = static_cast<char *>(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REQUIRE(base != MAP_FAILED);
    REQUIRE(::mprotect(base + readable, page, PROT_NONE) == 0);
    first = reinterpret_cast<Real *>(base + readable - used);
  }
  ~Array() { ::munmap(base, bytes); }
  Array(const Array &) = delete;
  Array &operator=(const Array &) = delete;

  Real *data() { return first; }
  const Real *begin() const { return first; }
  const Real *end() const { return first + count; }
  Real operator[](std::int64_t k) const { return first[k]; }
  /// Numbers between -limit and limit.
  void draw(std::uint32_t seed, Real limit) {
    for (std::size_t k = 0; k < count; ++k) {
      seed = seed * 1664525u + 1013904223u;
      first[k] = (Real(seed >> 8) / Real(1 << 23) - Real(1)) * limit;
    }
  }

private:
  std::size_t count, bytes;
  char *base;
  Real *first;
};

template <class Real> struct Problem {
  explicit Problem(const Sizes &n)
      : n(n), y(n.rows * n.columns), w(n.inner * n.columns), u(n.columns * n.columns), b(n.columns),
        x(steps * n.rows * n.inner) {
    y.draw(1, 1), w.draw(2, 1), b.draw(3, 1), x.draw(4, 1);
    u.draw(5, Real(1) / Real(n.columns)); // else y grows
  }
  Sizes n;
  Array<Real> y, w, u, b, x;

  Library compile(const std::string &target) {
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    context.loadDialect<mlir::arith::ArithDialect, mlir::func::FuncDialect, mlir::linalg::LinalgDialect,
                        mlir::tensor::TensorDialect, overtime::ir::DynDialect>();
    auto module = mlir::parseSourceString<mlir::ModuleOp>(programText(n, sizeof(Real) == 4 ? "f32" : "f64"), &context);
    REQUIRE(module);
    std::int32_t dtype = sizeof(Real) == 4 ? OVERTIME_F32 : OVERTIME_F64;
    ProgramInfo info;
    info.name = info.model = "product";
    info.states = {{"y", "", dtype, {n.rows, n.columns}}};
    info.params = {{"w", "", dtype, {n.inner, n.columns}},
                   {"u", "", dtype, {n.columns, n.columns}},
                   {"b", "", dtype, {n.columns}}};
    info.inputs = {{"x", "", dtype, {n.rows, n.inner}}};
    return value(compileLibrary(*module, info, {target, false}, [](const ProgramInfo &made) {
      return std::vector<char>(layoutOf(made).initialBytes, 0);
    }));
  }

  /// The state after all steps, in y.
  void run(const std::string &target) {
    Library library = compile(target);
    llvm::StringRef object(library.object.data(), library.object.size());
    auto code = value(Jit::load(llvm::MemoryBuffer::getMemBufferCopy(object), "product_loop", library.target));
    Array<char> workspace(static_cast<std::int64_t>(library.info.workspaceBytes));
    void *buffers[] = {y.data(), w.data(), u.data(), b.data(), x.data(), workspace.data()};
    std::int64_t strides[] = {n.rows * n.inner};
    code->entry()(steps, 0, 0, 0.0, 0, buffers, strides, 0, library.info.parts, nullptr);
  }

  std::vector<Real> expected(bool fused) const {
    auto add = [&](Real left, Real right, Real sum) { return fused ? std::fma(left, right, sum) : left * right + sum; };
    std::vector<Real> old, now(y.begin(), y.end());
    for (std::int64_t step = 0; step < steps; ++step) {
      old = now;
      for (std::int64_t i = 0; i < n.rows; ++i)
        for (std::int64_t j = 0; j < n.columns; ++j) {
          Real sum = b[j];
          for (std::int64_t k = 0; k < n.inner; ++k)
            sum = add(x[(step * n.rows + i) * n.inner + k], w[k * n.columns + j], sum);
          for (std::int64_t k = 0; k < n.columns; ++k)
            sum = add(old[std::size_t(i * n.columns + k)], u[k * n.columns + j], sum);
          now[std::size_t(i * n.columns + j)] = sum;
        }
    }
    return now;
  }
};

template <class Real> void check(const Sizes &n, const std::string &target, bool fused) {
  INFO(target << ": " << n.rows << " x " << n.inner << " x " << n.columns << ", " << 8 * sizeof(Real) << " bits");
  Problem<Real> problem(n);
  std::vector<Real> expected = problem.expected(fused);
  problem.run(target);
  CHECK(std::equal(expected.begin(), expected.end(), problem.y.begin()));
}

bool runsHere(const TargetSpec &target, const TargetSpec &native) {
  return llvm::Triple(target.triple).getArch() == llvm::Triple(native.triple).getArch() &&
         target.vectorBits <= native.vectorBits && (native.fma || !target.fma);
}

} // namespace

TEST_CASE("a product is one chain of multiply-adds for each element", "[driver][products]") {
  std::string name = GENERATE("native", "x86-64-v2", "x86-64-v3");
  TargetSpec native = value(TargetSpec::get("native"));
  if (name != "native" && llvm::Triple(native.triple).getArch() != llvm::Triple::x86_64)
    return;
  TargetSpec target = value(TargetSpec::get(name));
  if (!runsHere(target, native))
    return;
  // Whole vectors, masked ones, and rows by twos, fours, eights and sixteens, each with rows and elements that remain;
  // where bytes are a multiple of 64 the arrays end where memory does; the last is large enough to be packed.
  for (const Sizes &n : {Sizes{1, 3, 1}, Sizes{3, 1, 2}, Sizes{19, 6, 1}, Sizes{35, 7, 2}, Sizes{9, 5, 3},
                         Sizes{16, 16, 3}, Sizes{7, 4, 7}, Sizes{16, 5, 13}, Sizes{32, 9, 16}, Sizes{11, 9, 17},
                         Sizes{16, 16, 20}, Sizes{13, 6, 20}, Sizes{6, 3, 30}, Sizes{17, 5, 34}, Sizes{5, 8, 52},
                         Sizes{1, 9, 200}, Sizes{3, 2, 133}, Sizes{2, 70, 64}, Sizes{131, 5, 300}}) {
    check<float>(n, name, target.fma);
    check<double>(n, name, target.fma);
  }
}
