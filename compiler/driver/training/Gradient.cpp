// SPDX-License-Identifier: Apache-2.0
// A program and its adjoint, or with its tangents, compiled for this machine.
#include "compiler/driver/training/Gradient.h"

#include "compiler/driver/Stages.h"
#include "compiler/driver/gpu/GpuCache.h"
#include "compiler/transforms/gradient/Differentiate.h"
#include "compiler/transforms/gradient/ForwardDifferentiate.h"
#include "dialect/Dyn.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

#include <future>

using namespace mlir;

namespace overtime::driver {
namespace {

ArrayInfo arrayOf(StringRef name, Type type, bool row) {
  ArrayInfo info;
  info.name = name.str();
  Type element = getElementTypeOrSelf(type);
  info.dtype = element.isF32()         ? OVERTIME_F32
               : element.isF64()       ? OVERTIME_F64
               : element.isInteger(1)  ? OVERTIME_BOOL
               : element.isInteger(32) ? OVERTIME_I32
               : element.isInteger(16) ? OVERTIME_U16
                                       : OVERTIME_I64;
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    info.shape.assign(tensor.getShape().begin() + (row ? 1 : 0), tensor.getShape().end());
  return info;
}

/// What the arguments of a derived program are called and how large they are.
ProgramInfo describe(func::FuncOp func, const ProgramInfo &of, StringRef outputs) {
  ProgramInfo info = of;
  info.name = func.getName().str();
  info.states.clear(), info.params.clear(), info.inputs.clear(), info.outputs.clear();
  for (auto [k, type] : llvm::enumerate(func.getArgumentTypes())) {
    auto kind = func.getArgAttrOfType<StringAttr>(k, ir::kindAttr),
         name = func.getArgAttrOfType<StringAttr>(k, ir::nameAttr);
    if (!kind)
      continue;
    bool input = kind.getValue() == "input";
    (input                        ? info.inputs
     : kind.getValue() == "state" ? info.states
                                  : info.params)
        .push_back(arrayOf(name.getValue(), type, input));
  }
  for (Type type : func.getResultTypes().drop_front(info.states.size()))
    info.outputs.push_back(arrayOf((outputs + Twine(info.outputs.size())).str(), type, true));
  return info;
}

/// A module with one of the two functions.
OwningOpRef<ModuleOp> alone(ModuleOp module, StringRef name) {
  OwningOpRef<ModuleOp> copy(module.clone());
  for (auto func : llvm::to_vector(copy->getOps<func::FuncOp>()))
    if (func.getName() != name)
      func.erase();
  return copy;
}

std::string bytecodeOf(ModuleOp module) {
  std::string code;
  llvm::raw_string_ostream out(code);
  (void)writeBytecodeToFile(module, out); // fails for a version that nobody asked for alone
  return code;
}

/// In a context of its own, as two threads that compile at the same time must have.
llvm::Expected<std::unique_ptr<HostProgram>> compileElsewhere(const std::string &code, const ProgramInfo &info,
                                                              const HostOptions &options) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  loadProgramDialects(context);
  FirstError error(&context);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(code, ParserConfig(&context));
  if (!module)
    return error.failure("the program cannot be handed on");
  return compileForHost(*module, info, options);
}

/// To the form that is differentiated: without equations.
llvm::Error expand(ModuleOp module, const ProgramInfo &info, const TargetSpec &target) {
  return runStages(module, info, target, "dynamics", nullptr);
}

} // namespace

