# SPDX-License-Identifier: Apache-2.0
"""Numba: explicit loops over steps and neurons, fastmath. A step's equations on numbers, as in harness on arrays."""
import math
import time

import harness
import numpy as np
from numba import njit, prange

f = np.float32
DT, KEEP, IZH_KEEP, ADEX_KEEP = f(harness.DT), f(harness.LIF_KEEP), f(harness.IZH_KEEP), f(harness.ADEX_KEEP)
inline = njit(fastmath=True, inline="always")


@inline
def exprel(x):
    quotient = (math.exp(x) - f(1)) / x
    return f(1) + x * (f(0.5) + x * f(1 / 6)) if abs(x) < f(0.02) else quotient


@inline
def relax(y, rate, decay):
    return y + DT * exprel(-DT * decay) * (rate - decay * y)


@inline
def hh(S, k, I, t):
    v, m, h, n = S[0][k], S[1][k], S[2][k], S[3][k]
    am, bm = f(1) / exprel((v + f(40)) * f(-0.1)), f(4) * math.exp((v + f(65)) * f(-1 / 18))
    ah, bh = f(0.07) * math.exp((v + f(65)) * f(-0.05)), f(1) / (f(1) + math.exp((v + f(35)) * f(-0.1)))
    an, bn = f(0.1) / exprel((v + f(55)) * f(-0.1)), f(0.125) * math.exp((v + f(65)) * f(-0.0125))
    sodium = f(120) * m * m * m * h
    n2 = n * n
    potassium = f(36) * n2 * n2
    drive = I + sodium * f(50) - potassium * f(77) - f(0.03 * 54.387)
    new = relax(v, drive, sodium + potassium + f(0.03))
    S[1][k] = relax(m, am, am + bm)
    S[2][k] = relax(h, ah, ah + bh)
    S[3][k] = relax(n, an, an + bn)
    S[0][k] = new
    return (v < f(20)) & (new >= f(20))


@inline
def lif(S, k, I, t):
    v = I + (S[0][k] - I) * KEEP
    fired = v >= f(20)
    S[0][k] = f(-5) if fired else v
    S[1][k] = t if fired else S[1][k]
    return fired


@inline
def izhikevich(S, k, I, t):
    v, u = S[0][k], S[1][k]
    new = v + DT * exprel(DT * (f(0.08) * v + f(5))) * ((f(0.04) * v + f(5)) * v + f(140) - u + I)
    u = f(0.2) * v + (u - f(0.2) * v) * IZH_KEEP
    fired = new >= f(30)
    S[0][k] = f(-65) if fired else new
    S[1][k] = u + f(8) if fired else u
    S[2][k] = t if fired else S[2][k]
    return fired


@inline
def adex(S, k, I, t):
    v, w = S[0][k], S[1][k]
    upstroke = math.exp((v + f(59.9)) * f(1 / 3.48))
    drive = f(0.1) * (-v - f(65) + f(3.48) * upstroke - w + I)
    new = v + DT * exprel(DT * f(0.1) * (upstroke - f(1))) * drive
    rest = v + f(65)
    w = rest + (w - rest) * ADEX_KEEP
    fired = new >= f(-30)
    S[0][k] = f(-68) if fired else new
    S[1][k] = w + f(1) if fired else w
    S[2][k] = t if fired else S[2][k]
    return fired


def simulation(step, recorded):
    @njit(fastmath=True, error_model="numpy", parallel=harness.THREADS > 1)
    def simulate(S, I, record, steps):
        spikes = 0
        for i in range(steps):
            t = f(i) * DT
            for k in prange(I.shape[0]):
                spikes += step(S, k, I[k], t)
                if recorded:
                    record[i, k] = S[0][k]
        return spikes

    return simulate


def main():
    workload, size, steps, budget, _ = harness.arguments()
    cell = {"hh": hh, "lif": lif, "izhikevich": izhikevich, "adex": adex}[workload.removesuffix("_record")]
    simulate = simulation(cell, workload.endswith("_record"))
    _, start, currents = harness.population(workload, size)
    record = np.zeros((steps if workload.endswith("_record") else 0, size), np.float32)
    last = {}

    def run(steps=steps):
        states = tuple(np.array(row) for row in start)
        last["spikes"], last["V"] = simulate(states, currents, record, steps), states[0]

    begin = time.perf_counter()
    run(0)
    callable_s = time.perf_counter() - begin
    harness.report("numba", harness.repeat(run, budget), last["spikes"], last["V"], callable_s)


main()
