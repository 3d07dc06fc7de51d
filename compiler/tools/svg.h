// SPDX-License-Identifier: Apache-2.0
// Writes a plot as SVG: lines over a common x axis, or a raster of events.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace overtime::tools {

struct Line {
  std::string label;
  std::vector<double> x, y; ///< of one length; a number that is not finite leaves a gap
};

struct Plot {
  std::string title, x_label, y_label;
  std::vector<Line> lines;
  std::vector<std::pair<double, double>> events; ///< (x, row), drawn as upright marks
  std::pair<double, double> x_range;             ///< of a raster; lines find their own
  double rows = 0;                               ///< of a raster; 0: lines
};

/// At most `most` points of a line: of each piece of it the smallest and the largest, so that no spike is lost.
Line thinned(const Line &line, std::size_t most = 2000);

/// Round numbers in [low, high], about `count` of them, in steps of 1, 2 or 5 times a power of ten.
std::vector<double> ticks(double low, double high, int count);

/// The text of an SVG file, 800 x 400.
std::string svg_of(const Plot &plot);

} // namespace overtime::tools