llvm::Expected<GradientModules> differentiateProgram(ModuleOp module, const ProgramInfo &info, const GradientSpec &spec,
                                                     const TargetSpec &target, const std::string &name) {
  if (llvm::Error error = expand(module, info, target))
    return std::move(error);
  ir::DifferentiateSpec by;
  by.loss = spec.loss;
  by.params.assign(spec.params.begin(), spec.params.end());
  by.inputs.assign(spec.inputs.begin(), spec.inputs.end());
  by.states.assign(spec.states.begin(), spec.states.end());
  auto program = module.lookupSymbol<func::FuncOp>(info.name);
  FirstError error(module.getContext());
  FailureOr<ir::Gradient> made = ir::differentiate(program, by);
  if (failed(made))
    return error.failure("the program has no gradient");
  if (!name.empty())
    made->backward.setName(name);

  GradientModules gradient;
  gradient.carried.assign(made->carried.begin(), made->carried.end());
  gradient.fixed.assign(made->fixed.begin(), made->fixed.end());
  gradient.constant.assign(made->constant.begin(), made->constant.end());
  gradient.tape = made->tape;
  gradient.backwardInfo = describe(made->backward, info, "gradient by data ");
  gradient.forwardInfo = info;
  std::vector<ArrayInfo> &outputs = gradient.forwardInfo.outputs;
  for (Type type : program.getResultTypes().drop_front(info.states.size() + made->tape))
    outputs.push_back(arrayOf("tape " + std::to_string(outputs.size() - made->tape), type, true));
  gradient.forward = alone(module, info.name);
  gradient.backward = alone(module, gradient.backwardInfo.name);
  return gradient;
}

llvm::Expected<HostGradient> compileGradientForHost(ModuleOp module, const ProgramInfo &info, const GradientSpec &spec,
                                                    const HostOptions &options) {
  auto target = TargetSpec::get(options.target);
  if (!target)
    return target.takeError();
  auto modules = differentiateProgram(module, info, spec, *target);
  if (!modules)
    return modules.takeError();
  HostGradient gradient{GradientLayout(*modules), {}, {}};
  auto forward = std::async(std::launch::async, [&, code = bytecodeOf(*modules->forward)] {
    return compileElsewhere(code, modules->forwardInfo, options);
  });
  auto backward = compileForHost(*modules->backward, modules->backwardInfo, options), first = forward.get();
  if (!first || !backward)
    return llvm::joinErrors(first ? llvm::Error::success() : first.takeError(),
                            backward ? llvm::Error::success() : backward.takeError());
  gradient.forward = std::move(*first);
  gradient.backward = std::move(*backward);
  return gradient;
}

llvm::Expected<GpuGradient> compileGradientForGpu(ModuleOp module, const ProgramInfo &info, const GradientSpec &spec,
                                                  const TargetSpec &target, bool cache) {
  auto modules = differentiateProgram(module, info, spec, target);
  if (!modules)
    return modules.takeError();
  auto *compile = cache ? &cachedGpuCode : &compileForGpu;
  auto forward = compile(*modules->forward, modules->forwardInfo, target, CallNumbers::Stored);
  if (!forward)
    return forward.takeError();
  auto backward = compile(*modules->backward, modules->backwardInfo, target, CallNumbers::Stored);
  if (!backward)
    return backward.takeError();
  return GpuGradient{GradientLayout(*modules), std::move(*forward), std::move(*backward)};
}

llvm::Expected<Tangents> addTangents(ModuleOp module, const ProgramInfo &info, const GradientSpec &spec,
                                     const TargetSpec &target) {
  if (llvm::Error error = expand(module, info, target))
    return std::move(error);
  ir::DirectionSpec along;
  along.params.assign(spec.params.begin(), spec.params.end());
  along.inputs.assign(spec.inputs.begin(), spec.inputs.end());
  along.states.assign(spec.states.begin(), spec.states.end());
  auto program = module.lookupSymbol<func::FuncOp>(info.name);
  FirstError error(module.getContext());
  FailureOr<ir::Directional> made = ir::forwardDifferentiate(program, along);
  if (failed(made))
    return error.failure("the program has no directional derivative");
  Tangents tangents;
  tangents.info = describe(program, info, "output ");
  tangents.states.assign(made->states.begin(), made->states.end());
  tangents.constant.assign(made->constant.begin(), made->constant.end());
  tangents.outputs.assign(made->outputs.begin(), made->outputs.end());
  return tangents;
}

} // namespace overtime::driver
