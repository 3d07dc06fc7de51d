#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times Overtime and its peers on the same work, checks that their results agree, and prints who is how much faster.

Every program runs in a process of its own, pinned to as many cores as it has threads. The programs take turns, several
rounds long, so that a busy moment of the machine hits all of them. `./dev bench` calls this with an interpreter that has the peers installed.
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
import inputs
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
POPULATIONS = ("overtime-fast", "c++", "jax", "drjit", "numba")
LAYERS, GATED = ("overtime-fast", "jax", "torch"), ("overtime-fast", "jax")
NETWORKS = ("overtime-fast", "c++", "jax", "numba", "brainpy")
THREADED_NETWORKS = ("overtime-fast", "c++")  # of the peers only this one is written for threads
# Families of programs: those of populations and layers, and those of networks driven by events.
PEERS = {"peer": ("c++", "jax", "drjit", "numba", "torch"), "coba": ("c++", "jax", "numba", "brainpy")}
CPP = {"peer": "populations", "coba": "coba"}
EXPECTED_SPIKES = {"hh-1": 7, "hh-1000": 7012, "hh-1000-record": 7012}


class Workload:
    """What is run. `scale`: seconds of one unit; `width`: units of a cell."""

    def __init__(self, kind, size, steps, peers, threads=1, width=0):
        self.kind, self.size, self.steps, self.peers, self.threads, self.width = kind, size, steps, peers, threads, width
        population = peers is POPULATIONS
        self.family = "coba" if kind == "coba" else "peer"  # the programs are bench/peers/*_FAMILY.py
        self.unit, self.scale = ("ns/neuron-step", 1e-9 * size * steps) if population else ("ms", 1e-3)

    def flops(self):
        """Of the products; None where there are none, or many zeros in them."""
        macs = {
            "rnn": 100 * 20 + 20 * 20 + 20 * 2 + 2 * 2,
            "lstm": (128 + self.width) * 4 * self.width,
            "gru": (128 + self.width) * 3 * self.width,
        }.get(self.kind.removesuffix("_gradient"))
        # A product forward becomes two backward; that with the data one, since nobody asks for its derivative.
        inputs = {"rnn": 100 * 20, "lstm": 128 * 4 * self.width}.get(self.kind.removesuffix("_gradient"), 0)
        if macs and self.kind.endswith("_gradient"):
            macs = 3 * macs - inputs
        return macs and 2.0 * macs * self.size * self.steps


WORKLOADS = {
    "hh-1": Workload("hh", 1, 1000, POPULATIONS),
    "hh-1000": Workload("hh", 1000, 1000, POPULATIONS),
    "hh-1000-record": Workload("hh_record", 1000, 1000, POPULATIONS),
    "hh-100000": Workload("hh", 100000, 200, POPULATIONS),
    "hh-100000-2t": Workload("hh", 100000, 200, POPULATIONS, threads=2),
    "lif-1000": Workload("lif", 1000, 1000, POPULATIONS),
    "lif-100000": Workload("lif", 100000, 1000, POPULATIONS),
    "izhikevich-100000": Workload("izhikevich", 100000, 1000, POPULATIONS),
    "adex-100000": Workload("adex", 100000, 1000, POPULATIONS),
    "rnn": Workload("rnn", 128, 30, LAYERS),
    "lstm": Workload("lstm", 64, 100, LAYERS, width=512),
    "lstm-2t": Workload("lstm", 64, 100, LAYERS, threads=2, width=512),
    "lstm-256-b32": Workload("lstm", 32, 100, LAYERS, width=256),
    "lstm-256-b128": Workload("lstm", 128, 100, LAYERS, width=256),
    "lstm-256-b128-2t": Workload("lstm", 128, 100, LAYERS, threads=2, width=256),
    "gru-256-b32": Workload("gru", 32, 100, GATED, width=256),
    "gru-256-b128": Workload("gru", 128, 100, GATED, width=256),
    "gru-256-b128-2t": Workload("gru", 128, 100, GATED, threads=2, width=256),
    "rnn-gradient": Workload("rnn_gradient", 128, 30, LAYERS),
    "lstm-gradient": Workload("lstm_gradient", 64, 100, LAYERS, width=512),
    "lstm-gradient-2t": Workload("lstm_gradient", 64, 100, LAYERS, threads=2, width=512),
    "coba-4000": Workload("coba", 4000, 10000, NETWORKS),
    "coba-40000": Workload("coba", 40000, 10000, NETWORKS),
    "coba-40000-2t": Workload("coba", 40000, 10000, THREADED_NETWORKS, threads=2),
    "spiking-gradient": Workload("spiking_gradient", 64, 100, LAYERS),
    "spiking-gradient-2t": Workload("spiking_gradient", 64, 100, LAYERS, threads=2),
}


