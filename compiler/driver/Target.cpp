// SPDX-License-Identifier: Apache-2.0
// Names of processors to feature strings, and feature strings to LLVM target machines.
#include "compiler/driver/Target.h"

#include "compiler/driver/gpu/GpuTarget.h"

#include "runtime/abi.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/AArch64TargetParser.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/TargetParser/X86TargetParser.h"

#include <mutex>

using namespace llvm;

namespace overtime::driver {
namespace {

constexpr StringLiteral commonNames[] = {
    "native",         "x86-64-v2",   "x86-64-v3", "x86-64-v4", "haswell", "skylake-avx512", "icelake-server",
    "sapphirerapids", "znver2",      "znver3",    "znver4",    "znver5",  "aarch64",        "cortex-a72",
    "neoverse-n1",    "neoverse-v1", "generic",   "nvptx64",   "sm_80",   "sm_90"};

/// Flags that only steer the scheduler. They differ between LLVM versions and would make equal processors look unequal.
bool isTuning(StringRef feature) {
  return feature.starts_with("tuning") || feature.starts_with("prefer-") || feature.starts_with("fast-") ||
         feature.starts_with("slow-") || feature.starts_with("false-deps-") || feature.starts_with("idivl") ||
         feature.starts_with("idivq");
}

/// Instructions that no loop of ours comes to contain: only intrinsics or the system ask for them.
bool isNeverSelected(StringRef feature) {
  static constexpr StringLiteral names[] = {
      "adx",    "aes",   "clflushopt", "clwb",  "clzero", "fsgsbase", "invpcid", "mwaitx", "pclmul",     "pku",
      "prfchw", "rdpid", "rdpru",      "rdrnd", "rdseed", "sha",      "shstk",   "vaes",   "vpclmulqdq", "wbnoinvd"};
  return is_contained(names, feature) || feature.starts_with("xsave");
}

bool has(const TargetSpec &spec, StringRef feature) {
  SmallVector<StringRef> all;
  StringRef(spec.features).split(all, ',');
  return any_of(all, [&](StringRef f) { return f.consume_front("+") && f == feature; });
}

/// Fills in what follows from the features.
TargetSpec withVectors(TargetSpec spec) {
  if (!Triple(spec.triple).isX86()) {
    spec.vectorBits = 128;
    spec.fma = true; // part of the base instruction set of AArch64
    return spec;
  }
  spec.avx512 = has(spec, "avx512f") && has(spec, "avx512bw") && has(spec, "avx512dq") && has(spec, "avx512vl");
  spec.fma = has(spec, "fma");
  spec.vectorBits = spec.avx512 ? 512 : has(spec, "avx") ? 256 : 128;
  return spec;
}

std::string sortedList(std::vector<std::string> features) {
  // By name, not by sign, so that switching one feature off moves nothing else.
  llvm::sort(features, [](StringRef a, StringRef b) { return a.drop_front() < b.drop_front(); });
  features.erase(llvm::unique(features), features.end());
  return join(features, ",");
}

/// All a processor's name promises. LLVM's table leaves out what follows from others (AVX2 has AVX).
std::vector<std::string> featuresOfX86(StringRef cpu) {
  SmallVector<StringRef, 64> listed;
  X86::getFeaturesForCPU(cpu, listed);
  StringMap<bool> closed;
  for (StringRef f : listed) {
    closed[f] = true;
    X86::updateImpliedFeatures(f, /*Enabled=*/true, closed);
  }
  std::vector<std::string> features;
  for (const auto &f : closed)
    if (f.getValue() && !isTuning(f.getKey()))
      features.push_back("+" + f.getKey().str());
  return features;
}

TargetSpec nativeTarget() {
  TargetSpec spec;
  spec.triple = sys::getProcessTriple();
  spec.cpu = sys::getHostCPUName().str();
  std::vector<std::string> implied;
  if (Triple(spec.triple).isX86())
    implied = featuresOfX86(spec.cpu);
  std::vector<std::string> features;
  for (const auto &f : sys::getHostCPUFeatures()) {
    StringRef name = f.getKey();
    if (isTuning(name))
      continue;
    if (f.getValue())
      features.push_back("+" + name.str());
    else if (is_contained(implied, "+" + name.str())) // a hypervisor hides what the processor's name promises
      features.push_back("-" + name.str());
  }
  spec.features = sortedList(std::move(features));
  return withVectors(std::move(spec));
}

std::string linuxTriple(Triple::ArchType arch) {
  Triple host(sys::getProcessTriple());
  if (host.getArch() == arch)
    return host.str();
  return arch == Triple::x86_64 ? "x86_64-unknown-linux-gnu" : "aarch64-unknown-linux-gnu";
}

Error unknownTarget(StringRef name, ArrayRef<StringRef> cpus) {
  SmallVector<StringRef> known(commonNames, std::end(commonNames));
  known.append(cpus.begin(), cpus.end());
  StringRef nearest;
  unsigned best = std::max<unsigned>(2, name.size() / 2); // farther than that is no help
  for (StringRef candidate : known) {
    unsigned distance = name.edit_distance_insensitive(candidate, /*AllowReplacements=*/true, best);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  std::string text = "unknown target '" + name.str() + "': expected one of ";
  text += join(ArrayRef(commonNames), ", ") + ", or another 64-bit x86 or AArch64 processor name of LLVM";
  if (!nearest.empty())
    text += "; did you mean '" + nearest.str() + "'?";
  return createStringError(inconvertibleErrorCode(), text);
}

} // namespace

Expected<TargetSpec> TargetSpec::get(StringRef name) {
  if (name == "native")
    return nativeTarget();
  if (isGpuName(name))
    return gpuTarget(name);
  if (name == "generic") // what every processor of this kind has
    return get(Triple(sys::getProcessTriple()).isX86() ? "x86-64" : "aarch64");
  if (name == "aarch64" || AArch64::parseCpu(name)) {
    TargetSpec spec;
    spec.triple = linuxTriple(Triple::aarch64);
    spec.cpu = name == "aarch64" ? "generic" : name.str();
    spec.features = "+neon";
    return withVectors(std::move(spec));
  }
  SmallVector<StringRef> cpus;
  X86::fillValidCPUArchList(cpus, /*Only64Bit=*/true);
  if (!is_contained(cpus, name))
    return unknownTarget(name, cpus);
  TargetSpec spec;
  spec.triple = linuxTriple(Triple::x86_64);
  spec.cpu = name.str();
  spec.features = sortedList(featuresOfX86(name));
  return withVectors(std::move(spec));
}

unsigned TargetSpec::instructions() const {
  unsigned found = avx512 ? unsigned(OVERTIME_AVX512) : 0;
  for (auto [feature, bit] : {std::pair("sse4.2", OVERTIME_SSE42), std::pair("avx", OVERTIME_AVX),
                              std::pair("avx2", OVERTIME_AVX2), std::pair("fma", OVERTIME_FMA)})
    found |= has(*this, feature) ? bit : 0;
  if (has(*this, "avx512vbmi") || has(*this, "avx512vbmi2"))
    found |= OVERTIME_AVX512VBMI;
  return found;
}

std::string TargetSpec::describe() const {
  return features.empty() ? triple + " " + cpu : triple + " " + cpu + " " + features;
}

Error TargetSpec::checkRunsHere() const {
  Triple host(sys::getProcessTriple()), wanted(triple);
  if (host.getArch() != wanted.getArch() || host.getOS() != wanted.getOS())
    return createStringError(inconvertibleErrorCode(), "code for " + triple + " cannot run on this machine, which is " +
                                                           host.str() + ": compile for target 'native'");
  if (!wanted.isX86())
    return Error::success();
  StringMap<bool> here = sys::getHostCPUFeatures();
  SmallVector<StringRef> all, missing;
  StringRef(features).split(all, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef f : all) {
    if (!f.consume_front("+") || isNeverSelected(f))
      continue;
    auto found = here.find(f);
    if (found != here.end() && !found->getValue()) // the host does not list what every processor has
      missing.push_back(f);
  }
  if (missing.empty())
    return Error::success();
  return createStringError(inconvertibleErrorCode(), "code for target '" + cpu + "' cannot run on this machine (" +
                                                         sys::getHostCPUName().str() + "), which lacks " +
                                                         join(missing, ", ") + ": compile for target 'native'");
}

Expected<std::unique_ptr<TargetMachine>> createTargetMachine(const TargetSpec &target, CodeGenOptLevel level) {
  static std::once_flag nativeOnce, allOnce;
  std::call_once(nativeOnce, [] {
    InitializeNativeTarget();
    InitializeNativeTargetAsmPrinter();
  });
  Triple triple(target.triple);
  std::string why;
  const Target *found = TargetRegistry::lookupTarget(triple, why);
  if (!found) { // another architecture: registering all costs a few milliseconds, so only now
    std::call_once(allOnce, [] {
      InitializeAllTargetInfos();
      InitializeAllTargets();
      InitializeAllTargetMCs();
      InitializeAllAsmPrinters();
    });
    found = TargetRegistry::lookupTarget(triple, why);
  }
  if (!found)
    return createStringError(inconvertibleErrorCode(), "this LLVM makes no code for '" + target.triple + "': " + why);
  TargetOptions options;
  // Only llvm.fmuladd (vector.fma) becomes one instruction; separate products and sums stay as the IR has them.
  options.AllowFPOpFusion = FPOpFusion::Standard;
  std::unique_ptr<TargetMachine> machine(
      found->createTargetMachine(triple, target.cpu, target.features, options, Reloc::PIC_, CodeModel::Small, level));
  if (!machine)
    return createStringError(inconvertibleErrorCode(), "LLVM has no code generator for '" + target.describe() + "'");
  return machine;
}

void applyTarget(Module &module, const TargetSpec &target, const TargetMachine &machine) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  for (Function &f : module) {
    if (f.isDeclaration())
      continue;
    f.addFnAttr("target-cpu", target.cpu);
    if (!target.features.empty())
      f.addFnAttr("target-features", target.features);
    if (target.gpu)
      continue;
    if (target.avx512)
      f.addFnAttr("prefer-vector-width", "512");
    // Callers align the stack to 16 bytes. LLVM decides on more before it knows that vectors will be spilled, and a
    // spilled vector that lies across two cache lines takes twice as long, depending on who called.
    f.addFnAttr("stackrealign");
    f.addFnAttr(Attribute::NoUnwind); // no exception crosses compiled code, so no unwind tables either
  }
}

} // namespace overtime::driver
