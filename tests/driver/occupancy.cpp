// SPDX-License-Identifier: Apache-2.0
// Occupancy: examples of the documentation, and NVIDIA's own calculation where its header is installed.
#include "compiler/driver/gpu/Occupancy.h"

#ifdef OVERTIME_CUDA_OCCUPANCY
#include <cuda_occupancy.h>
#endif

#include <catch2/catch.hpp>

using overtime::driver::Occupancy;
using overtime::driver::occupancyOf;

TEST_CASE("blocks of a multiprocessor by what they take", "[gpu]") {
  auto limited = [](int capability, std::int64_t threads, std::int64_t registers, std::int64_t shared) {
    Occupancy found = occupancyOf(capability, threads, registers, shared).value();
    return std::to_string(found.blocks) + " by " + found.limit.str() + ", " + std::to_string(found.warps) + "/" +
           std::to_string(found.mostWarps);
  };
  // 47 registers are 6 units of 256 for a warp: 10 warps in a part, 40 in all.
  CHECK(limited(90, 128, 47, 0) == "10 by registers, 40/64");
  CHECK(limited(80, 128, 32, 0) == "16 by threads, 64/64");
  CHECK(limited(80, 32, 32, 0) == "32 by blocks, 32/64");
  CHECK(limited(86, 128, 32, 40 << 10) == "2 by shared memory, 8/48");
  CHECK(limited(86, 128, 32, 100 << 10) == "0 by shared memory, 0/48");
  CHECK(limited(75, 1024, 64, 0) == "1 by threads, 32/32");
  CHECK(limited(90, 1024, 255, 0) == "0 by registers, 0/64");
  CHECK_FALSE(occupancyOf(61, 128, 32, 0));
  CHECK_FALSE(occupancyOf(90, 0, 32, 0));
}

#ifdef OVERTIME_CUDA_OCCUPANCY
namespace {

/// What the header wants to be told of a device. Sizes of shared memory are in KiB.
cudaOccDeviceProp device(int capability, int warps, int shared, int shared_of_block, int of_system) {
  cudaOccDeviceProp it = {};
  it.computeMajor = capability / 10;
  it.computeMinor = capability % 10;
  it.maxThreadsPerBlock = 1024;
  it.maxThreadsPerMultiprocessor = 32 * warps;
  it.regsPerBlock = it.regsPerMultiprocessor = 65536;
  it.warpSize = 32;
  it.sharedMemPerBlock = 48 << 10;
  it.sharedMemPerMultiprocessor = std::size_t(shared) << 10;
  it.numSms = 100;
  it.sharedMemPerBlockOptin = std::size_t(shared_of_block) << 10;
  it.reservedSharedMemPerBlock = std::size_t(of_system) << 10;
  return it;
}

} // namespace

TEST_CASE("occupancy is what NVIDIA's header computes", "[gpu]") {
  const cudaOccDeviceProp devices[] = {device(75, 32, 64, 64, 0),    device(80, 64, 164, 163, 1),
                                       device(86, 48, 100, 99, 1),   device(87, 48, 164, 163, 1),
                                       device(89, 48, 100, 99, 1),   device(90, 64, 228, 227, 1),
                                       device(100, 64, 228, 227, 1), device(103, 64, 228, 227, 1),
                                       device(120, 48, 100, 99, 1),  device(121, 48, 100, 99, 1)};
  int compared = 0;
  for (const cudaOccDeviceProp &one : devices)
    for (int threads : {1, 32, 33, 64, 96, 128, 160, 256, 384, 512, 768, 1024})
      for (int registers : {16, 24, 32, 33, 40, 47, 64, 65, 80, 96, 128, 168, 255})
        for (int shared : {0, 1, 100, 1024, 4000, 8192, 16000, 32768, 49152, 50000, 65536, 101376, 160000, 232448}) {
          cudaOccFuncAttributes kernel = {};
          kernel.maxThreadsPerBlock = 1024;
          kernel.numRegs = registers;
          kernel.sharedSizeBytes = 0;
          kernel.partitionedGCConfig = PARTITIONED_GC_OFF;
          kernel.shmemLimitConfig = FUNC_SHMEM_LIMIT_OPTIN;
          kernel.maxDynamicSharedSizeBytes = std::size_t(shared);
          cudaOccDeviceState state = {};
          state.cacheConfig = CACHE_PREFER_SHARED;
          state.carveoutConfig = SHAREDMEM_CARVEOUT_MAX_SHARED;
          cudaOccResult wanted = {};
          if (cudaOccMaxActiveBlocksPerMultiprocessor(&wanted, &one, &kernel, &state, threads, std::size_t(shared)) !=
              CUDA_OCC_SUCCESS)
            continue;
          ++compared;
          INFO(one.computeMajor << "." << one.computeMinor << ": " << threads << " threads, " << registers
                                << " registers, " << shared << " bytes");
          auto found = occupancyOf(10 * one.computeMajor + one.computeMinor, threads, registers, shared);
          REQUIRE(found);
          REQUIRE(found->blocks == wanted.activeBlocksPerMultiprocessor);
        }
  CHECK(compared > 10000);
}
#endif
