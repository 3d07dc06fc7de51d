# SPDX-License-Identifier: Apache-2.0
"""Coefficients of compiler/lower/functions/Polynomials.h: interpolation at Chebyshev nodes with 50 digits (needs mpmath)."""
from mpmath import mp, mpf, cos, pi, log, expm1, exp, lu_solve, matrix, atanh, sin, sqrt, erf, erfc

mp.dps = 50


def chebyshev(low, high, count):
    return [(low + high) / 2 + (high - low) / 2 * cos((2 * k + 1) * pi / (2 * count)) for k in range(count)]


def fit(function, low, high, degree):
    return interpolate(function, chebyshev(low, high, degree + 1), degree)


def fit_relative(function, high, degree):
    """Of an odd degree on [-high, high], best for r * function(r), whose error is zero at zero."""
    return interpolate(function, [x for x in chebyshev(-high, high, degree + 2) if abs(x) > high * 1e-9], degree)


def interpolate(function, nodes, degree):
    system = matrix(degree + 1, degree + 1)
    for row, x in enumerate(nodes):
        for column in range(degree + 1):
            system[row, column] = x**column
    return list(lu_solve(system, matrix([function(x) for x in nodes])))


def expm1_tail(r):
    """(exp(r) - 1 - r) / r^2."""
    if abs(r) < mpf(10) ** -12:
        return mpf(1) / 2 + r / 6
    return (expm1(r) - r) / r**2


def exprel(x):
    return mpf(1) + x / 2 if abs(x) < mpf(10) ** -25 else expm1(x) / x


def atanh_tail(z):
    """(2 atanh(s) / s - 2) / z with z = s^2."""
    if z < mpf(10) ** -20:
        return mpf(2) / 3
    s = sqrt(z)
    return (2 * atanh(s) / s - 2) / z


def sine(z):
    """sin(pi/2 x) / x with z = x^2."""
    return pi / 2 if z < mpf(10) ** -20 else sin(pi / 2 * sqrt(z)) / sqrt(z)


def cosine_tail(z):
    """(cos(pi/2 x) - 1) / z with z = x^2."""
    return -pi**2 / 8 if z < mpf(10) ** -20 else (cos(pi / 2 * sqrt(z)) - 1) / z


def atanh_tail_beyond(z):
    """((2 atanh(s) / s - 2) / z - 2/3) / z with z = s^2."""
    if z < mpf(10) ** -15:
        return mpf(2) / 5 + 2 * z / 7
    return (atanh_tail(z) - mpf(2) / 3) / z


def erf_over_x(z):
    """erf(x) / x with z = x^2."""
    return 2 / sqrt(pi) if z < mpf(10) ** -30 else erf(sqrt(z)) / sqrt(z)


def minus_log_erfc(x):
    """-log(erfc(1 + x))."""
    return -log(erfc(1 + x))


def show(name, coefficients):
    print(name, ", ".join(mp.nstr(c, 20) for c in coefficients))


if __name__ == "__main__":
    half = log(2) / 2
    s_max = (sqrt(2) - 1) / (sqrt(2) + 1)
    for name, function, low, high, degree in [
        ("expm1 f32", expm1_tail, -half, half, 4),
        ("expm1 f64", expm1_tail, -half, half, 9),
        ("log f32", atanh_tail, mpf(0), s_max**2, 3),
        ("log f64", atanh_tail, mpf(0), s_max**2, 6),
        ("sin f32", sine, mpf(0), mpf(1) / 4, 3),
        ("sin f64", sine, mpf(0), mpf(1) / 4, 6),
        ("cos f32", cosine_tail, mpf(0), mpf(1) / 4, 3),
        ("cos f64", cosine_tail, mpf(0), mpf(1) / 4, 6),
        ("exprel f32", exprel, -mpf(1) / 2, mpf(1) / 2, 6),
        ("exprel f64", exprel, -mpf(1) / 2, mpf(1) / 2, 11),
        ("log, beyond the first term, f64", atanh_tail_beyond, mpf(0), s_max**2, 8),
        ("erf f32", erf_over_x, mpf(0), mpf(1), 6),
        ("erf f64", erf_over_x, mpf(0), mpf(1), 12),
        ("erfc f32", minus_log_erfc, mpf(0), mpf(3), 8),
        ("erfc f64", minus_log_erfc, mpf(0), mpf(5), 24),
    ]:
        show(name, fit(function, low, high, degree))
    show("expm1 f32, table of 16", fit_relative(expm1_tail, half / 16, 1))
    show("expm1 f64, table of 8", fit_relative(expm1_tail, half / 8, 5))
