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

/// Normal numbers, of those that lie between `low` and `high` deviations from the mean; the deviation is that before
/// the cut.
Initializer truncated_normal(double mean = 0.0, double deviation = 1.0, double low = -2.0, double high = 2.0);

// The fans of a weight are its last two axes: fan_in = shape[-2], fan_out = shape[-1], each times the product of the
// axes before (the receptive field of a convolution).

enum class Fan { In, Out, Average };
enum class Distribution {
  TruncatedNormal, ///< cut at two deviations and widened so that the deviation after the cut is the one stated
  Normal,
  Uniform ///< in [-a, a), a = sqrt(3) times the deviation
};
/// Deviation sqrt(scale / fan). All below are cases of it.
Initializer variance_scaling(double scale = 1.0, Fan fan = Fan::In,
                             Distribution distribution = Distribution::TruncatedNormal);

/// Deviation sqrt(2 / (fan_in + fan_out)); Glorot & Bengio 2010, eq. 16 for the uniform one.
Initializer xavier_normal();
Initializer xavier_uniform();
/// Deviation sqrt(2 / fan_in), for weights in front of relu; He, Zhang, Ren & Sun 2015, eq. 10.
Initializer kaiming_normal();
Initializer kaiming_uniform();
/// Deviation sqrt(1 / fan_in); LeCun, Bottou, Orr & Mueller 1998, section 4.6.
Initializer lecun_normal();
Initializer lecun_uniform();

// Of matrices.

/// Orthonormal rows or columns, whichever are fewer, times `scale`; Saxe, McClelland & Ganguli 2014.
Initializer orthogonal(double scale = 1.0);
/// `scale` on the diagonal, 0 elsewhere; of a matrix that is not square, on the diagonal of its first rows or columns.
Initializer identity_matrix(double scale = 1.0);
/// Each weight is one of `of` with probability `connectivity`, else 0.
Initializer sparse(double connectivity, Initializer of);
/// A square matrix of `of`, times what makes its largest absolute eigenvalue `radius`: below 1, a reservoir forgets
/// what it started from (Jaeger 2001, GMD report 148, section 3). Takes about 25 n^3 operations for n neurons.
Initializer spectral_radius(double radius, Initializer of);

} // namespace overtime
