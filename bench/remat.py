#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Memory and time of a gradient by policy of remat and number of steps, beside jax.checkpoint; a table in Markdown.

The model is a small recurrent spiking network. Bytes are what Overtime predicts, which is checked against the growth of
the process, and what XLA reports as temporary memory. Losses and gradients of all runs of a length must agree. `./dev
bench remat` calls this with an interpreter that has JAX.
"""
import argparse
import importlib.util
import json
import math
import os
import subprocess
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
BATCH, INPUTS, NEURONS, CLASSES = 4, 16, 32, 4
POLICIES = ("none", "step", "sqrt", "every=100", "budget=1000000", "budget=100000")


def write_data(path, steps):
    rng = np.random.default_rng(0)

    def normal(rows, columns, scale):
        return (rng.standard_normal((rows, columns)) * scale).astype(np.float32)

    arrays = {"w1": normal(INPUTS, NEURONS, 0.4), "wr": normal(NEURONS, NEURONS, 0.05), "w2": normal(NEURONS, CLASSES, 0.1)}
    arrays["x"] = (rng.random((steps, BATCH, INPUTS), dtype=np.float32) < 0.1).astype(np.float32)
    np.savez(path, y=rng.integers(0, CLASSES, BATCH), **arrays)


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-800:]}")
    return json.loads([line for line in done.stdout.splitlines() if line.startswith("{")][-1])


def size(number):
    for unit in ("B", "kB", "MB", "GB"):
        if number < 999.5:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} TB"


def wrong(steps, policy, ours):
    """What the prediction and the promise of a budget are worth. The kernel counts in pages."""
    slack = 0.05 * ours["bytes"] + 300_000
    if policy != "none" and ours["grown"] > ours["bytes"] + slack:
        yield f"{policy}, {steps} steps: grew by {ours['grown']} bytes, {ours['bytes']} were predicted"
    if policy.startswith("budget=") and ours["bytes"] > int(policy.removeprefix("budget=")):
        yield f"{policy}, {steps} steps: {ours['bytes']} bytes"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", default="100,1000,10000,100000")
    parser.add_argument("--seconds", default="1", help="timed seconds of each process")
    parser.add_argument("--program", default=os.path.join(HERE, "..", "build", "bin", "bench_remat"))
    options = parser.parse_args()
    folder = os.path.join(HERE, "..", "build", "bench-data")
    os.makedirs(folder, exist_ok=True)
    jax, faults = importlib.util.find_spec("jax"), []
    print("| steps | remat | memory | steps again | time | jax memory | jax time |\n|---|---|---|---|---|---|---|")
    for steps in map(int, options.steps.split(",")):
        path = os.path.join(folder, f"remat-{steps}.npz")
        write_data(path, steps)
        first = None
        for policy in POLICIES:
            ours = run([options.program, policy, path, options.seconds])
            faults += wrong(steps, policy, ours)
            cells, rows = ["-", "-"], [ours]
            if jax and not policy.startswith("budget"):
                theirs = run([sys.executable, os.path.join(HERE, "peers", "jax_remat.py"), policy, path, options.seconds])
                cells = [size(theirs["bytes"]), f"{theirs['seconds'] * 1e3:.3g} ms"]
                rows.append(theirs)
            first = first or ours
            for row in rows:
                if not math.isclose(row["loss"], first["loss"], rel_tol=1e-3):
                    faults.append(f"{policy}, {steps} steps: a loss of {row['loss']}, {first['loss']} elsewhere")
            if ours["gradient"] != first["gradient"]:
                faults.append(f"{policy}, {steps} steps: the gradient has other bits")
            print(f"| {steps:,} | `{policy}` | {size(ours['bytes'])} | {ours['again']:,} | {ours['seconds'] * 1e3:.3g} ms | "
                  f"{cells[0]} | {cells[1]} |", flush=True)
    print("\n".join(faults) if faults else "all losses agree, gradients have the same bits, memory is as predicted")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
