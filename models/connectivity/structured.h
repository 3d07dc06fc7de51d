// SPDX-License-Identifier: Apache-2.0
// Connectivity with structure: by distance, small worlds, and networks without a scale.
#pragma once

#include "models/connectivity/connectivity.h"

namespace overtime {

/// Where cells are: cell (i, j, ...) of a grid of this shape, counted in row-major order, is at (i, j, ...) times
/// `spacing`. Sources and targets are on the same grid.
struct Grid {
  Shape shape;
  double spacing = 1.0;
  bool periodic = false; ///< opposite sides touch

  double distance(std::int64_t a, std::int64_t b) const;
};

/// A pair at distance d with probability p(d), independent of the others.
Connectivity by_distance(const Grid &grid, std::function<double(double d)> p, bool include_self = true);
/// Probability exp(-d^2 / (2 sigma^2)).
Connectivity gaussian_probability(const Grid &grid, double sigma, bool include_self = true);
/// All pairs up to a distance.
Connectivity within_distance(const Grid &grid, double most, bool include_self = true);

/// A ring in which each cell is connected with its `neighbors` nearest, half of them on each side; then each edge gets
/// another random end with probability p (Watts & Strogatz 1998, Nature 393, 440-442). Edges go both ways.
Connectivity small_world(std::int64_t neighbors, double p);
/// Cells come one after the other, and each connects to `m` of those before, the likelier the more connections they
/// have (Barabasi & Albert 1999, Science 286, 509-512). Edges go both ways.
Connectivity scale_free(std::int64_t m);

} // namespace overtime
