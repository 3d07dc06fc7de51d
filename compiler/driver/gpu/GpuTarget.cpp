// SPDX-License-Identifier: Apache-2.0
// NVIDIA GPUs as targets: compute capabilities, and the version of PTX that each is written in.
#include "compiler/driver/gpu/GpuTarget.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace overtime::driver {
namespace {

struct Capability {
  StringLiteral name;
  StringLiteral ptx;   ///< the first version that knows it, or that of CUDA 12.0, whose drivers read all before
  unsigned processors; ///< of a device in wide use
  unsigned sharedKiB;  ///< of a block at most: "Technical Specifications per Compute Capability"
};

constexpr Capability capabilities[] = {{"sm_75", "+ptx80", 40, 64},    // T4
                                       {"sm_80", "+ptx80", 108, 163},  // A100
                                       {"sm_86", "+ptx80", 72, 99},    // A10
                                       {"sm_87", "+ptx80", 16, 163},   // Orin
                                       {"sm_89", "+ptx80", 58, 99},    // L4
                                       {"sm_90", "+ptx80", 114, 227},  // H100 with PCIe
                                       {"sm_100", "+ptx86", 148, 227}, // B200
                                       {"sm_103", "+ptx88", 148, 227}, // B300
                                       {"sm_120", "+ptx87", 84, 99},   // RTX 5080
                                       {"sm_121", "+ptx88", 48, 99}};  // GB10

} // namespace

bool isGpuName(StringRef name) { return name == "nvptx64" || name.starts_with("sm_"); }

Expected<TargetSpec> gpuTarget(StringRef name) {
  if (name == "nvptx64")
    name = "sm_80";
  auto [capability, count] = name.split(':');
  unsigned processors = 0;
  if (name.contains(':') && (count.getAsInteger(10, processors) || processors == 0 || processors > 1024))
    return createStringError(inconvertibleErrorCode(), "'" + name.str() +
                                                           "' has no number of multiprocessors from 1 to " +
                                                           "1024 behind the colon, as in sm_86:28");
  name = capability;
  const Capability *found = find_if(capabilities, [&](const Capability &c) { return c.name == name; });
  if (found == std::end(capabilities)) {
    std::string known = join(map_range(capabilities, [](const Capability &c) { return c.name; }), ", ");
    return createStringError(inconvertibleErrorCode(),
                             "unknown compute capability '" + name.str() + "': expected one of " + known);
  }
  TargetSpec spec;
  spec.triple = "nvptx64-nvidia-cuda";
  spec.cpu = name.str();
  spec.features = found->ptx.str();
  spec.vectorBits = 64; // one number
  spec.fma = true;
  spec.gpu = true;
  spec.processors = processors != 0 ? processors : found->processors;
  spec.tensorCores = spec.cpu != "sm_75"; // has them for f16 alone
  spec.sharedBytes = found->sharedKiB << 10;
  return spec;
}

Expected<TargetSpec> gpuTargetFor(int capability, unsigned processors) {
  const Capability *best = nullptr;
  for (const Capability &one : capabilities) {
    int number = 0;
    one.name.drop_front(3).getAsInteger(10, number); // in ascending order
    if (number <= capability)
      best = &one;
  }
  if (!best)
    return createStringError(inconvertibleErrorCode(), "the device has compute capability " +
                                                           std::to_string(capability / 10) + "." +
                                                           std::to_string(capability % 10) + "; 7.5 is the least");
  auto target = gpuTarget(best->name);
  if (target)
    target->processors = processors;
  return target;
}

} // namespace overtime::driver
