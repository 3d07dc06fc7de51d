# SPDX-License-Identifier: Apache-2.0
# The driver's files that work on an llvm::Module or on what comes after it; none includes MLIR.
set(OVERTIME_DRIVER_LLVM_SOURCES
  library/CHeader.cpp
  library/CText.cpp
  Cache.cpp
  CacheFolder.cpp
  library/Descriptor.cpp
  library/DescriptorWriter.cpp
  Entry.cpp
  gpu/CubinFacts.cpp
  gpu/GpuTarget.cpp
  InstructionOrder.cpp
  Jit.cpp
  library/Layout.cpp
  library/Linker.cpp
  gpu/Occupancy.cpp
  ObjectEmitter.cpp
  library/ProgramJson.cpp
  gpu/StoredNumbers.cpp
  gpu/Ptxas.cpp
  Target.cpp
  training/TrainerDescriptor.cpp
  training/TrainerHeader.cpp
  training/TrainingLayout.cpp)
