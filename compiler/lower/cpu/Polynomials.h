// SPDX-License-Identifier: Apache-2.0
// Coefficients of the elementary functions; minimax.py beside this file computes them.
#pragma once

#include <array>

namespace overtime::ir::polynomial {

// q with exp(r) = 1 + r + r^2 q(r) for |r| <= ln(2)/2, lowest power first.
inline constexpr std::array expF32 = {0.5, 0.16666577025597988, 0.041666554662050534, 0.0083631730745137109,
                                      0.0013926176119935579};
inline constexpr std::array expF64 = {
    0.50000000000000010,    0.16666666666666667,   0.041666666666624162,  0.0083333333333300644, 0.0013888888917196719,
    0.00019841269863040546, 2.4801521322368693e-5, 2.7557268480310026e-6, 2.7620075879983367e-7, 2.5100375832561234e-8};

// The same for |r| <= ln(2)/32 and |r| <= ln(2)/16, where a table holds 2^(j/16) and 2^(j/8).
inline constexpr std::array tableExpF32 = {0.50001466243437427, 0.16666959914371368};
inline constexpr std::array tableExpF64 = {0.50000000000001793,   0.16666666666666866,   0.041666666590226054,
                                           0.0083333333248399842, 0.0013889703480254652, 0.00019842174938497791};

// q with 2 atanh(s) = 2 s + s z q(z), z = s^2, for s = f / (2 + f) and 1 + f in [sqrt(1/2), sqrt(2)].
inline constexpr std::array logF32 = {0.66666666554497092, 0.40000121839806127, 0.28550820815960663,
                                      0.23330467216303836};
inline constexpr std::array logF64 = {0.66666666666666697, 0.39999999999899504, 0.28571428625975485,
                                      0.22222211134795080, 0.18182889125261722, 0.15331721600556041,
                                      0.14616449685043406};

// ln(2) in two parts; the first has so few bits that its products with exponents are exact (Cody & Waite 1980).
inline constexpr double ln2HighF32 = 0.693145751953125, ln2LowF32 = 1.42860682030941723212e-6;
inline constexpr double ln2HighF64 = 6.93147180369123816490e-01, ln2LowF64 = 1.90821492927058770002e-10;

} // namespace overtime::ir::polynomial
