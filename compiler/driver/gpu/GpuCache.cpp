// SPDX-License-Identifier: Apache-2.0
// PTX and machine code of GPUs kept on disk, in the cache of compiled objects.
#include "compiler/driver/gpu/GpuCache.h"

#include "compiler/driver/Cache.h"
#include "compiler/driver/PipelineDigest.h"
#include "compiler/driver/Stages.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"

#include <chrono>
#include <initializer_list>

using namespace llvm;

namespace overtime::driver {
namespace {

/// Numbers in front of the code.
std::string pack(std::initializer_list<std::uint64_t> numbers, StringRef code) {
  std::string payload(numbers.size() * 8, '\0');
  char *place = payload.data();
  for (std::uint64_t number : numbers) {
    support::endian::write64le(place, number);
    place += 8;
  }
  return payload += code;
}

/// A cache entry that is long enough for so many numbers and some code.
class Entry {
public:
  Entry(StringRef key, std::size_t numbers) : payload(Cache::ofProcess().read(key)), numbers(numbers) {}
  explicit operator bool() const { return payload && payload->getBufferSize() > numbers * 8; }
  std::int64_t operator[](std::size_t k) const {
    return static_cast<std::int64_t>(support::endian::read64le(payload->getBufferStart() + k * 8));
  }
  StringRef code() const { return payload->getBuffer().drop_front(numbers * 8); }

private:
  std::unique_ptr<MemoryBuffer> payload;
  std::size_t numbers;
};

std::string textOf(mlir::ModuleOp module) {
  std::string text;
  raw_string_ostream out(text);
  module.print(out);
  return text;
}

/// Changes with the toolkit: the program's size and age.
std::string identityOf(StringRef program) {
  sys::fs::file_status status;
  if (sys::fs::status(program, status))
    return "";
  auto age = status.getLastModificationTime().time_since_epoch();
  return std::to_string(status.getSize()) + " " +
         std::to_string(std::chrono::duration_cast<std::chrono::nanoseconds>(age).count());
}

} // namespace

Expected<GpuCode> cachedGpuCode(mlir::ModuleOp module, const ProgramInfo &info, const TargetSpec &target,
                                CallNumbers numbers) {
  GpuCode known{info, target, {}, {}, {}, {}};
  StopWatch watch(known.times);
  std::string key = Cache::key({"gpu", OVERTIME_PIPELINE_DIGEST, LLVM_VERSION_STRING, target.describe(),
                                std::to_string(target.processors), info.name, info.numerics,
                                numbers == CallNumbers::Stored ? "stored" : "", textOf(module)});
  Entry entry(key, 5);
  watch.lap("cache read");
  if (entry) {
    known.launch = {entry[0], entry[1], static_cast<Together>(entry[2]), entry[3]};
    known.info.workspaceBytes = static_cast<std::uint64_t>(entry[4]);
    known.ptx = entry.code().str();
    return known;
  }
  auto made = compileForGpu(module, info, target, numbers);
  if (!made)
    return made.takeError();
  StopWatch writing(made->times);
  auto number = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
  const KernelLaunch &launch = made->launch;
  Cache::ofProcess().write(
      key, pack({number(launch.threads), number(launch.blocks), static_cast<std::uint64_t>(launch.together),
                 number(launch.sharedBytes), made->info.workspaceBytes},
                made->ptx));
  writing.lap("cache write");
  made->times.insert(made->times.begin(), known.times.begin(), known.times.end());
  return made;
}

Expected<Cubin> cachedCubin(StringRef ptx, StringRef capability, StringRef ptxas) {
  std::string key = Cache::key({"cubin", identityOf(ptxas), ptxas, capability, ptx});
  if (Entry entry(key, 5); entry) {
    StringRef code = entry.code();
    return Cubin{SmallVector<char, 0>(code.begin(), code.end()), {entry[0], entry[1], entry[2], entry[3], entry[4]}};
  }
  auto made = assemblePtx(ptx, capability, ptxas);
  if (!made)
    return made.takeError();
  auto number = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
  const KernelResources &used = made->resources;
  Cache::ofProcess().write(key, pack({number(used.registers), number(used.spillStores), number(used.spillLoads),
                                      number(used.localBytes), number(used.sharedBytes)},
                                     StringRef(made->bytes.data(), made->bytes.size())));
  return made;
}

} // namespace overtime::driver
