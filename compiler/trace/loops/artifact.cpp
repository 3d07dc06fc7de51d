// SPDX-License-Identifier: Apache-2.0
// Writes what compile() made: a shared library with its C header and description, or parts of it.
#include "compiler/trace/loops/artifact_data.h"
#include "compiler/trace/loops/compile.h"
#include "compiler/trace/loops/loop_data.h"

#include "compiler/driver/gpu/GpuCache.h"
#include "compiler/driver/library/Linker.h"

#include <filesystem>
#include <fstream>

namespace overtime {

static void write_file(const std::filesystem::path &path, std::string_view content) {
  std::filesystem::path temporary = path;
  temporary += ".part";
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  std::error_code error;
  if (out)
    std::filesystem::rename(temporary, path, error);
  if (!out || error)
    throw Error(ErrorKind::File, "cannot write '" + path.string() + "'");
}

static std::string_view view(const llvm::SmallVector<char, 0> &bytes) { return {bytes.data(), bytes.size()}; }

static void check_kind(const detail::ArtifactData &made, bool gpu, const std::string &what) {
  if (made.gpu.has_value() != gpu)
    throw Error(ErrorKind::Usage,
                "'" + made.name + "' was compiled for " +
                    (gpu ? "a processor, and has no " + what + "; give a target such as sm_90"
                         : made.gpu->target.cpu + ", and has no " + what + "; it has PTX and a cubin"));
}

std::string Artifact::header() const {
  check_kind(*data, false, "C header");
  return data->header;
}
std::string Artifact::json() const {
  check_kind(*data, false, "description");
  return data->json;
}
std::vector<std::pair<std::string, double>> Artifact::times() const { return data->times; }
void Artifact::write_object(const std::string &path) const {
  check_kind(*data, false, "object");
  write_file(path, view(data->object));
}
void Artifact::write_llvm_ir(const std::string &path) const { write_file(path, data->llvm_ir); }
void Artifact::write_assembly(const std::string &path) const {
  check_kind(*data, false, "assembly of a processor");
  write_file(path, data->assembly);
}
void Artifact::write_ptx(const std::string &path) const {
  check_kind(*data, true, "PTX");
  write_file(path, data->gpu->ptx);
}

KernelFacts Artifact::write_cubin(const std::string &path) const {
  check_kind(*data, true, "cubin");
  auto ptxas = driver::findPtxas();
  if (!ptxas)
    detail::throw_compile_error(ptxas.takeError());
  const std::string &ptx = data->gpu->ptx, &capability = data->gpu->target.cpu;
  auto cubin =
      data->cache ? driver::cachedCubin(ptx, capability, *ptxas) : driver::assemblePtx(ptx, capability, *ptxas);
  if (!cubin)
    detail::throw_compile_error(cubin.takeError());
  write_file(path, view(cubin->bytes));
  return detail::kernel_facts(*data->gpu, &cubin->resources);
}

KernelFacts detail::kernel_facts(const driver::GpuCode &code, const driver::KernelResources *used) {
  KernelFacts facts{code.target.cpu, code.launch.threads, code.launch.blocks};
  if (used) {
    facts.registers = used->registers;
    facts.spill_bytes = used->spillStores + used->spillLoads;
    facts.local_bytes = used->localBytes;
    facts.shared_bytes = used->sharedBytes + code.launch.sharedBytes;
  }
  return facts;
}

const std::vector<KernelFacts> &Artifact::kernels() const { return data->kernels; }

/// One thread needs the C library alone.
static driver::RuntimeLibrary runtime_of(const detail::ArtifactData &made) {
  driver::RuntimeLibrary runtime;
  if (made.saves)
    runtime.archives.push_back(OVERTIME_TRAINING_LIBRARY);
  runtime.opensLibraries = !made.kernels.empty();
  if (runtime.opensLibraries)
    runtime.archives.push_back(OVERTIME_CUDA_LIBRARY);
  runtime.archives.push_back(made.threads ? OVERTIME_ABI_OPENMP_LIBRARY : OVERTIME_ABI_LIBRARY);
  if (made.threads)
    runtime.openmp = OVERTIME_OPENMP_LIBRARY;
  return runtime;
}

void Artifact::write(const std::string &folder) const {
  check_kind(*data, false, "shared library");
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed)
    throw Error(ErrorKind::File, "cannot make the folder '" + folder + "': " + failed.message());
  std::filesystem::path base(folder);
  auto linker = driver::findLinker();
  if (!linker)
    detail::throw_compile_error(linker.takeError());
  std::string so = (base / ("lib" + data->name + ".so")).string();
  if (llvm::Error error = driver::linkSharedLibrary(data->object, runtime_of(*data), so, *linker))
    detail::throw_compile_error(std::move(error));
  write_file(base / (data->name + ".h"), header());
  write_file(base / (data->name + ".json"), json());
}

} // namespace overtime
