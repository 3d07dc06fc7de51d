# SPDX-License-Identifier: Apache-2.0
# The driver's files that work on an llvm::Module or on what comes after it; none includes MLIR.
set(OVERTIME_DRIVER_LLVM_SOURCES
  CHeader.cpp
  CText.cpp
  Cache.cpp
  CacheFolder.cpp
  Descriptor.cpp
  DescriptorWriter.cpp
  Entry.cpp
  GpuTarget.cpp
  InstructionOrder.cpp
  Jit.cpp
  Layout.cpp
  Linker.cpp
  ObjectEmitter.cpp
  ProgramJson.cpp
  Ptxas.cpp
  Target.cpp
  TrainerDescriptor.cpp
  TrainerHeader.cpp
  TrainingLayout.cpp)
