// SPDX-License-Identifier: Apache-2.0
// How many blocks of a kernel a multiprocessor of an NVIDIA GPU holds at the same time.
#include "compiler/driver/gpu/Occupancy.h"

#include "llvm/ADT/STLExtras.h"

#include <limits>
#include <utility>

using namespace llvm;

namespace overtime::driver {
namespace {

constexpr std::int64_t KiB = 1024;

/// What a multiprocessor has.
struct Limits {
  int capability;
  std::int64_t blocks, warps;
  std::int64_t sharedBytes, sharedOfBlock;
  std::int64_t sharedUnit, sharedOfSystem; // bytes that are given out together; that every block takes on top
};

constexpr Limits limits[] = {
    {75, 16, 32, 64 * KiB, 64 * KiB, 256, 0},      {80, 32, 64, 164 * KiB, 163 * KiB, 128, KiB},
    {86, 16, 48, 100 * KiB, 99 * KiB, 128, KiB},   {87, 16, 48, 164 * KiB, 163 * KiB, 128, KiB},
    {89, 24, 48, 100 * KiB, 99 * KiB, 128, KiB},   {90, 32, 64, 228 * KiB, 227 * KiB, 128, KiB},
    {100, 32, 64, 228 * KiB, 227 * KiB, 128, KiB}, {103, 32, 64, 228 * KiB, 227 * KiB, 128, KiB},
    {120, 24, 48, 100 * KiB, 99 * KiB, 128, KiB},  {121, 24, 48, 100 * KiB, 99 * KiB, 128, KiB}};

// The same for all of them.
constexpr std::int64_t threadsOfWarp = 32, parts = 4, registersOfPart = 64 * KiB / parts, registerUnit = 256;
constexpr std::int64_t threadsOfBlock = 1024, registersOfThread = 255, registersOfBlock = 64 * KiB;

std::int64_t roundUp(std::int64_t value, std::int64_t unit) { return (value + unit - 1) / unit * unit; }

std::int64_t blocksByRegisters(std::int64_t warps, std::int64_t registers) {
  if (registers == 0)
    return std::numeric_limits<std::int64_t>::max();
  std::int64_t ofWarp = roundUp(registers * threadsOfWarp, registerUnit);
  // A launch is refused as if a block had the same number of warps in every part.
  if (registers > registersOfThread || ofWarp * roundUp(warps, parts) > registersOfBlock)
    return 0;
  return registersOfPart / ofWarp * parts / warps;
}

std::int64_t blocksBySharedMemory(const Limits &has, std::int64_t bytes) {
  if (bytes > has.sharedOfBlock)
    return 0;
  std::int64_t taken = roundUp(bytes + has.sharedOfSystem, has.sharedUnit);
  return taken == 0 ? std::numeric_limits<std::int64_t>::max() : has.sharedBytes / taken;
}

} // namespace

std::optional<Occupancy> occupancyOf(int capability, std::int64_t threads, std::int64_t registers,
                                     std::int64_t sharedBytes) {
  const Limits *has = find_if(limits, [&](const Limits &one) { return one.capability == capability; });
  if (has == std::end(limits) || threads < 1)
    return std::nullopt;
  std::int64_t warps = roundUp(threads, threadsOfWarp) / threadsOfWarp;
  std::pair<std::int64_t, StringRef> most[] = {{threads > threadsOfBlock ? 0 : has->warps / warps, "threads"},
                                               {blocksByRegisters(warps, registers), "registers"},
                                               {blocksBySharedMemory(*has, sharedBytes), "shared memory"},
                                               {has->blocks, "blocks"}};
  auto least = *min_element(most, [](const auto &a, const auto &b) { return a.first < b.first; });
  return Occupancy{least.first, least.first * warps, has->warps, least.second};
}

} // namespace overtime::driver
