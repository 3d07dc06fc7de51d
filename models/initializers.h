// SPDX-License-Identifier: Apache-2.0
// Initial values drawn from distributions, for states and weights. Each is a function of shape and seed alone.
#pragma once

#include "compiler/overtime.h"

namespace overtime {

/// The same number everywhere.
Initializer constant(double value);
/// Uniform in [low, high).
Initializer uniform(double low = 0.0, double high = 1.0);
/// Normal with a mean and a standard deviation.
Initializer normal(double mean = 0.0, double deviation = 1.0);

// The fans of a weight are its last two axes: fan_in = shape[-2], fan_out = shape[-1], each times the product of the
// axes before (the receptive field of a convolution). The normal ones are cut at two deviations and widened so that the
// deviation after the cut is the one stated.

/// Deviation sqrt(2 / (fan_in + fan_out)); Glorot & Bengio 2010, eq. 16.
Initializer xavier_normal();
/// Deviation sqrt(2 / fan_in); He, Zhang, Ren & Sun 2015, eq. 10.
Initializer kaiming_normal();
/// Deviation sqrt(1 / fan_in); LeCun, Bottou, Orr & Mueller 1998, section 4.6.
Initializer lecun_normal();
/// Orthonormal rows or columns, whichever are fewer, times `scale`; Saxe, McClelland & Ganguli 2014.
Initializer orthogonal(double scale = 1.0);

} // namespace overtime