def build_cpp(name, folder):
    """Compiles a program written by hand; returns it or None."""
    if not shutil.which("g++"):
        return None
    program, flags = os.path.join(folder, name), ["-std=c++20", "-Ofast", "-march=native", "-fopenmp"]
    if platform.machine() == "x86_64":
        flags.append("-mprefer-vector-width=512")  # 7 % faster for HH where there is AVX-512, without effect elsewhere
    subprocess.run(["g++", *flags, "-o", program, os.path.join(HERE, "peers", name + ".cpp")], check=True)
    return program


def find_programs(options, folder):
    """Command of each program that can run here, by family and name; says which cannot."""
    commands, missing = {}, {}
    for family in sorted({WORKLOADS[name].family for name in options.only.split(",")}):
        commands[family, "overtime"] = [options.program]
        commands[family, "overtime-fast"] = [options.program, "--fast"]
        cpp = build_cpp(CPP[family], folder)
        if cpp:
            commands[family, "c++"] = [cpp]
        for peer in PEERS[family]:
            script = os.path.join(HERE, "peers", f"{peer}_{family}.py")
            if peer != "c++" and importlib.util.find_spec(peer):
                commands[family, peer] = [sys.executable, "-W", "ignore", script]
            if (family, peer) not in commands:
                missing[peer] = "install g++" if peer == "c++" else f"{sys.executable} -m pip install {peer}"
    for peer, hint in missing.items():
        print(f"skipping {peer}, which is not installed: {hint}", flush=True)
    if options.peers is not None:
        wanted = options.peers.split(",")
        commands = {key: c for key, c in commands.items() if key[1].startswith("overtime") or key[1] in wanted}
    return commands


