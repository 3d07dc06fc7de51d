// SPDX-License-Identifier: Apache-2.0
// Spikes of a file as pairs, from a raster or from pairs, and the rate of a population.
#include "compiler/tools/plot_events.h"

#include <algorithm>
#include <cmath>

namespace overtime::tools {

std::optional<std::string> events_named(const std::map<std::string, Tensor> &arrays, const std::string &name) {
  auto has = [&](const std::string &prefix) {
    auto i = arrays.find(prefix + "i"), t = arrays.find(prefix + "t");
    return i != arrays.end() && t != arrays.end() && i->second.rank() == 1 && i->second.shape() == t->second.shape();
  };
  if (!name.empty() && has(name + "."))
    return name + ".";
  if (name.empty() && arrays.size() == 2 && has(""))
    return "";
  return std::nullopt;
}

Events events_of(const Tensor &index, const Tensor &times, std::optional<std::int64_t> neurons) {
  Events events;
  double largest = -1;
  for (std::int64_t k = 0; k < index.size(); ++k) {
    largest = std::max(largest, index[k]);
    if (!neurons || index[k] < static_cast<double>(*neurons))
      events.pairs.emplace_back(times[k], index[k]);
  }
  std::ranges::stable_sort(events.pairs, {}, &std::pair<double, double>::first);
  events.neurons = neurons ? static_cast<double>(*neurons) : largest + 1;
  events.range =
      events.pairs.empty() ? std::pair(0.0, 1.0) : std::pair(events.pairs.front().first, events.pairs.back().first);
  return events;
}

Events events_of(const Tensor &raster, const std::vector<double> &x) {
  Events events;
  std::int64_t rows = raster.shape()[0], columns = raster.size() / rows;
  for (std::int64_t k = 0; k < rows; ++k)
    for (std::int64_t column = 0; column < columns; ++column)
      if (raster[k * columns + column] != 0)
        events.pairs.emplace_back(x[static_cast<std::size_t>(k)], static_cast<double>(column));
  auto [first, last] = std::minmax_element(x.begin(), x.end());
  events.range = {*first, *last};
  events.neurons = static_cast<double>(columns);
  return events;
}

Line rate_of(const Events &events, double width, const std::string &label) {
  constexpr int points = 1000;
  Line line{label, {}, {}};
  auto [low, high] = events.range;
  for (int k = 0; k <= points; ++k) {
    double x = low + (high - low) * k / points;
    double from = std::max(low, x - width / 2), to = std::min(high, x + width / 2);
    auto first = std::ranges::lower_bound(events.pairs, from, {}, &std::pair<double, double>::first);
    auto last = std::ranges::upper_bound(events.pairs, to, {}, &std::pair<double, double>::first);
    line.x.push_back(x);
    line.y.push_back(static_cast<double>(last - first) / std::max(1.0, events.neurons) / (to - from) * 1000);
  }
  return line;
}

} // namespace overtime::tools
