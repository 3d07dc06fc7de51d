// SPDX-License-Identifier: Apache-2.0
// Spikes of a file as pairs, from a raster or from pairs, and the rate of a population.
#pragma once

#include "compiler/tools/svg.h"
#include "compiler/trace/host/tensor.h"

#include <map>
#include <optional>
#include <vector>

namespace overtime::tools {

struct Events {
  std::vector<std::pair<double, double>> pairs; ///< (x, neuron), in the order of x
  double neurons = 0;
  std::pair<double, double> range; ///< of x
};

/// The name of events in a file that `name` means: those of NAME.i and NAME.t, or "" for those of a file that has
/// nothing but i and t, as a monitor writes it. None where there are none.
std::optional<std::string> events_named(const std::map<std::string, Tensor> &arrays, const std::string &name);

/// Events of two arrays [S]. `neurons`: how many there are; the largest index tells unless it is given.
Events events_of(const Tensor &index, const Tensor &times, std::optional<std::int64_t> neurons);
/// Those elements of an array [T, N] that are not 0, at x [T].
Events events_of(const Tensor &raster, const std::vector<double> &x);

/// Spikes of a neuron in a second [Hz], within a centred window of `width` ms that moves along the x axis; windows that
/// reach over an end of it are cut there.
Line rate_of(const Events &events, double width, const std::string &label);

} // namespace overtime::tools
