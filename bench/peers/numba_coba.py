# SPDX-License-Identifier: Apache-2.0
"""Numba: the network of Vogels & Abbott in explicit loops, driven by events."""
import math
import time

import harness
import numpy as np
from numba import njit

f = np.float32
KEEP_E, KEEP_I = f(harness.COBA_KEEP_E), f(harness.COBA_KEEP_I)


@njit(fastmath=True, error_model="numpy")
def cells(V, ge, gi, held, fired):
    for k in range(V.shape[0]):
        leak = f(1) + ge[k] + gi[k]
        rest = (f(-49) - f(80) * gi[k]) / leak
        v = rest + (V[k] - rest) * math.exp(f(-0.005) * leak)
        v = V[k] if held[k] > 0 else v
        fired[k] = v > f(-50)
        V[k] = f(-60) if fired[k] else v
        held[k] = np.int32(50) if fired[k] else max(held[k] - np.int32(1), np.int32(0))
        ge[k] *= KEEP_E
        gi[k] *= KEEP_I


@njit(fastmath=True, error_model="numpy")
def simulate(V, ge, gi, held, offsets, targets, spikes):
    size = V.shape[0]
    excitatory = size // 5 * 4
    fired = np.zeros(size, np.bool_)
    for i in range(spikes.shape[0]):
        cells(V, ge, gi, held, fired)
        for k in range(size):
            if fired[k]:
                spikes[i] += 1
                g, weight = (ge, f(0.6)) if k < excitatory else (gi, f(6.7))
                for j in range(offsets[k], offsets[k + 1]):
                    g[targets[j]] += weight


def main():
    _, size, steps, budget, data = harness.arguments()
    last = {}

    def run(steps=steps):
        last["spikes"] = np.zeros(steps, np.int32)
        zeros = [np.zeros(size, f), np.zeros(size, f), np.zeros(size, np.int32)]
        simulate(data["V"].copy(), *zeros, data["offsets"], data["targets"], last["spikes"])

    begin = time.perf_counter()
    run(0)
    callable_s = time.perf_counter() - begin
    times = harness.repeat(run, budget)
    harness.report_spikes("numba", times, last["spikes"], callable_s)


main()
