# SPDX-License-Identifier: Apache-2.0
"""Runs the network of Vogels & Abbott in bench_workload and in NumPy, and compares the number of their spikes.

Usage: bench_coba_test.py BENCH_WORKLOAD
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

BENCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench")
sys.path[:0] = [BENCH, os.path.join(BENCH, "peers")]
import harness
import inputs

SIZE, STEPS = 1000, 200


def spikes_of_numpy(data):
    """In f64, through a matrix instead of rows."""
    matrix = np.zeros((SIZE, SIZE))
    matrix[np.repeat(np.arange(SIZE), np.diff(data["offsets"])), data["targets"]] = 1
    states = data["V"].astype(np.float64), np.zeros(SIZE), np.zeros(SIZE), np.zeros(SIZE)
    excitatory, total = SIZE // 5 * 4, 0
    for _ in range(STEPS):
        (V, ge, gi, held), fired = harness.coba_step(np, *states)
        ge = ge + 0.6 * fired[:excitatory] @ matrix[:excitatory]
        gi = gi + 6.7 * fired[excitatory:] @ matrix[excitatory:]
        states, total = (V, ge, gi, held), total + fired.sum()
    return total


def main():
    program = sys.argv[1]
    data = inputs.coba(SIZE)
    synapses, targets = data["targets"].size, data["targets"]
    assert abs(synapses - SIZE * inputs.SYNAPSES) < 5 * (SIZE * inputs.SYNAPSES) ** 0.5, synapses
    assert all((np.diff(targets[a:b]) > 0).all() for a, b in zip(data["offsets"], data["offsets"][1:])), "rows are sorted"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "data.npz")
        np.savez(path, **data)
        command = [program, "coba", str(SIZE), str(STEPS), "0"]
        ours = json.loads(subprocess.run([*command, path], check=True, capture_output=True, text=True).stdout)
        refused = subprocess.run(command, capture_output=True, text=True)
    expected = spikes_of_numpy(data)
    # 20 ms are too short for the difference of f32 and f64 to move more than a spike or two over the threshold.
    assert expected > 300 and abs(ours["check"] - expected) <= 2, (ours, expected)
    assert ours["early"] == ours["check"], ours
    assert refused.returncode == 1 and "coba wants DATA.npz" in refused.stderr, refused


main()
