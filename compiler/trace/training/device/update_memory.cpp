// SPDX-License-Identifier: Apache-2.0
// What an update has on a GPU beside variables and tape, for data of one shape.
#include "compiler/trace/training/device/update_memory.h"

#include "compiler/trace/loops/open_device.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace overtime::detail {
namespace {

void check(bool ok, const gpu::Failure &failure, SourceLocation at) {
  if (!ok)
    throw Error(ErrorKind::Device, failure.text, at);
}

/// Arrays one behind the other, as the device aligns allocations.
class Offsets {
public:
  std::size_t add(const driver::ArrayInfo &array) {
    std::size_t at = end;
    end += (static_cast<std::size_t>(row_bytes(array)) + 255) / 256 * 256;
    return at;
  }
  std::size_t end = 0;
};

} // namespace

UpdateMemory::UpdateMemory(const CompiledGradient &c, const Device &where, const gpu::Device &device, SourceLocation at)
    : device_(device), pinned_(device), there_(device), zeros_(device), starts_(device) {
  gpu::Failure failure;
  check(device.enter(failure) && there_.reserve(sizeof(CallBlock), failure), failure, at);
  if (pinned_.reserve(sizeof(CallBlock)))
    block_ = new (pinned_.at) CallBlock();
  make_places(c, where, at);
}

UpdateMemory::~UpdateMemory() {
  gpu::Failure ignored;
  device_.enter(ignored); // the thread that ends it need not be the one that ran it
}

void UpdateMemory::make_places(const CompiledGradient &c, const Device &where, SourceLocation at) {
  const std::vector<driver::ArrayInfo> &states = c.layout().forwardInfo.states,
                                       &adjoints = c.layout().backwardInfo.states;
  Offsets of_states, of_zeros;
  std::vector<std::optional<std::size_t>> zeros; // of ownerless states, then of adjoints
  for (std::size_t k = 0; k < states.size(); ++k) {
    bool own = c.states[k]->owner.lock() != nullptr;
    offsets_.push_back(own ? of_states.add(states[k]) : 0);
    zeros.push_back(own || k == c.loss ? std::nullopt : std::optional(of_zeros.add(states[k])));
  }
  auto seed = static_cast<std::size_t>(std::ranges::find(c.layout().carried, c.loss) - c.layout().carried.begin());
  for (std::size_t k = 0; k < adjoints.size(); ++k)
    zeros.push_back(k == seed ? std::nullopt : std::optional(of_zeros.add(adjoints[k])));
  bytes_ = of_states.end;
  gpu::Failure failure;
  check(zeros_.reserve(std::max<std::size_t>(of_zeros.end, 1), failure) &&
            starts_.reserve(std::max<std::size_t>(bytes_, 1), failure),
        failure, at);
  all_states_ = device_memory(bytes_, where.number(), at);
  for (std::size_t k = 0; k < states.size(); ++k) {
    states_.emplace_back();
    if (!c.states[k]->owner.lock()) {
      state_at_.push_back(k == c.loss ? on_device(&block_->loss) : zeros_.at + *zeros[k]);
      continue;
    }
    std::shared_ptr<void> place(all_states_, static_cast<char *>(all_states_.get()) + offsets_[k]);
    states_.back() = DeviceTensor::over(states[k].shape, static_cast<DType>(states[k].dtype), where, place);
    state_at_.push_back(address(*states_.back()));
  }
  start_.resize(states.size());
  for (std::size_t k = 0; k < adjoints.size(); ++k)
    adjoint_at_.push_back(k == seed ? on_device(&block_->adjoint) : zeros_.at + *zeros[states.size() + k]);
}

gpu::DevicePointer UpdateMemory::on_device(const void *part) const {
  return there_.at +
         static_cast<gpu::DevicePointer>(static_cast<const char *>(part) - reinterpret_cast<const char *>(block_));
}

void UpdateMemory::place(GradientMemory &arrays, bool has_share) const {
  for (std::size_t k = 0; k < arrays.states.size(); ++k)
    arrays.arrays[arrays.states[k]].there = state_at_[k];
  for (std::size_t k = 0; k < arrays.adjoints.size(); ++k)
    arrays.arrays[arrays.adjoints[k]].there = adjoint_at_[k];
  if (has_share)
    arrays.arrays[arrays.inputs.back()].there = on_device(&block_->share);
}

bool UpdateMemory::set_start(std::size_t k, const Tensor &numbers, gpu::Stream &stream, gpu::Failure &failure) {
  std::optional<Tensor> &known = start_[k];
  if (known && std::memcmp(known->data(), numbers.data(), numbers.bytes()) == 0)
    return true;
  known = numbers.clone();
  if (stream.upload(starts_.at + offsets_[k], known->data(), known->bytes(), failure))
    return true;
  known.reset();
  return false;
}

bool UpdateMemory::queue_begin(gpu::Stream &stream, bool from_start, gpu::Failure &failure) {
  return stream.upload(there_.at, block_, offsetof(CallBlock, result), failure) &&
         stream.clear(zeros_.at, zeros_.bytes, failure) &&
         (!from_start ||
          stream.copy(reinterpret_cast<gpu::DevicePointer>(all_states_.get()), starts_.at, bytes_, failure));
}

} // namespace overtime::detail
