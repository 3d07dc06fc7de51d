// SPDX-License-Identifier: Apache-2.0
// Surrogate gradients: what counts as the derivative of a spike.
#pragma once

#include "compiler/overtime.h"

namespace overtime {

/// The slope that stands for the derivative of the step function, from x = (V - V_th) in some unit.
///
///     fired = spike((V - V_th) / mV, surrogate::sigmoid());
using Surrogate = std::function<Value(Value x)>;

/// 1 where x >= 0, else 0; its derivative is the surrogate's.
Value spike(Value x, const Surrogate &surrogate);

/// Slopes as BrainPy 2.4 has them, with its defaults; sg is the logistic function. Neftci, Mostafa and Zenke 2019, IEEE
/// Signal Processing Magazine 36, 51-63, is an introduction.
namespace surrogate {
Surrogate sigmoid(double alpha = 4);             ///< alpha sg(alpha x) (1 - sg(alpha x))
Surrogate piecewise_quadratic(double alpha = 1); ///< alpha - (alpha x)^2 where |x| <= 1 / alpha, else 0
Surrogate piecewise_exp(double alpha = 1);       ///< alpha / 2 exp(-alpha |x|)
Surrogate soft_sign(double alpha = 1);           ///< alpha / 2 / (1 + |alpha x|)^2
Surrogate arctan(double alpha = 1);              ///< alpha / 2 / (1 + (pi / 2 alpha x)^2)
Surrogate nonzero_sign_log(double alpha = 1);    ///< 1 / (1 / alpha + |x|)
Surrogate erf(double alpha = 1);                 ///< alpha / sqrt(pi) exp(-(alpha x)^2)
/// 1 / w where |x| <= w, else c
Surrogate piecewise_leaky_relu(double c = 0.01, double w = 1);
/// 4 / T (cos(2 pi x / T) + sum over i from 2 to n - 1 of cos((2 i - 1) 2 pi x / T))
Surrogate squarewave_fourier_series(int n = 2, double period = 8);
/// alpha sg(alpha x) (1 - sg(alpha x)) where x < 0, else beta / (x + 1)
Surrogate s2nn(double alpha = 4, double beta = 1);
Surrogate q_pseudo_spike(double alpha = 2);                ///< (1 + 2 |x| / (alpha + 1))^-alpha
Surrogate leaky_relu(double alpha = 0.1, double beta = 1); ///< alpha where x < 0, else beta
Surrogate log_tailed_relu(double alpha = 0);               ///< alpha up to 0, 1 up to 1, then 1 / x
Surrogate relu_grad(double alpha = 0.3, double width = 1); ///< max(alpha width - alpha |x|, 0)
/// alpha exp(-(sigma x)^2 / 2) / (sqrt(2 pi) sigma): sigma multiplies x, as in BrainPy
Surrogate gaussian_grad(double sigma = 0.5, double alpha = 0.5);
/// scale ((1 + h) G(x, sigma) - h G(x - sigma, s sigma) - h G(x + sigma, s sigma)), G(z, q) the normal density
Surrogate multi_gaussian_grad(double h = 0.15, double s = 6, double sigma = 0.5, double scale = 0.5);
Surrogate inv_square_grad(double alpha = 100); ///< 1 / (alpha |x| + 1)^2
Surrogate slayer_grad(double alpha = 1);       ///< exp(-alpha |x|)
} // namespace surrogate

} // namespace overtime
