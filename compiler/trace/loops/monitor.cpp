// SPDX-License-Identifier: Apache-2.0
// Monitor: a variable seen from outside of its model, and how it is recorded.
#include "compiler/trace/loops/loop_over_time.h"
#include "compiler/trace/loops/recording.h"
#include "compiler/trace/trace.h"

#include <filesystem>
#include <map>

namespace overtime {

using detail::Recording;
using detail::Slot;

Monitor::Monitor(std::function<Value()> function, At at, int) {
  auto recording = std::make_shared<Recording>();
  recording->function = std::move(function);
  recording->at = at;
  recording_ = std::move(recording);
}

const Recording &Monitor::recording() const {
  static const Recording plain;
  return recording_ ? *recording_ : plain;
}

std::int64_t Monitor::every() const { return recording().every; }

const std::string &Monitor::path_of_file() const { return recording().file; }

Monitor Monitor::with(std::shared_ptr<Recording> recording) const {
  Monitor next = *this;
  next.recording_ = std::move(recording);
  return next;
}

static std::shared_ptr<Recording> changed(const Recording &of, SourceLocation at) {
  auto next = std::make_shared<Recording>(of);
  next->at = at;
  return next;
}

Monitor Monitor::at(std::vector<std::int64_t> elements, At at) const {
  if (elements.empty())
    throw Error(ErrorKind::Value, "a monitor of elements has at least one", at);
  auto next = changed(recording(), at);
  next->elements = std::move(elements);
  return with(std::move(next));
}

Monitor Monitor::every(std::int64_t k, Reduce how, At at) const {
  if (k < 1)
    throw Error(ErrorKind::Value, "a monitor has a row for every 1 or more steps, got " + std::to_string(k), at);
  if (recording().events)
    throw Error(ErrorKind::Usage, "a monitor of events looks at every step; leave every() or events() away", at);
  auto next = changed(recording(), at);
  next->every = k;
  next->how = k == 1 && how != Reduce::Mean && how != Reduce::Sum ? Reduce::Last : how;
  return with(std::move(next));
}

Monitor Monitor::events(At at) const {
  if (recording().every != 1)
    throw Error(ErrorKind::Usage, "a monitor of events looks at every step; leave every() or events() away", at);
  auto next = changed(recording(), at);
  next->events = true;
  return with(std::move(next));
}

Monitor Monitor::file(const std::string &path, At at) const {
  if (!path.ends_with(".npy") && !path.ends_with(".npz"))
    throw Error(ErrorKind::File, "a monitor is written to FILE.npy or FILE.npz, got '" + path + "'", at);
  auto next = changed(recording(), at);
  next->file = path;
  return with(std::move(next));
}

Slot &Monitor::variable() const {
  if (!slot_)
    throw Error(ErrorKind::Usage, "a monitor of a function has no variable behind it", recording().at);
  return *slot_;
}

std::string Monitor::path() const { return variable().path(); }
const Unit &Monitor::unit() const { return variable().unit; }
bool Monitor::is_state() const { return variable().is_state(); }
Shape Monitor::shape() const {
  const Slot &slot = variable();
  return slot.kind == Slot::Kind::Param && slot.numbers.host ? slot.numbers.host->shape() : slot.full_shape();
}
Tensor Monitor::value() const {
  Slot &slot = variable();
  if (auto owner = slot.owner.lock(); owner && slot.is_state())
    detail::ensure_initialised(owner->root());
  Tensor numbers = slot.ensure().clone(); // the next run changes the state's own
  if (slot.trace)
    slot.trace->host_reads.emplace_back(slot_, numbers);
  return numbers;
}
void Monitor::set_value(const Tensor &array, std::source_location at) const {
  Slot &slot = variable();
  if (auto owner = slot.owner.lock(); owner && slot.is_state())
    detail::ensure_initialised(owner->root()); // else a later first run would overwrite it
  slot.set(array, at);
}

void Monitor::set_initial(const Init &init, std::source_location at) const {
  Slot &slot = variable();
  if (!slot.is_state())
    throw Error(ErrorKind::Usage, "'" + slot.path() + "' is no state; give it its value with set_value", at);
  if (init.number())
    detail::check_unit(slot, *init.number(), "initial value", at);
  slot.given = init;
  slot.given_at = at;
  for (auto model = slot.owner.lock(); model; model = model->parent.lock())
    model->initial_loop.reset(); // traced without it
}

static void check_recording(const Monitor &monitor, const LoopOptions &options, SourceLocation at) {
  const Recording &what = monitor.recording();
  if (options.no_state && !what.direct())
    throw Error(ErrorKind::Usage,
                "a loop with no_state = true runs all steps at once; its monitors have a row for each of them", at);
  if (!options.t0 && (what.events || what.file.ends_with(".npz")))
    throw Error(ErrorKind::Usage, "a monitor that tells times needs them, but this loop was built with t0 = none", at);
}

/// The second of two would silently replace what the first has written.
static void check_files(const Tree<Monitor> &monitors, SourceLocation at) {
  std::map<std::filesystem::path, std::string> writers;
  monitors.each([&](const std::string &name, const Monitor &m) {
    const std::string &file = m.recording().file;
    if (file.empty())
      return;
    auto [other, first] = writers.emplace(std::filesystem::path(file).lexically_normal(), name);
    if (!first)
      throw Error(ErrorKind::Usage,
                  "the monitors '" + other->second + "' and '" + name + "' both write '" + file +
                      "'; give each a file of its own",
                  at);
  });
}

void detail::check_recordings(const LoopOptions &options, SourceLocation at) {
  options.out_vars.each([&](const std::string &, const Monitor &m) { check_recording(m, options, at); });
  check_files(options.out_vars, at);
}

} // namespace overtime
