// SPDX-License-Identifier: Apache-2.0
// Where a loop runs: the processor, or a GPU.
#include "compiler/trace/loops/device.h"

#include "compiler/trace/loops/open_device.h"

#include <charconv>
#include <map>
#include <memory>
#include <mutex>

namespace overtime {
namespace detail {

const gpu::Device &open_device(int number, SourceLocation at) {
  static std::mutex mutex;
  static auto &open = *new std::map<int, std::unique_ptr<gpu::Device>>(); // until the process ends, as its context is
  std::lock_guard lock(mutex);
  std::unique_ptr<gpu::Device> &device = open[number];
  if (!device) {
    auto fresh = std::make_unique<gpu::Device>();
    gpu::Failure failure;
    if (!fresh->open(number, failure))
      throw Error(ErrorKind::Device, failure.text, at);
    device = std::move(fresh);
  }
  return *device;
}

} // namespace detail

Device::Device(const std::string &name, SourceLocation at) {
  if (name == "cpu")
    return;
  number_ = 0;
  std::string prefix = "cuda:";
  const char *begin = name.data() + std::min(prefix.size(), name.size()), *end = name.data() + name.size();
  bool numbered = name.starts_with(prefix) && begin != end;
  if (name != "cuda" && !(numbered && std::from_chars(begin, end, number_).ptr == end && number_ >= 0))
    throw Error(ErrorKind::Usage, "there is no device '" + name + "' here; the devices are: cpu, cuda, cuda:1, ...",
                at);
  detail::open_device(number_, at);
}

std::string Device::name() const { return is_cuda() ? "cuda:" + std::to_string(number_) : "cpu"; }

Device cpu() { return {}; }
Device cuda(int number, std::source_location at) { return Device("cuda:" + std::to_string(number), at); }

} // namespace overtime
