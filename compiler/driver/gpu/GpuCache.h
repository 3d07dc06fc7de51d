// SPDX-License-Identifier: Apache-2.0
// PTX and machine code of GPUs kept on disk, in the cache of compiled objects.
#pragma once

#include "compiler/driver/gpu/GpuCode.h"

namespace overtime::driver {

/// As compileForGpu; an earlier process may have done it. What comes from the cache has no LLVM IR.
llvm::Expected<GpuCode> cachedGpuCode(mlir::ModuleOp module, const ProgramInfo &info, const TargetSpec &target,
                                      CallNumbers numbers = CallNumbers::Arguments);

/// As assemblePtx; an earlier process may have done it, with the same ptxas.
llvm::Expected<Cubin> cachedCubin(llvm::StringRef ptx, llvm::StringRef capability, llvm::StringRef ptxas);

} // namespace overtime::driver
