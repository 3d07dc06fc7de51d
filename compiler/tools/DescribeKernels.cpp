// SPDX-License-Identifier: Apache-2.0
// Describes kernels for GPUs: what ptxas says of them, and how many blocks a multiprocessor holds.
#include "compiler/tools/description.h"

#include "compiler/driver/gpu/CubinFacts.h"
#include "compiler/driver/gpu/GpuCache.h"
#include "compiler/driver/gpu/Occupancy.h"
#include "compiler/overtime.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"

#include <algorithm>

using namespace llvm;

namespace overtime::tools {
namespace {

/// The word behind another: "sm_90" of ".target sm_90".
StringRef wordAfter(StringRef text, StringRef word) {
  std::size_t at = text.find(word);
  return at == StringRef::npos ? StringRef() : text.substr(at + word.size()).ltrim().take_until([](char c) {
    return isspace(static_cast<unsigned char>(c)) || c == ',' || c == '(';
  });
}

/// Assembles, to see what the code takes; a remark where that cannot be.
/// `ofLaunch`: shared memory that the launch asks for.
void addResources(KernelDescription &kernel, StringRef ptx, std::int64_t ofLaunch = 0) {
  auto ptxas = driver::findPtxas();
  auto cubin = ptxas ? driver::cachedCubin(ptx, kernel.capability, *ptxas) : ptxas.takeError();
  if (!cubin) {
    kernel.remark = StringRef(toString(cubin.takeError())).take_until([](char c) { return c == '\n'; }).str();
    return;
  }
  const driver::KernelResources &used = cubin->resources;
  kernel.used = {used.registers, used.spillStores + used.spillLoads, used.localBytes, used.sharedBytes + ofLaunch};
  add_occupancy(kernel);
}

std::unique_ptr<MemoryBuffer> bytesOf(const std::string &path) {
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    throw Error(ErrorKind::File, path + ": cannot be read: " + buffer.getError().message());
  return std::move(*buffer);
}

KernelDescription describe(const overtime_gpu_image &ptx, const overtime_gpu_image *machine) {
  KernelDescription kernel;
  kernel.capability = "sm_" + std::to_string(ptx.capability);
  kernel.machine_code = machine != nullptr;
  kernel.threads = ptx.threads;
  kernel.blocks = std::max(ptx.blocks, ptx.most_blocks); // one of them is 0
  kernel.cooperative = ptx.cooperative;
  kernel.fewer_blocks = ptx.blocks == 0;
  if (!machine) {
    addResources(kernel, StringRef(static_cast<const char *>(ptx.data), ptx.bytes - 1), // without the 0
                 ptx.launch_shared_bytes);
    return kernel;
  }
  kernel.used = {machine->registers, machine->spill_bytes, machine->local_bytes,
                 machine->shared_bytes + std::int64_t(machine->launch_shared_bytes)};
  add_occupancy(kernel);
  return kernel;
}

} // namespace

void add_occupancy(KernelDescription &kernel) {
  int capability = 0;
  StringRef(kernel.capability).drop_front(3).getAsInteger(10, capability); // of "sm_90"
  if (!kernel.used)
    return;
  auto found = driver::occupancyOf(capability, kernel.threads, kernel.used->registers, kernel.used->shared_bytes);
  if (found)
    kernel.resident = {found->blocks, found->warps, found->mostWarps, found->limit.str()};
}

std::vector<KernelDescription> kernels_of(const overtime_gpu_code &code) {
  std::vector<KernelDescription> kernels;
  ArrayRef<overtime_gpu_image> images(code.images, static_cast<std::size_t>(code.n_images));
  for (const overtime_gpu_image &ptx : images) {
    if (!ptx.is_ptx)
      continue;
    const overtime_gpu_image *machine = nullptr;
    for (const overtime_gpu_image &other : images)
      if (!other.is_ptx && other.capability == ptx.capability)
        machine = &other;
    kernels.push_back(describe(ptx, machine));
  }
  return kernels;
}

Description describe_ptx(const std::string &path) {
  auto buffer = bytesOf(path);
  StringRef text = buffer->getBuffer(), name = wordAfter(text, ".entry");
  Description description;
  KernelDescription kernel;
  kernel.capability = wordAfter(text, ".target").str();
  if (!StringRef(kernel.capability).starts_with("sm_") || name.empty())
    throw Error(ErrorKind::File,
                path + ": has no kernel; expected PTX as `overtime compile --target nvptx64` writes it");
  StringRef threads = wordAfter(text, ".reqntid");
  if (threads.empty())
    threads = wordAfter(text, ".maxntid");
  threads.getAsInteger(10, kernel.threads);
  description.facts = {{"kernel", name.str()}, {"ptx_version", wordAfter(text, ".version").str()}};
  addResources(kernel, text);
  description.kernels.push_back(std::move(kernel));
  return description;
}

Description describe_cubin(const std::string &path) {
  auto buffer = bytesOf(path);
  auto cubin = driver::readCubin(buffer->getBuffer());
  if (!cubin)
    throw Error(ErrorKind::File, path + ": " + toString(cubin.takeError()) +
                                     "; expected machine code as `overtime compile --emit cubin` writes it");
  Description description;
  std::string names;
  for (const driver::CubinKernel &one : cubin->kernels) {
    names += (names.empty() ? "" : ", ") + one.name;
    KernelDescription kernel;
    kernel.capability = "sm_" + std::to_string(cubin->capability);
    kernel.machine_code = true;
    kernel.ptx = false;
    kernel.threads = one.threads;
    kernel.used = {one.registers, std::nullopt, one.localBytes, one.sharedBytes};
    add_occupancy(kernel);
    description.kernels.push_back(std::move(kernel));
  }
  description.facts = {{"kernel", names}};
  return description;
}

} // namespace overtime::tools
