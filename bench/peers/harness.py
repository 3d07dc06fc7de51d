# SPDX-License-Identifier: Apache-2.0
"""What the peers written in Python share: start and input of the populations, a step's equations, timing, the report.

A peer is called as `PEER.py WORKLOAD N T SECONDS [DATA.npz]`, like build/bin/bench_workload.
"""
import json
import sys
import time

import numpy as np

DT = 0.1  # ms


def arguments():
    workload, size, steps, budget = sys.argv[1:5]
    data = dict(np.load(sys.argv[5])) if len(sys.argv) > 5 else {}
    return workload, int(size), int(steps), float(budget), data


def spread(first, last, size):
    """Currents from first to last; the middle when there is one neuron."""
    numbers = np.linspace(first, last, size) if size > 1 else np.array([(first + last) / 2])
    return numbers.astype(np.float32)


def squid(size):
    """V, m, h, n, I: -65 mV, gates at rest there."""
    am, bm = 2.5 / np.expm1(2.5), 4.0
    ah, bh = 0.07, 1 / (1 + np.exp(3.0))
    an, bn = 0.1 / np.expm1(1.0), 0.125
    start = [-65.0, am / (am + bm), ah / (ah + bh), an / (an + bn)]
    return [np.full(size, x, np.float32) for x in start] + [spread(5, 15, size)]


def leaky(size):
    """V, time of the last spike, I."""
    return [np.zeros(size, np.float32), np.full(size, -1e7, np.float32), spread(15, 30, size)]


def hh_step(xp, V, m, h, n, I):
    """One step of exponential Euler with the functions exp, where, abs of xp."""

    def exprel(x):  # the series stands in for 0/0
        return xp.where(xp.abs(x) < 0.02, 1 + x * (0.5 + x * (1 / 6)), (xp.exp(x) - 1) / x)

    def relax(y, rate, decay):
        return y + DT * exprel(-DT * decay) * (rate - decay * y)

    am, bm = 1 / exprel(-0.1 * (V + 40)), 4 * xp.exp((V + 65) * (-1 / 18))
    ah, bh = 0.07 * xp.exp(-0.05 * (V + 65)), 1 / (1 + xp.exp(-0.1 * (V + 35)))
    an, bn = 0.1 / exprel(-0.1 * (V + 55)), 0.125 * xp.exp(-0.0125 * (V + 65))
    sodium, potassium = 120 * m * m * m * h, 36 * (n * n) * (n * n)
    drive = I + sodium * 50 - potassium * 77 - 0.03 * 54.387
    return (
        relax(V, drive, sodium + potassium + 0.03),
        relax(m, am, am + bm),
        relax(h, ah, ah + bh),
        relax(n, an, an + bn),
    )


LIF_KEEP = float(np.exp(-DT / 10))


def lif_step(xp, V, t_last, I, t):
    """V, time of the last spike, fired. The exact solution of the step, which exponential Euler is here."""
    V = I + (V - I) * LIF_KEEP
    fired = V >= 20
    return xp.where(fired, -5.0, V), xp.where(fired, t, t_last), fired


def repeat(run, budget):
    """Seconds of each run: at least 3, until the budget is spent."""
    run()
    times = []
    while len(times) < 3 or (sum(times) < budget and len(times) < 20000):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return times


def report(peer, times, check, V=None, callable_s=None):
    workload, size, steps, _, _ = arguments()
    times = sorted(times)
    line = {"peer": peer, "workload": workload, "N": size, "T": steps, "runs": len(times), "check": float(check)}
    line.update(min=times[0], median=times[len(times) // 2])
    if V is not None:
        line["V"] = float(np.mean(np.asarray(V, np.float64)))
    if callable_s is not None:
        line["callable"] = callable_s
    print(json.dumps(line))
