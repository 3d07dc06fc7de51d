#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The comparison on a GPU, on the emulated one: its rows, their limits, and what it says of what is missing.

Usage: bench_test.py BENCH_WORKLOAD, by way of emulated.py.
"""
import json
import math
import os
import subprocess
import sys
import tempfile

BENCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench")
sys.path.insert(0, BENCH)
import device
import operations
import workloads

H100 = {"clock": 1980000, "processors": 132, "memory_clock": 2619000, "bus": 5120, "cache_bytes": 50 << 20, "major": 9,
        "minor": 0}


def compare(folder, *arguments, **environment):
    for peer, line in (("jax", "def devices(kind): raise RuntimeError('no backend ' + kind)"),
                       ("torch", "def zeros(*shape, device): raise RuntimeError('no NVIDIA driver')")):
        with open(os.path.join(folder, peer + ".py"), "w", encoding="utf-8") as file:
            file.write(line + "\n")
    command = [sys.executable, os.path.join(BENCH, "compare.py"), "--program", sys.argv[1], "--device", "cuda", "--tiny",
               "--rounds", "1", "--seconds", "0", "--out", os.path.join(folder, "bench.json"), *arguments]
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": folder, **environment}, capture_output=True, text=True)


def limits_are_those_of_the_data_sheet():
    limits = device.limits(H100)  # of the SXM5 card: 67 TFLOP/s and 3.35 TB/s
    assert abs(limits["gflops"] - 66.9e3) < 100 and abs(limits["gbs"] - 3352) < 1, limits
    assert device.limits({**H100, "major": 4}) is None


def hh_takes_its_exponentials():
    # Six rates and, once for each of four variables, exponential Euler; of the rates, one exponential each.
    assert operations.of_step("hh").exponentials == 10 and operations.of_step("coba").exponentials == 1
    assert operations.of_step("lif").arithmetic == 3
    limits = device.limits(H100)
    least = workloads.ON_GPU["hh-1000000"].least_seconds(limits, 0)
    assert math.isclose(least, 10 * 1e6 * 1000 / (132 * 16 * 1.98e9)), least
    slow = workloads.ON_GPU["hh-1000000"].least_seconds({**limits, "gbs": 1e-3}, 0)
    assert math.isclose(slow, 2 * 4 * 4 * 1e6 / 1e6), slow


def rows_have_limits(folder):
    done = compare(folder, "--only", "hh-1000,rnn-b4096")
    assert done.returncode == 0 and "all results agree" in done.stdout, done.stdout + done.stderr
    assert "skipping jax: it sees no GPU: RuntimeError: no backend cuda" in done.stdout, done.stdout
    assert "skipping torch: it sees no GPU: RuntimeError: no NVIDIA driver" in done.stdout, done.stdout
    with open(os.path.join(folder, "bench.json"), encoding="utf-8") as file:
        written = json.load(file)
    cells, layers = (written["results"][name]["rows"] for name in ("hh-1000", "rnn-b4096"))
    assert set(cells) == {"overtime", "overtime-fast"} and set(layers) == {*cells, "overtime-tf32"}, written
    limits, row = written["limits"]["1"], layers["overtime"]
    assert written["gpu"]["processors"] == 4 and limits["gbs"] == 128, written
    assert math.isclose(row["of_limit"], workloads.ON_GPU["rnn-b4096"].tiny().flops() / row["min"] / limits["gflops"] * 1e-9)
    assert "of_limit" in cells["overtime-fast"] and "of_limit" not in layers["overtime-tf32"], written


def no_gpu_is_an_error(folder):
    done = compare(folder, OVERTIME_LIBCUDA="/no/such/libcuda.so")
    assert done.returncode == 2 and "there is no GPU to run on: there is no CUDA driver: /no/such" in done.stderr, done


limits_are_those_of_the_data_sheet()
hh_takes_its_exponentials()
with tempfile.TemporaryDirectory() as scratch:
    rows_have_limits(scratch)
    no_gpu_is_an_error(scratch)
