// SPDX-License-Identifier: Apache-2.0
// A program and its adjoint, or with its tangents, compiled for this machine.
#pragma once

#include "compiler/driver/Compiler.h"
#include "compiler/driver/gpu/GpuCode.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace overtime::driver {

/// Numbers of states, params and inputs of a program; see differentiate in compiler/transforms.
struct GradientSpec {
  unsigned loss = 0;
  std::vector<unsigned> params, inputs, states;
};

/// How the two programs of a gradient belong together.
struct GradientLayout {
  ProgramInfo forwardInfo, backwardInfo;
  std::vector<unsigned> carried, fixed; // states of the program: with an adjoint; that no step changes
  std::vector<unsigned> constant;       // of the latter, those of the spec; their gradients come after those by params
  unsigned tape = 0;                    // outputs of forward from here on are inputs of backward
};

/// The two programs, each in a module of its own.
struct GradientModules : GradientLayout {
  mlir::OwningOpRef<mlir::ModuleOp> forward, backward;
};

/// The module is used up. `name` is that of the adjoint; NAME_backward when empty.
llvm::Expected<GradientModules> differentiateProgram(mlir::ModuleOp module, const ProgramInfo &info,
                                                     const GradientSpec &spec, const TargetSpec &target,
                                                     const std::string &name = "");

struct HostGradient : GradientLayout {
  std::unique_ptr<HostProgram> forward, backward;
};
struct GpuGradient : GradientLayout {
  GpuCode forward, backward;
};

/// The module is used up. A GPU's kernels take CallNumbers::Stored.
llvm::Expected<HostGradient> compileGradientForHost(mlir::ModuleOp module, const ProgramInfo &info,
                                                    const GradientSpec &spec, const HostOptions &options);
llvm::Expected<GpuGradient> compileGradientForGpu(mlir::ModuleOp module, const ProgramInfo &info,
                                                  const GradientSpec &spec, const TargetSpec &target, bool cache);

/// A program that carries tangents beside its states; see forward-differentiate in compiler/transforms.
struct Tangents {
  ProgramInfo info;
  std::vector<unsigned> states, constant, outputs; // with a tangent; that no step changes
};

/// Along params, inputs and states of the spec. The program of the module becomes the one that `info` describes.
llvm::Expected<Tangents> addTangents(mlir::ModuleOp module, const ProgramInfo &info, const GradientSpec &spec,
                                     const TargetSpec &target);

} // namespace overtime::driver
