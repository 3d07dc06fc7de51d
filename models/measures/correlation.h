// SPDX-License-Identifier: Apache-2.0
// What is measured of recorded potentials, rates and matrices: correlations and common fluctuations.
#pragma once

#include "compiler/overtime.h"

namespace overtime {

/// Synchrony of potentials [T, N]: the variance over time of their mean, over the mean of their variances; Golomb &
/// Rinzel 1993, Phys. Rev. E 48. 1 when all are the same, of the order of 1 / N when they are independent; 1 as well
/// when nothing changes. Errors: no steps, no neurons.
double voltage_fluctuation(const Tensor &V, std::source_location at = std::source_location::current());

/// Pearson correlation of each pair of columns of `activity` [T, N]: f64 [N, N]. 0 where a column is constant.
Tensor functional_connectivity(const Tensor &activity, std::source_location at = std::source_location::current());

/// Pearson correlation of the elements above the diagonals of two square matrices of one size, such as a functional and
/// a structural connectivity. NaN when one of them is constant there. Errors: other shapes, fewer than three rows.
double matrix_correlation(const Tensor &x, const Tensor &y, std::source_location at = std::source_location::current());

/// Pearson correlation of two arrays of one size with a weight for each pair. Errors: different sizes, weights below 0
/// or all 0. NaN when an array is constant where it counts.
double weighted_correlation(const Tensor &x, const Tensor &y, const Tensor &weights,
                            std::source_location at = std::source_location::current());

} // namespace overtime
