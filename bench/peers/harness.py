# SPDX-License-Identifier: Apache-2.0
"""What the peers written in Python share: start and input of the populations, a step's equations, timing, the report.

A peer is called as `PEER.py WORKLOAD N T SECONDS [DATA.npz] [--tf32]`, like build/bin/bench_workload; OMP_NUM_THREADS
holds the number of threads, OVERTIME_DEVICE "cpu" or "cuda". Products have full f32 unless --tf32 is given.
"""
import json
import os
import sys
import time

import numpy as np

DT = 0.1  # ms
THREADS = int(os.environ.get("OMP_NUM_THREADS", "1"))
DEVICE = os.environ.get("OVERTIME_DEVICE", "cpu")
TF32 = "--tf32" in sys.argv


def arguments():
    workload, size, steps, budget, *files = [word for word in sys.argv[1:] if word != "--tf32"]
    data = dict(np.load(files[0])) if files else {}
    return workload, int(size), int(steps), float(budget), data


def spread(first, last, size):
    """Currents from first to last; the middle when there is one neuron."""
    numbers = np.linspace(first, last, size) if size > 1 else np.array([(first + last) / 2])
    return numbers.astype(np.float32)


def exprel(xp, x):
    """(exp(x) - 1) / x; the series stands in for 0/0."""
    return xp.where(xp.abs(x) < 0.02, 1 + x * (0.5 + x * (1 / 6)), (xp.exp(x) - 1) / x)


def relax(xp, y, rate, decay):
    """One step of exponential Euler for dy/dt = rate - decay y."""
    return y + DT * exprel(xp, -DT * decay) * (rate - decay * y)


def hh_step(xp, V, m, h, n, I, t):
    am, bm = 1 / exprel(xp, -0.1 * (V + 40)), 4 * xp.exp((V + 65) * (-1 / 18))
    ah, bh = 0.07 * xp.exp(-0.05 * (V + 65)), 1 / (1 + xp.exp(-0.1 * (V + 35)))
    an, bn = 0.1 / exprel(xp, -0.1 * (V + 55)), 0.125 * xp.exp(-0.0125 * (V + 65))
    sodium, potassium = 120 * m * m * m * h, 36 * (n * n) * (n * n)
    drive = I + sodium * 50 - potassium * 77 - 0.03 * 54.387
    new = relax(xp, V, drive, sodium + potassium + 0.03)
    gates = relax(xp, m, am, am + bm), relax(xp, h, ah, ah + bh), relax(xp, n, an, an + bn)
    return (new, *gates), (V < 20) & (new >= 20)


LIF_KEEP, IZH_KEEP, ADEX_KEEP = (float(np.exp(-DT * rate)) for rate in (1 / 10, 0.02, 1 / 30))


def lif_step(xp, V, t_last, I, t):
    V = I + (V - I) * LIF_KEEP  # the exact solution of the step, which exponential Euler is here
    fired = V >= 20
    return (xp.where(fired, -5.0, V), xp.where(fired, t, t_last)), fired


def izhikevich_step(xp, V, u, t_last, I, t):
    new = V + DT * exprel(xp, DT * (0.08 * V + 5)) * ((0.04 * V + 5) * V + 140 - u + I)
    u = 0.2 * V + (u - 0.2 * V) * IZH_KEEP
    fired = new >= 30
    return (xp.where(fired, -65.0, new), xp.where(fired, u + 8, u), xp.where(fired, t, t_last)), fired


def adex_step(xp, V, w, t_last, I, t):
    upstroke = xp.exp((V + 59.9) * (1 / 3.48))
    drive = 0.1 * (-V - 65 + 3.48 * upstroke - w + I)
    new = V + DT * exprel(xp, (DT * 0.1) * (upstroke - 1)) * drive
    w = (V + 65) + (w - (V + 65)) * ADEX_KEEP
    fired = new >= -30
    return (xp.where(fired, -68.0, new), xp.where(fired, w + 1, w), xp.where(fired, t, t_last)), fired


def hh_start():
    """-65 mV, gates at rest there."""
    am, bm = 2.5 / np.expm1(2.5), 4.0
    ah, bh = 0.07, 1 / (1 + np.exp(3.0))
    an, bn = 0.1 / np.expm1(1.0), 0.125
    return -65.0, am / (am + bm), ah / (ah + bh), an / (an + bn)


NEVER = -1e7  # ms, the time of the last spike of a neuron that has not fired
# name: step, start of every state, currents of the first and the last neuron
POPULATIONS = {
    "hh": (hh_step, hh_start(), (5, 15)),
    "lif": (lif_step, (0.0, NEVER), (15, 30)),
    "izhikevich": (izhikevich_step, (-70.0, -14.0, NEVER), (5, 15)),
    "adex": (adex_step, (-65.0, 0.0, NEVER), (15, 65)),
}


def population(workload, size):
    """Step, states and currents."""
    step, start, currents = POPULATIONS[workload.removesuffix("_record")]
    return step, [np.full(size, x, np.float32) for x in start], spread(*currents, size)


COBA_KEEP_E, COBA_KEEP_I = float(np.exp(-DT / 5)), float(np.exp(-DT / 10))


def coba_step(xp, V, ge, gi, held):
    """Vogels & Abbott 2005: V by exponential Euler, exact decays, 5 ms refractory. The spikes are not delivered yet."""
    leak = 1 + ge + gi
    rest = (-49 - 80 * gi) / leak
    new = xp.where(held > 0, V, rest + (V - rest) * xp.exp(-DT / 20 * leak))
    fired = new > -50
    V, held = xp.where(fired, -60.0, new), xp.where(fired, 50, xp.maximum(held - 1, 0))
    return (V, ge * COBA_KEEP_E, gi * COBA_KEEP_I, held), fired


def repeat(run, budget):
    """Seconds of each run: at least 3, until the budget is spent."""
    run()
    times = []
    while len(times) < 3 or (sum(times) < budget and len(times) < 20000):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return times


def report(peer, times, check, V=None, callable_s=None, gradient=None, early=None):
    workload, size, steps, _, _ = arguments()
    times = sorted(times)
    line = {"peer": peer, "workload": workload, "N": size, "T": steps, "runs": len(times), "check": float(check)}
    line.update(min=times[0], median=times[len(times) // 2])
    if V is not None:
        line["V"] = float(np.mean(np.asarray(V, np.float64)))
    if gradient is not None:  # the sum of the squares of all derivatives; check is the loss
        line["gradient"] = float(gradient)
    if early is not None:  # spikes of the first steps; check is those of all
        line["early"] = int(early)
    if callable_s is not None:
        line["callable"] = callable_s
    print(json.dumps(line))


def report_spikes(peer, times, spikes, callable_s):
    """Of a network: numbers of spikes by step. Those of the first 200 tell its equations before rounding has grown."""
    spikes = np.asarray(spikes, np.int64)
    report(peer, times, spikes.sum(), callable_s=callable_s, early=spikes[:200].sum())
