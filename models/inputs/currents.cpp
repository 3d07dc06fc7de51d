// SPDX-License-Identifier: Apache-2.0
// Input currents made of constant pieces and ramps.
#include "models/inputs/currents.h"

#include <algorithm>
#include <cmath>

namespace overtime {

using detail::InputGrid;
using detail::text_of;

/// The shape of a row: that of the levels that are arrays.
static Shape row_shape(const std::vector<Section> &sections, SourceLocation at) {
  const Section *first = nullptr;
  for (const Section &section : sections) {
    if (section.level.numbers().rank() == 0)
      continue;
    if (first && first->level.numbers().shape() != section.level.numbers().shape())
      throw Error(ErrorKind::Shape,
                  "levels of one input have the shapes " + to_string(first->level.numbers().shape()) + " and " +
                      to_string(section.level.numbers().shape()) + "; give numbers, or arrays of one shape",
                  at);
    first = first ? first : &section;
  }
  return first ? first->level.numbers().shape() : Shape{};
}

Tensor constant_input(const std::vector<Section> &sections, const InputOptions &options, std::source_location at) {
  InputGrid grid(options, at);
  if (sections.empty())
    grid.fail("an input of no pieces; give at least one level and its duration");
  Shape row = row_shape(sections, at), shape = row;
  double total = 0.0;
  for (const Section &section : sections) {
    grid.steps(section.duration); // not negative and finite
    total += section.duration.ms;
  }
  shape.insert(shape.begin(), grid.steps(total));
  Tensor input(shape, options.real);
  std::int64_t width = element_count(row), step = 0;
  double end = 0.0;
  for (const Section &section : sections) {
    end += section.duration.ms;
    const Tensor &level = section.level.numbers();
    for (std::int64_t last = std::min(grid.steps(end), shape.front()); step < last; ++step)
      for (std::int64_t n = 0; n < width; ++n)
        input.set(step * width + n, level[level.rank() == 0 ? 0 : n]);
  }
  return input;
}

Tensor section_input(const std::vector<Level> &levels, const std::vector<Duration> &durations,
                     const InputOptions &options, std::source_location at) {
  if (levels.size() != durations.size())
    throw Error(ErrorKind::Shape,
                std::to_string(levels.size()) + " levels and " + std::to_string(durations.size()) +
                    " durations; each piece of an input has one of both",
                at);
  std::vector<Section> sections;
  for (std::size_t k = 0; k < levels.size(); ++k)
    sections.push_back({levels[k], durations[k]});
  return constant_input(sections, options, at);
}

Tensor ramp_input(double c_start, double c_end, Duration duration, const Window &window, const InputOptions &options,
                  std::source_location at) {
  InputGrid grid(options, at);
  auto [first, last] = grid.steps(window, duration);
  Tensor input(Shape{grid.steps(duration)}, options.real);
  for (std::int64_t k = first; k < last; ++k) {
    double way = last - first > 1 ? static_cast<double>(k - first) / static_cast<double>(last - first - 1) : 0.0;
    input.set(k, c_start + (c_end - c_start) * way);
  }
  return input;
}

Tensor spike_input(const std::vector<Pulse> &pulses, Duration duration, const InputOptions &options,
                   std::source_location at) {
  InputGrid grid(options, at);
  Tensor input(Shape{grid.steps(duration)}, options.real);
  for (const Pulse &pulse : pulses) {
    if (!(pulse.start.ms >= 0.0) || !(pulse.start.ms < duration.ms))
      grid.fail("a pulse begins at " + text_of(pulse.start.ms) + " ms, outside of the input from 0 to " +
                text_of(duration.ms) + " ms");
    std::int64_t length = grid.steps(pulse.length);
    if (length == 0)
      grid.fail("the pulse at " + text_of(pulse.start.ms) + " ms has no length");
    // The step that the start is in, which is the one before the first step after it unless it is on the grid.
    std::int64_t after = grid.steps(pulse.start);
    bool on_grid =
        std::abs(pulse.start.ms / grid.dt() - static_cast<double>(after)) <= 1e-9 * std::max<double>(1, after);
    std::int64_t first = on_grid ? after : after - 1;
    for (std::int64_t k = first; k < std::min(first + length, input.size()); ++k)
      input.set(k, pulse.size);
  }
  return input;
}

Tensor spike_input(const std::vector<Duration> &starts, const std::vector<Duration> &lengths,
                   const std::vector<double> &sizes, Duration duration, const InputOptions &options,
                   std::source_location at) {
  auto fits = [&](std::size_t count) { return count == 1 || count == starts.size(); };
  if (!fits(lengths.size()) || !fits(sizes.size()))
    throw Error(ErrorKind::Shape,
                std::to_string(starts.size()) + " starts, " + std::to_string(lengths.size()) + " lengths and " +
                    std::to_string(sizes.size()) + " sizes; give one of each pulse, or one length or size for all",
                at);
  std::vector<Pulse> pulses;
  for (std::size_t k = 0; k < starts.size(); ++k)
    pulses.push_back({starts[k], lengths[lengths.size() == 1 ? 0 : k], sizes[sizes.size() == 1 ? 0 : k]});
  return spike_input(pulses, duration, options, at);
}

} // namespace overtime
