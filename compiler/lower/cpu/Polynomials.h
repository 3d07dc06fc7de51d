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

// q with sin(pi/2 x) = x q(x^2), and with cos(pi/2 x) = 1 + x^2 q(x^2), for |x| <= 1/2.
inline constexpr std::array sinF32 = {1.5707963219532367, -0.64596347766481180, 0.079680217647755413,
                                      -0.0046021492128141760};
inline constexpr std::array sinF64 = {1.5707963267948966,     -0.64596409750624432,  0.079692626246043003,
                                      -0.0046817541323409760, 1.6044115074219091e-4, -3.5986433529823097e-6,
                                      5.6339337815378540e-8};
inline constexpr std::array cosF32 = {-1.2337005493742194, 0.25366941035710850, -0.020861528342199969,
                                      9.0673989840326651e-4};
inline constexpr std::array cosF64 = {-1.2337005501361698,   0.25366950790104782,    -0.020863480763340773,
                                      9.1926027454684462e-4, -2.5202039028029176e-5, 4.7106784055052271e-7,
                                      -6.3293963449674235e-9};

// exprel(x) for |x| <= 1/2.
inline constexpr std::array exprelF32 = {1.0,
                                         0.50000004259205445,
                                         0.16666667139493801,
                                         0.041665304193438315,
                                         0.0083331820715841956,
                                         0.0013997773379590333,
                                         0.00019962176226695498};
inline constexpr std::array exprelF64 = {1.0,
                                         0.5,
                                         0.16666666666667220,
                                         0.041666666666667062,
                                         0.0083333333330751455,
                                         0.0013888888888704549,
                                         1.9841270281832443e-4,
                                         2.4801587616145413e-5,
                                         2.7556979476271893e-6,
                                         2.7557076636642723e-7,
                                         2.5172820433579408e-8,
                                         2.0962955815976076e-9};

// ln(2) in two parts; the first has so few bits that its products with exponents are exact (Cody & Waite 1980).
inline constexpr double ln2HighF32 = 0.693145751953125, ln2LowF32 = 1.42860682030941723212e-6;
inline constexpr double ln2HighF64 = 6.93147180369123816490e-01, ln2LowF64 = 1.90821492927058770002e-10;

} // namespace overtime::ir::polynomial
