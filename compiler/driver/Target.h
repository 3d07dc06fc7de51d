// SPDX-License-Identifier: Apache-2.0
// Which processor code is made for: its name, its features and the LLVM machine that writes its code.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/CodeGen.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>
#include <string>

namespace overtime::driver {

/// A processor to make code for. Two specs with the same triple, cpu and features give the same code, so describe()
/// may stand for the target in a cache key.
struct TargetSpec {
  std::string triple;   ///< "x86_64-pc-linux-gnu"
  std::string cpu;      ///< LLVM's name: "znver4", "x86-64-v3"
  std::string features; ///< "+avx,+avx2,...", sorted; instruction sets only, no tuning flags
  unsigned vectorBits = 128;
  bool avx512 = false; ///< AVX-512 F, BW, DQ and VL
  bool fma = false;
  bool gpu = false;         ///< cpu is a compute capability: "sm_90"
  unsigned processors = 0;  ///< of a GPU: blocks that share the weights of a network
  unsigned sharedBytes = 0; ///< of a GPU: what a block can have
  bool tensorCores = false; ///< of a GPU, for tf32 and bf16

  /// "native" is this machine; "x86-64-v2" to "-v4" and LLVM's 64-bit x86 names are that processor on Linux;
  /// "aarch64" is any 64-bit Arm; "sm_90" is an NVIDIA GPU of that compute capability, "nvptx64" the oldest one that is
  /// supported without a limit. Another name is an error that lists the usual ones and the nearest.
  static llvm::Expected<TargetSpec> get(llvm::StringRef name);

  /// "triple cpu features", as artefacts record it.
  std::string describe() const;

  /// The overtime_instructions (runtime/abi.h) among the features.
  unsigned instructions() const;

  /// Fails when this machine cannot execute the target's code, naming what it lacks.
  llvm::Error checkRunsHere() const;
};

/// LLVM's code generator for the target: position independent, small code model.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createTargetMachine(const TargetSpec &target, llvm::CodeGenOptLevel level = llvm::CodeGenOptLevel::Default);

/// Binds a module to the target before it is emitted; may be called again when functions were added: triple, data
/// layout, and on each function defined in it the processor, its features and the vector width (LLVM prefers 256 bits
/// on some AVX-512 processors, which halves our kernels).
void applyTarget(llvm::Module &module, const TargetSpec &target, const llvm::TargetMachine &machine);

} // namespace overtime::driver