def run_once(command, arguments, threads, core):
    """One process; its line of JSON, or None after saying why there is none."""
    cores = sorted(os.sched_getaffinity(0) - {core})[: threads - 1] + [core]
    pin = ["taskset", "-c", ",".join(map(str, cores))] if shutil.which("taskset") else []
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    environment = {**os.environ, **{name: str(threads) for name in names}}
    try:
        done = subprocess.run(
            [*pin, *command, *arguments], env=environment, capture_output=True, text=True, timeout=600
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
    workload = WORKLOADS[name]
    arguments = [workload.kind, str(workload.size), str(workload.steps), str(options.seconds)]
    if workload.peers is not POPULATIONS:
        arguments.append(inputs.write(os.path.join(folder, name), workload))
    lines, broken = {}, set()
    for _ in range(options.rounds):
        for peer in ("overtime", *workload.peers):
            command = commands.get((workload.family, peer))
            if not command or peer in broken:
                continue
            line = run_once(command, arguments, workload.threads, options.core)
            if line:
                lines.setdefault(peer, []).append(line)
            else:
                broken.add(peer)
    return {peer: merge(found) for peer, found in lines.items()}


def disagreements(name, rows):
    """Spikes, mean squares and losses within 0.1 %, mean potential within 0.01 mV: f32 sums differ in their last digits.
    Squares of gradients within 1 %, since through a spike that f32 decides otherwise they differ more. A network is
    chaotic: its spikes of 1 s agree within four standard deviations of those from other starts on the same synapses,
    2 % of 4,000 cells and 0.5 % of 40,000; those of the first 20 ms, 7 and 2.5 % of which other starts change, within 0.1 %."""
    network = WORKLOADS[name].kind == "coba"
    spread = 4 * 0.02 * (4000 / WORKLOADS[name].size) ** 0.5 if network else 1e-3
    middle = lambda key: float(np.median([row[key] for row in rows.values() if key in row]))
    expected = EXPECTED_SPIKES.get(name, middle("check"))
    for peer, row in rows.items():
        if not math.isclose(row["check"], expected, rel_tol=spread):
            yield f"{name}: {peer} gives {row['check']:g}, expected {expected:g}"
        if "early" in row and not math.isclose(row["early"], middle("early"), rel_tol=1e-3):
            yield f"{name}: {peer} begins with {row['early']:g} spikes, the median is {middle('early'):g}"
        if "gradient" in row and not math.isclose(row["gradient"], middle("gradient"), rel_tol=1e-2):
            yield f"{name}: the gradient of {peer} has the square {row['gradient']:g}, the median is {middle('gradient'):g}"
        if "V" in row and not abs(row["V"] - middle("V")) < 0.01:
            yield f"{name}: {peer} ends at {row['V']:g} mV on average, the median is {middle('V'):g} mV"


def roofline(folder, options):
    """GFLOP/s of multiply-adds and GB/s of the triad by number of threads; empty without g++."""
    program = build_cpp("roofline", folder)
    threads = sorted({WORKLOADS[name].threads for name in options.only.split(",")})
    found = {n: run_once([program], [], n, options.core) for n in threads} if program else {}
    limits = {n: line for n, line in found.items() if line}
    for n, line in limits.items():
        print(f"{n} thread(s): {line['gflops']:.4g} GFLOP/s of multiply-adds, {line['triad_gbs']:.3g} GB/s triad")
    return limits


def show(name, rows, limits):
    workload = WORKLOADS[name]
    scale, flops, limit = workload.scale, workload.flops(), limits.get(workload.threads)
    rivals = [row["min"] for peer, row in rows.items() if not peer.startswith("overtime")]
    best = min(rivals, default=None)
    print(f"\n{name}: {workload.kind}, {workload.size} x {workload.steps} steps, {workload.threads} thread(s)")
    print(
        f"  {'':14}{'min':>10}{'median':>10}  {workload.unit:16}{'vs best peer':>12}{'to callable':>14}{'check':>12}"
        f"{'of peak' if flops and limit else '':>10}"
    )
    for peer, row in sorted(rows.items(), key=lambda item: item[1]["min"]):
        callable_s = f"{row['callable'] * 1e3:.0f} ms" if "callable" in row else "-"
        ratio = "-"
        if best:
            row["ratio"] = best / row["min"]
            ratio = f"{row['ratio']:.2f}x"
        peak = ""
        if flops and limit:
            row["of_peak"] = flops / row["min"] * 1e-9 / limit["gflops"]
            peak = f"{row['of_peak']:.0%}"
        print(
            f"  {peer:14}{row['min'] / scale:10.4g}{row['median'] / scale:10.4g}  {'':16}{ratio:>12}"
            f"{callable_s:>14}{row['check']:12.6g}{peak:>10}",
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
    for module in ("jax", "drjit", "numba", "torch", "brainpy", "numpy"):
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
    limits = roofline(folder, options)
    results, wrong = {}, []
    for name in options.only.split(","):
        rows = measure(name, commands, options, folder)
        if "overtime" not in rows:
            wrong.append(f"{name}: Overtime gave no result")
        if rows:
            show(name, rows, limits)
            wrong += disagreements(name, rows)
            results[name] = {"unit": WORKLOADS[name].unit, "scale": WORKLOADS[name].scale, "rows": rows}
    with open(options.out, "w", encoding="utf-8") as file:
        about = {"cpu": cpu_name(), "versions": versions(), "rounds": options.rounds, "seconds": options.seconds}
        json.dump({**about, "limits": limits, "results": results, "wrong": wrong}, file, indent=1)
    plot = os.path.splitext(options.out)[0] + ".svg"
    chart.write(plot, results)
    print(f"\nload at the end {os.getloadavg()[0]:.2f}; wrote {options.out} and {plot}")
    print("\n".join(wrong) if wrong else "all results agree")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
