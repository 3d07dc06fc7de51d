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
import device
import inputs
import numpy as np
import workloads

HERE = os.path.dirname(os.path.abspath(__file__))
# Families of programs: those of populations and layers, and those of networks driven by events.
PEERS = {"peer": ("c++", "jax", "drjit", "numba", "torch"), "coba": ("c++", "jax", "numba", "brainpy")}
GPU_PEERS = {"peer": ("jax", "torch"), "coba": ("jax",)}
CPP = {"peer": "populations", "coba": "coba"}


def build_cpp(name, folder):
    """Compiles a program written by hand."""
    program, flags = os.path.join(folder, name), ["-std=c++20", "-Ofast", "-march=native", "-fopenmp"]
    if platform.machine() == "x86_64":
        flags.append("-mprefer-vector-width=512")  # 7 % faster for HH where there is AVX-512, without effect elsewhere
    subprocess.run(["g++", *flags, "-o", program, os.path.join(HERE, "peers", name + ".cpp")], check=True)
    return program


def missing_on_cpu(peer):
    if peer == "c++":
        return None if shutil.which("g++") else "it is not installed: install g++"
    return None if importlib.util.find_spec(peer) else f"it is not installed: {sys.executable} -m pip install {peer}"


def find_programs(options, folder):
    """Command of each program that can run here, by family and name; says which cannot."""
    on_gpu = options.device == "cuda"
    peers, wanted = GPU_PEERS if on_gpu else PEERS, options.peers and options.peers.split(",")
    families = sorted({workload.family for workload in options.workloads.values()})
    asked = sorted({peer for family in families for peer in peers[family] if wanted is None or peer in wanted})
    reasons = {peer: (device.missing if on_gpu else missing_on_cpu)(peer) for peer in asked}
    for peer, reason in reasons.items():
        if reason:
            print(f"skipping {peer}: {reason}", flush=True)
    commands = {}
    for family in families:
        commands[family, "overtime"] = [options.program]
        for flag in ("fast", "tf32"):
            commands[family, "overtime-" + flag] = [options.program, "--" + flag]
        for peer in peers[family]:
            if peer not in asked or reasons[peer]:
                continue
            if peer == "c++":
                commands[family, peer] = [build_cpp(CPP[family], folder)]
                continue
            script = os.path.join(HERE, "peers", f"{peer}_{family}.py")
            commands[family, peer] = [sys.executable, "-W", "ignore", script]
            commands[family, peer + "-tf32"] = [*commands[family, peer], "--tf32"]
    return commands


def run_once(command, arguments, threads, options):
    """One process; its line of JSON, or None after saying why there is none."""
    cores = sorted(os.sched_getaffinity(0) - {options.core})[: threads - 1] + [options.core]
    # The host of a GPU only queues work, which it does with threads of its own.
    pinned = options.device == "cpu" and shutil.which("taskset")
    pin = ["taskset", "-c", ",".join(map(str, cores))] if pinned else []
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    environment = {**os.environ, **{name: str(threads) for name in names}}
    environment |= {"OVERTIME_DEVICE": options.device, "JAX_PLATFORMS": options.device}
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
    workload = options.workloads[name]
    arguments = [workload.kind, str(workload.size), str(workload.steps), str(options.seconds)]
    if not workload.population:
        arguments.append(inputs.write(os.path.join(folder, name), workload))
    lines, broken = {}, set()
    for _ in range(options.rounds):
        for peer in ("overtime", *workload.peers):
            command = commands.get((workload.family, peer))
            if not command or peer in broken:
                continue
            line = run_once(command, arguments, workload.threads, options)
            if line:
                lines.setdefault(peer, []).append(line)
            else:
                broken.add(peer)
    return {peer: merge(found) for peer, found in lines.items()}


def disagreements(name, workload, rows):
    """Spikes, mean squares and losses within 0.1 %, mean potential within 0.01 mV: f32 sums differ in their last digits.
    Squares of gradients within 1 %, since through a spike that f32 decides otherwise they differ more. A network is
    chaotic: its spikes of 1 s agree within four standard deviations of those from other starts on the same synapses,
    2 % of 4,000 cells and 0.5 % of 40,000; those of the first 20 ms, 7 and 2.5 % of which other starts change, within 0.1 %.
    With operands of tf32, which err by up to 2^-11, mean squares and losses within 1 %, squares of gradients within 3 %."""
    network, full = workload.kind == "coba", [row for peer, row in rows.items() if not peer.endswith("-tf32")]
    spread = 4 * 0.02 * (4000 / workload.size) ** 0.5 if network else 1e-3
    middle = lambda key: float(np.median([row[key] for row in full if key in row]))
    expected = workload.expected or middle("check")
    for peer, row in rows.items():
        rounded = peer.endswith("-tf32")
        if not math.isclose(row["check"], expected, rel_tol=1e-2 if rounded else spread):
            yield f"{name}: {peer} gives {row['check']:g}, expected {expected:g}"
        if "early" in row and not math.isclose(row["early"], middle("early"), rel_tol=1e-3):
            yield f"{name}: {peer} begins with {row['early']:g} spikes, the median is {middle('early'):g}"
        if "gradient" in row and not math.isclose(row["gradient"], middle("gradient"), rel_tol=3e-2 if rounded else 1e-2):
            yield f"{name}: the gradient of {peer} has the square {row['gradient']:g}, the median is {middle('gradient'):g}"
        if "V" in row and not abs(row["V"] - middle("V")) < 0.01:
            yield f"{name}: {peer} ends at {row['V']:g} mV on average, the median is {middle('V'):g} mV"


