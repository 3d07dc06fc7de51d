#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The lessons on a GPU: those that an emulated one runs in seconds find what they check; of all, every kernel is
assembled for two compute capabilities where ptxas is there.

Usage: examples_test.py FAKE_CUDA.so EMULATE FOLDER_OF_PROGRAMS. Ends with 77, which ctest counts as skipped, when
everything passed that needs no ptxas.
"""
import glob
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(__file__))
from zoo_test import CAPABILITIES, find_ptxas

EMULATED = {"01", "02", "03", "04", "05", "06", "08", "09", "10", "11", "20"}
WITHOUT_KERNEL = {"07"}  # writes a library


def run(program, fake, emulate, folder):
    """On a device whose kernels do nothing a lesson misses its mark, or does not come to an end; its kernels are there."""
    variables = {"OVERTIME_DEVICE": "cuda", "OVERTIME_LIBCUDA": fake, "FAKE_CUDA_CAPABILITY": CAPABILITIES[0][3:],
                 "OVERTIME_DUMP_KERNELS": folder}
    if emulate:
        variables["FAKE_CUDA_EMULATE"] = emulate
    try:
        done = subprocess.run([program], env={**os.environ, **variables}, capture_output=True, text=True,
                              timeout=120 if emulate else 20)
        return None if done.returncode == 0 or not emulate else (done.stdout + done.stderr)[-500:]
    except subprocess.TimeoutExpired:
        return "took more than 120 s" if emulate else None


def assemble(ptxas, ptx, capability):
    done = subprocess.run([ptxas, f"-arch={capability}", ptx, "-o", os.devnull], capture_output=True, text=True)
    return None if done.returncode == 0 else f"{os.path.basename(ptx)} for {capability}: {done.stderr[-500:]}"


def main():
    fake, emulate, folder = sys.argv[1:]
    ptxas, wrong, count = find_ptxas(), [], 0
    programs = sorted(glob.glob(os.path.join(folder, "example_[0-9][0-9]")))
    for program in programs:
        number = program[-2:]
        with tempfile.TemporaryDirectory() as kernels:
            failure = run(program, fake, emulate if number in EMULATED else None, kernels)
            if failure:
                wrong.append(f"lesson {number}: {failure}")
            ptx = {open(path, encoding="utf-8").read(): path for path in glob.glob(os.path.join(kernels, "*.ptx"))}
            if not ptx and number not in WITHOUT_KERNEL:
                wrong.append(f"lesson {number}: no kernel")
            count += len(ptx)
            wrong += [f"lesson {number}: {failure}" for path in ptx.values() for capability in CAPABILITIES
                      if ptxas and (failure := assemble(ptxas, path, capability))]
    said = f"assembled by {ptxas} for {', '.join(CAPABILITIES)}" if ptxas else "assembling skipped: there is no ptxas"
    print("\n".join(wrong) or f"{len(programs)} lessons, {len(EMULATED)} of them emulated; {count} kernels, {said}")
    sys.exit(1 if wrong or not programs else 0 if ptxas else 77)


main()
