# SPDX-License-Identifier: Apache-2.0
"""Numba: explicit loops over steps and neurons, fastmath, one thread."""
import math
import time

import harness
import numpy as np
from numba import njit

f = np.float32
DT, KEEP = f(harness.DT), f(harness.LIF_KEEP)


@njit(fastmath=True, inline="always")
def exprel(x):
    quotient = (math.exp(x) - f(1)) / x
    return f(1) + x * (f(0.5) + x * f(1 / 6)) if abs(x) < f(0.02) else quotient


@njit(fastmath=True, inline="always")
def relax(y, rate, decay):
    return y + DT * exprel(-DT * decay) * (rate - decay * y)


@njit(fastmath=True, error_model="numpy")
def hh(V, m, h, n, I, record, steps):
    spikes = 0
    for t in range(steps):
        for k in range(V.shape[0]):
            v = V[k]
            am, bm = f(1) / exprel((v + f(40)) * f(-0.1)), f(4) * math.exp((v + f(65)) * f(-1 / 18))
            ah, bh = f(0.07) * math.exp((v + f(65)) * f(-0.05)), f(1) / (f(1) + math.exp((v + f(35)) * f(-0.1)))
            an, bn = f(0.1) / exprel((v + f(55)) * f(-0.1)), f(0.125) * math.exp((v + f(65)) * f(-0.0125))
            sodium = f(120) * m[k] * m[k] * m[k] * h[k]
            n2 = n[k] * n[k]
            potassium = f(36) * n2 * n2
            drive = I[k] + sodium * f(50) - potassium * f(77) - f(0.03 * 54.387)
            new = relax(v, drive, sodium + potassium + f(0.03))
            m[k] = relax(m[k], am, am + bm)
            h[k] = relax(h[k], ah, ah + bh)
            n[k] = relax(n[k], an, an + bn)
            spikes += (v < f(20)) & (new >= f(20))
            V[k] = new
            if record.shape[0] > 0:
                record[t, k] = new
    return spikes


@njit(fastmath=True, error_model="numpy")
def lif(V, t_last, I, steps):
    spikes = 0
    for t in range(steps):
        now = f(t) * DT
        for k in range(V.shape[0]):
            v = I[k] + (V[k] - I[k]) * KEEP
            fired = v >= f(20)
            V[k] = f(-5) if fired else v
            t_last[k] = now if fired else t_last[k]
            spikes += fired
    return spikes


def main():
    workload, size, steps, budget, _ = harness.arguments()
    start = (harness.leaky if workload == "lif" else harness.squid)(size)
    record = np.zeros((steps if workload == "hh_record" else 0, size), np.float32)
    last = {}

    def run(steps=steps):
        state = [a.copy() for a in start]
        last["spikes"] = lif(*state, steps) if workload == "lif" else hh(*state, record, steps)
        last["V"] = state[0]

    begin = time.perf_counter()
    run(0)
    callable_s = time.perf_counter() - begin
    harness.report("numba", harness.repeat(run, budget), last["spikes"], last["V"], callable_s)


main()
