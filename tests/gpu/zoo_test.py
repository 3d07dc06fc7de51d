#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Models of the zoo as kernels: PTX for every one, and machine code of two compute capabilities where ptxas is there.

Usage: zoo_test.py OVERTIME. Ends with 77, which ctest counts as skipped, when everything passed that needs no ptxas.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

CAPABILITIES = ("sm_80", "sm_90")
# Bytes: for one of their forms ptxas spills a number or two, with 32 and 63 registers in use.
SPILLED = {"FeedbackFHN": 8, "RNNCell": 32}
FACTS = re.compile(r"kernel \w+: (\d+) registers, (\d+) bytes spilled, (\d+) bytes of local")


def find_ptxas():
    places = (os.environ.get("OVERTIME_PTXAS"), shutil.which("ptxas"),
              os.path.join(os.environ.get("CUDA_HOME", ""), "bin/ptxas"), "/usr/local/cuda/bin/ptxas")
    return next((p for p in places if p and os.access(p, os.X_OK)), None)


def programs(tool):
    """(name, options): every neuron and rate model, in both precisions, with fast numerics, one neuron alone; every layer
    with a batch, without one, and wide; recurrent ones on tensor cores, and with many rows."""
    listed = subprocess.run([tool, "list"], check=True, capture_output=True, text=True).stdout
    for name, kind in (line.split()[:2] for line in listed.splitlines()):
        if kind == "layer":
            recurrent = (["--size", "512", "--batch", "64", "--matmul-precision", "tf32"],
                         ["--size", "512", "--batch", "100", "--matmul-precision", "bf16"],
                         ["--size", "20", "--batch", "1000"]) if name.endswith("Cell") else ()
            for options in (["--size", "200", "--batch", "64"], ["--size", "200"], ["--size", "3000"], *recurrent):
                yield name, ["--n-in", "100", *(["--set", "keep_prob=0.5"] if name == "Dropout" else []), *options]
            continue
        for options in (["--size", "1000"], ["--size", "1000", "--real", "f64"], ["--size", "1"],
                        ["--size", "1000", "--numerics", "fast"], ["--size", "1000", "--method", "heun"]):
            yield name, options
    yield "HH", ["--size", "1e6", "--monitor", "V,m,h,n"]


def compile_one(tool, name, options, capability, kinds, folder):
    command = [tool, "compile", name, *options, "--target", "nvptx64", "--arch", capability, "--emit", kinds, "-o", folder]
    done = subprocess.run(command, capture_output=True, text=True)
    what = " ".join(command[1:-2])
    if done.returncode != 0:
        return f"{what}: {done.stderr.strip() or f'ended with {done.returncode}'}"
    if "cubin" not in kinds:
        ptx = open(os.path.join(folder, name.lower() + ".ptx")).read()
        calls = re.search(r"\.extern \.func|call\.uni|\.local", ptx)
        return f"{what}: the PTX has {calls.group(0)}" if calls else None
    facts = FACTS.search(done.stdout)
    if not facts:
        return f"{what}: no resources in {done.stdout!r}"
    registers, spilled, local = map(int, facts.groups())
    allowed = SPILLED.get(name, 0)
    return f"{what}: {facts.group(0)}" if spilled > allowed or local > allowed or not 0 < registers <= 255 else None


def main():
    tool, ptxas = sys.argv[1], find_ptxas()
    wrong, count = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for name, options in programs(tool):
            wrong.append(compile_one(tool, name, options, CAPABILITIES[0], "ptx", folder))
            for capability in CAPABILITIES if ptxas else ():
                wrong.append(compile_one(tool, name, options, capability, "cubin", folder))
            count += 1
    wrong = [text for text in wrong if text]
    print("\n".join(wrong) or f"{count} programs" + (f", assembled by {ptxas} for {', '.join(CAPABILITIES)}" if ptxas
                                                     else " to PTX; assembling skipped: there is no ptxas"))
    sys.exit(1 if wrong else 0 if ptxas else 77)


if __name__ == "__main__":
    main()