def roofline(folder, options):
    """GFLOP/s of multiply-adds and GB/s of the triad by number of threads; empty without g++. Of a GPU what it can do."""
    if options.device == "cuda":
        name, attributes = options.gpu
        limits = device.limits(attributes)
        print(f"{name}: " + (f"{limits['gflops']:.4g} GFLOP/s of f32 multiply-adds, {limits['gbs']:.4g} GB/s" if limits
                             else f"no limits are known of capability {attributes['major']}.{attributes['minor']}"))
        return {1: limits} if limits else {}
    if missing_on_cpu("c++"):
        return {}
    program = build_cpp("roofline", folder)
    threads = sorted({workload.threads for workload in options.workloads.values()})
    limits = {n: line for n in threads if (line := run_once([program], [], n, options))}
    for n, line in limits.items():
        print(f"{n} thread(s): {line['gflops']:.4g} GFLOP/s of multiply-adds, {line['triad_gbs']:.3g} GB/s triad")
    return limits


def compare_rows(workload, rows, limits):
    """Adds to each row its ratio to the best peer that multiplies with as many bits, and its part of the limit."""
    limit = limits.get(workload.threads)
    for peer, row in rows.items():
        rounded = peer.endswith("-tf32")
        rivals = [other["min"] for name, other in rows.items()
                  if not name.startswith("overtime") and name.endswith("-tf32") == rounded]
        if rivals:
            row["ratio"] = min(rivals) / row["min"]
        least = workload.least_seconds(limit, row["check"]) if limit and not rounded else None
        if least:
            row["of_limit"] = least / row["min"]


def show(name, workload, rows):
    print(f"\n{name}: {workload.kind}, {workload.size} x {workload.steps} steps, {workload.threads} thread(s)")
    limited = any("of_limit" in row for row in rows.values())
    print(
        f"  {'':14}{'min':>10}{'median':>10}  {workload.unit:16}{'vs best peer':>12}{'to callable':>14}{'check':>12}"
        f"{'of limit' if limited else '':>10}"
    )
    for peer, row in sorted(rows.items(), key=lambda item: item[1]["min"]):
        callable_s = f"{row['callable'] * 1e3:.0f} ms" if "callable" in row else "-"
        ratio = f"{row['ratio']:.2f}x" if "ratio" in row else "-"
        limit = f"{row['of_limit']:.0%}" if "of_limit" in row else "-" if limited else ""
        print(
            f"  {peer:14}{row['min'] / workload.scale:10.4g}{row['median'] / workload.scale:10.4g}  {'':16}{ratio:>12}"
            f"{callable_s:>14}{row['check']:12.6g}{limit:>10}",
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
    parser.add_argument("--device", choices=list(workloads.BY_DEVICE), default="cpu", help="cuda: on the first GPU")
    parser.add_argument("--out", help="build/bench.json unless given, or build/bench-cuda.json; a .svg goes beside it")
    parser.add_argument("--only", help="workloads, separated by commas; all of the device unless given")
    parser.add_argument("--peers", help="peers, separated by commas; all that are installed unless given")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="timed seconds of each process")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="the core all of them run on")
    parser.add_argument("--tiny", action="store_true", help="few units and steps, to see that everything runs")
    options = parser.parse_args()
    if not options.out:
        options.out = os.path.join(root, "build", "bench-cuda.json" if options.device == "cuda" else "bench.json")
    known = workloads.BY_DEVICE[options.device]
    only = options.only.split(",") if options.only else list(known)
    unknown = [name for name in only if name not in known]
    if unknown:
        parser.error(f"no workload '{unknown[0]}'; there is: {', '.join(known)}")
    options.workloads = {name: known[name].tiny() if options.tiny else known[name] for name in only}
    if not os.access(options.program, os.X_OK):
        parser.error(f"{options.program} is not there; build it with ./dev build")
    if options.device == "cuda":
        options.gpu, missing = device.first_device()
        if missing:
            parser.error(f"there is no GPU to run on: {missing}")
    return options


def main():
    options = parse()
    folder = os.path.join(os.path.dirname(os.path.abspath(options.out)), "bench-data")
    os.makedirs(folder, exist_ok=True)
    commands = find_programs(options, folder)
    where = f"core {options.core}" if options.device == "cpu" else options.gpu[0]
    print(f"{cpu_name()}, {where}, {options.rounds} rounds of {options.seconds:g} s, load {os.getloadavg()[0]:.2f}", flush=True)
    limits = roofline(folder, options)
    results, wrong = {}, []
    for name, workload in options.workloads.items():
        rows = measure(name, commands, options, folder)
        if "overtime" not in rows:
            wrong.append(f"{name}: Overtime gave no result")
        if rows:
            compare_rows(workload, rows, limits)
            show(name, workload, rows)
            wrong += disagreements(name, workload, rows)
            results[name] = {"unit": workload.unit, "scale": workload.scale, "rows": rows}
    with open(options.out, "w", encoding="utf-8") as file:
        about = {"cpu": cpu_name(), "versions": versions(), "rounds": options.rounds, "seconds": options.seconds}
        if options.device == "cuda":
            about["gpu"] = dict(name=options.gpu[0], **options.gpu[1])
        json.dump({**about, "limits": limits, "results": results, "wrong": wrong}, file, indent=1)
    plot = os.path.splitext(options.out)[0] + ".svg"
    chart.write(plot, results)
    print(f"\nload at the end {os.getloadavg()[0]:.2f}; wrote {options.out} and {plot}")
    print("\n".join(wrong) if wrong else "all results agree")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
