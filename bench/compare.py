#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times Overtime and its peers on the same work, checks that their results agree, and prints who is how much faster.

Every program runs in a process of its own, pinned to one core. The programs take turns, several rounds long, so that a
busy moment of the machine hits all of them. `./dev bench` calls this with an interpreter that has the peers installed.
"""
import argparse
import importlib.metadata
import importlib.util
import json
import math
import os
import platform
import shutil
import subprocess
import sys

import chart
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
POPULATIONS, LAYERS = ("c++", "jax", "drjit", "numba"), ("jax",)
# name: workload, N or batch, steps, peers, unit of the table, what a second is divided by to get it
WORKLOADS = {
    "hh-1": ("hh", 1, 1000, POPULATIONS, "ns/step", 1e-9 * 1000),
    "hh-1000": ("hh", 1000, 1000, POPULATIONS, "ns/neuron-step", 1e-9 * 1e6),
    "hh-1000-record": ("hh_record", 1000, 1000, POPULATIONS, "ns/neuron-step", 1e-9 * 1e6),
    "hh-100000": ("hh", 100000, 200, POPULATIONS, "ns/neuron-step", 1e-9 * 2e7),
    "lif-1000": ("lif", 1000, 1000, POPULATIONS, "ns/neuron-step", 1e-9 * 1e6),
    "lif-100000": ("lif", 100000, 1000, POPULATIONS, "ns/neuron-step", 1e-9 * 1e8),
    "rnn": ("rnn", 128, 30, LAYERS, "ms", 1e-3),
    "lstm": ("lstm", 64, 100, LAYERS, "ms", 1e-3),
}
EXPECTED_SPIKES = {"hh-1": 7, "hh-1000": 7012, "hh-1000-record": 7012}


def weights(workload, batch, steps):
    """Numbers of a network; RNN 100 -> 20 -> 2, LSTM 128 -> 512 with the gates in the order i, g, f, o."""
    rng = np.random.default_rng(0)

    def normal(rows, columns, scale):
        return (rng.standard_normal((rows, columns)) * scale).astype(np.float32)

    if workload == "rnn":
        arrays = {"wi1": normal(100, 20, 0.1), "wh1": normal(20, 20, 20**-0.5), "b1": np.zeros(20, np.float32)}
        arrays.update(wi2=normal(20, 2, 20**-0.5), wh2=normal(2, 2, 2**-0.5), b2=np.zeros(2, np.float32))
        arrays["x"] = rng.random((steps, batch, 100), dtype=np.float32)
    else:
        arrays = {"wi": normal(128, 2048, 0.05), "wh": normal(512, 2048, 0.05), "b": np.zeros(2048, np.float32)}
        arrays["x"] = rng.random((steps, batch, 128), dtype=np.float32)
    return arrays


def build_cpp(folder):
    """Compiles the hand-written populations; returns the program or None."""
    if not shutil.which("g++"):
        return None
    program, flags = os.path.join(folder, "populations"), ["-Ofast", "-march=native"]
    if platform.machine() == "x86_64":
        flags.append("-mprefer-vector-width=512")  # 7 % faster for HH where there is AVX-512, without effect elsewhere
    subprocess.run(["g++", *flags, "-o", program, os.path.join(HERE, "peers", "populations.cpp")], check=True)
    return program


def find_programs(options, folder):
    """Command of each program that can run here; says which cannot."""
    commands = {"overtime": [options.program]}
    cpp = build_cpp(folder)
    if cpp:
        commands["c++"] = [cpp]
    for module in ("jax", "drjit", "numba"):
        if importlib.util.find_spec(module):
            commands[module] = [sys.executable, "-W", "ignore", os.path.join(HERE, "peers", module + "_peer.py")]
    for peer in POPULATIONS:
        if peer not in commands:
            hint = "install g++" if peer == "c++" else f"{sys.executable} -m pip install {peer}"
            print(f"skipping {peer}, which is not installed: {hint}", flush=True)
    if options.peers is not None:
        commands = {name: c for name, c in commands.items() if name == "overtime" or name in options.peers.split(",")}
    return commands


def run_once(command, arguments, core):
    """One process; its line of JSON, or None after saying why there is none."""
    pin = ["taskset", "-c", str(core)] if shutil.which("taskset") else []
    single = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")}
    try:
        done = subprocess.run(
            [*pin, *command, *arguments], env={**os.environ, **single}, capture_output=True, text=True, timeout=600
        )
    except subprocess.TimeoutExpired:
        print(f"{' '.join(command)} did not end within 600 s")
        return None
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not lines:
        print(f"{' '.join(command + arguments)} failed with {done.returncode}:\n{done.stderr[-800:]}")
        return None
    return json.loads(lines[-1])


def merge(lines):
    """One row of several rounds: the least minimum, the median of the medians."""
    row = dict(lines[0])
    row["min"] = min(line["min"] for line in lines)
    row["median"] = float(np.median([line["median"] for line in lines]))
    row["runs"] = sum(line["runs"] for line in lines)
    if "callable" in row:
        row["callable"] = min(line["callable"] for line in lines)
    return row


def measure(name, commands, options, folder):
    workload, size, steps, peers, _, _ = WORKLOADS[name]
    arguments = [workload, str(size), str(steps), str(options.seconds)]
    if peers is LAYERS:
        path = os.path.join(folder, workload + ".npz")
        np.savez(path, **weights(workload, size, steps))
        arguments.append(path)
    lines, broken = {}, set()
    for _ in range(options.rounds):
        for peer in ("overtime", *peers):
            if peer not in commands or peer in broken:
                continue
            line = run_once(commands[peer], arguments, options.core)
            if line:
                lines.setdefault(peer, []).append(line)
            else:
                broken.add(peer)
    return {peer: merge(found) for peer, found in lines.items()}


def disagreements(name, rows):
    """Spikes and mean squares within 0.1 %, mean potential within 0.01 mV: f32 sums differ in their last digits."""
    expected = EXPECTED_SPIKES.get(name, float(np.median([row["check"] for row in rows.values()])))
    potentials = [row["V"] for row in rows.values() if "V" in row]
    for peer, row in rows.items():
        if not math.isclose(row["check"], expected, rel_tol=1e-3):
            yield f"{name}: {peer} gives {row['check']:g}, expected {expected:g}"
        if "V" in row and not abs(row["V"] - float(np.median(potentials))) < 0.01:
            yield f"{name}: {peer} ends at {row['V']:g} mV on average, the median is {np.median(potentials):g} mV"


def show(name, rows):
    workload, size, steps, _, unit, scale = WORKLOADS[name]
    rivals = [row["min"] for peer, row in rows.items() if peer != "overtime"]
    best = min(rivals, default=None)
    print(f"\n{name}: {workload}, {size} x {steps} steps")
    print(f"  {'':10}{'min':>10}{'median':>10}  {unit:16}{'vs best peer':>12}{'to callable':>14}{'check':>12}")
    for peer, row in sorted(rows.items(), key=lambda item: item[1]["min"]):
        callable_s = f"{row['callable'] * 1e3:.0f} ms" if "callable" in row else "-"
        ratio = "-"
        if best:
            row["ratio"] = best / row["min"]
            ratio = f"{row['ratio']:.2f}x"
        print(
            f"  {peer:10}{row['min'] / scale:10.4g}{row['median'] / scale:10.4g}  {'':16}{ratio:>12}"
            f"{callable_s:>14}{row['check']:12.6g}",
            flush=True,
        )


def cpu_name():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")
    except OSError:
        return platform.processor() or "unknown"


def versions():
    """Of the peers that pip installed, and of g++."""
    found = {}
    for module in ("jax", "drjit", "numba", "numpy"):
        try:
            found[module] = importlib.metadata.version(module)
        except importlib.metadata.PackageNotFoundError:
            pass
    if shutil.which("g++"):
        found["g++"] = subprocess.run(["g++", "-dumpfullversion"], capture_output=True, text=True).stdout.strip()
    return found


def parse():
    root = os.path.dirname(HERE)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=os.path.join(root, "build", "bin", "bench_workload"))
    parser.add_argument("--out", default=os.path.join(root, "build", "bench.json"), help="a .svg goes beside it")
    parser.add_argument("--only", default=",".join(WORKLOADS), help="workloads, separated by commas")
    parser.add_argument("--peers", help="peers, separated by commas; all that are installed unless given")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="timed seconds of each process")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="the core all of them run on")
    options = parser.parse_args()
    unknown = [name for name in options.only.split(",") if name not in WORKLOADS]
    if unknown:
        parser.error(f"no workload '{unknown[0]}'; there is: {', '.join(WORKLOADS)}")
    if not os.access(options.program, os.X_OK):
        parser.error(f"{options.program} is not there; build it with ./dev build")
    return options


def main():
    options = parse()
    folder = os.path.join(os.path.dirname(os.path.abspath(options.out)), "bench-data")
    os.makedirs(folder, exist_ok=True)
    commands = find_programs(options, folder)
    print(f"{cpu_name()}, core {options.core}, {options.rounds} rounds of {options.seconds:g} s, "
          f"load {os.getloadavg()[0]:.2f}", flush=True)
    results, wrong = {}, []
    for name in options.only.split(","):
        rows = measure(name, commands, options, folder)
        if "overtime" not in rows:
            wrong.append(f"{name}: Overtime gave no result")
        if rows:
            show(name, rows)
            wrong += disagreements(name, rows)
            results[name] = {"unit": WORKLOADS[name][4], "scale": WORKLOADS[name][5], "rows": rows}
    with open(options.out, "w", encoding="utf-8") as file:
        about = {"cpu": cpu_name(), "versions": versions(), "rounds": options.rounds, "seconds": options.seconds}
        json.dump({**about, "results": results, "wrong": wrong}, file, indent=1)
    plot = os.path.splitext(options.out)[0] + ".svg"
    chart.write(plot, results)
    print(f"\nload at the end {os.getloadavg()[0]:.2f}; wrote {options.out} and {plot}")
    print("\n".join(wrong) if wrong else "all results agree")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
