// SPDX-License-Identifier: Apache-2.0
// A program and its adjoint, compiled for this machine.
#pragma once

#include "compiler/driver/Compiler.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace overtime::driver {

/// Numbers of states, params and inputs of a program; see differentiate in compiler/transforms.
struct GradientSpec {
  unsigned loss = 0;
  std::vector<unsigned> params, inputs, states;
};

/// The two programs, each in a module of its own.
struct GradientModules {
  mlir::OwningOpRef<mlir::ModuleOp> forward, backward;
  ProgramInfo forwardInfo, backwardInfo;
  std::vector<unsigned> carried, fixed; // states of the program: with an adjoint; that no step changes
  unsigned tape = 0;                    // outputs of forward from here on are inputs of backward
};

/// The module is used up. `name` is that of the adjoint; NAME_backward when empty.
llvm::Expected<GradientModules> differentiateProgram(mlir::ModuleOp module, const ProgramInfo &info,
                                                     const GradientSpec &spec, const TargetSpec &target,
                                                     const std::string &name = "");

struct HostGradient {
  std::unique_ptr<HostProgram> forward, backward;
  std::vector<unsigned> carried, fixed; // states of the program: with an adjoint; that no step changes
  unsigned tape = 0;                    // outputs of forward from here on are inputs of backward
};

/// The module is used up.
llvm::Expected<HostGradient> compileGradientForHost(mlir::ModuleOp module, const ProgramInfo &info,
                                                    const GradientSpec &spec, const HostOptions &options);

} // namespace overtime::driver
