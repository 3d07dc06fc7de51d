#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The compiled kernel of HH neurons beside one written by hand (hh.cu): registers, spills, instructions of a step.

Usage: hh_by_hand.py OVERTIME [--arch sm_90] [--check]. Needs nvcc and ptxas of NVIDIA's toolkit, and nvdisasm, which is
looked for on PATH, beside nvcc, in $OVERTIME_NVDISASM and in the Python package nvidia-cuda-nvdisasm. With --check, ends
with 1 when a compiled kernel spills or takes more than 1.1 times the instructions, and with 77 when a tool is missing.
"""
import argparse
import collections
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
# What each pair compares: flags of nvcc, numerics of Overtime.
PAIRS = {
    "f32": (["-DREAL=float"], ["--real", "f32"]),
    "f32, accurate by hand": (["-DREAL=float", "-DACCURATE"], ["--real", "f32"]),
    "f32 fast": (["-DREAL=float", "-use_fast_math"], ["--real", "f32", "--numerics", "fast"]),
    "f64": (["-DREAL=double"], ["--real", "f64"]),
}


def find(name):
    places = [os.environ.get("OVERTIME_" + name.upper()), shutil.which(name),
              os.path.join(os.environ.get("CUDA_HOME", "/usr/local/cuda"), "bin", name)]
    for folder in sys.path:
        places += glob.glob(os.path.join(folder, "nvidia", "*", "bin", name))
    return next((p for p in places if p and os.access(p, os.X_OK)), None)


def step_of(assembly):
    """Instructions of the longest loop, slow paths beside it not counted, by name."""
    labels, instructions = {}, []
    for line in assembly.splitlines():
        if label := re.match(r"(\.L_x_\d+):", line.strip()):
            labels[label.group(1)] = len(instructions)
        elif instruction := re.match(r"\s*/\*[0-9a-f]{4,}\*/\s+(.*?);", line):
            instructions.append(instruction.group(1))
    loops = []
    for end, text in enumerate(instructions):
        jump = re.search(r"\bBRA\b.*?(\.L_x_\d+)", text)
        if jump and labels.get(jump.group(1), end + 1) <= end:
            loops.append(instructions[labels[jump.group(1)]:end + 1])
    body = max(loops, key=len)
    return len(body), collections.Counter(re.sub(r"^@!?U?P\w+\s+", "", i).split()[0].split(".")[0] for i in body)


class Kernels:
    def __init__(self, overtime, arch, tools, folder):
        self.overtime, self.arch, self.tools, self.folder = overtime, arch, tools, folder

    def measured(self, cubin, report):
        assembly = subprocess.run([self.tools["nvdisasm"], cubin], check=True, capture_output=True, text=True).stdout
        registers = int(re.search(r"(\d+) registers", report).group(1))
        spills = re.search(r"(\d+) bytes (?:spill stores|spilled)", report)
        return registers, int(spills.group(1)) if spills else 0, *step_of(assembly)

    def by_hand(self, flags):
        cubin = os.path.join(self.folder, "hand.cubin")
        done = subprocess.run([self.tools["nvcc"], "-O3", f"-arch={self.arch}", "-cubin", "-Xptxas", "-v", *flags,
                               os.path.join(HERE, "hh.cu"), "-o", cubin], check=True, capture_output=True, text=True)
        return self.measured(cubin, done.stderr)

    def compiled(self, options):
        done = subprocess.run([self.overtime, "compile", "HH", "--size", "1e6", *options, "--target", "nvptx64", "--arch",
                               self.arch, "--emit", "cubin", "-o", self.folder],
                              check=True, capture_output=True, text=True)
        return self.measured(os.path.join(self.folder, "hh.cubin"), done.stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("overtime")
    parser.add_argument("--arch", default="sm_90")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    tools = {name: find(name) for name in ("nvcc", "ptxas", "nvdisasm")}
    if missing := [name for name, path in tools.items() if not path]:
        print(f"skipped: there is no {', '.join(missing)}")
        sys.exit(77)
    wrong = False
    row = "{:24} {:>10} {:>8} {:>14} {:>8} {:>6} {:>6}".format
    print(row(given.arch, "registers", "spilled", "instructions", "multiply", "MUFU", "ratio"))
    with tempfile.TemporaryDirectory() as folder:
        kernels = Kernels(given.overtime, given.arch, tools, folder)
        for name, (flags, options) in PAIRS.items():
            hand, ours = kernels.by_hand(flags), kernels.compiled(options)
            for who, (registers, spilled, count, names) in (("by hand", hand), ("compiled", ours)):
                multiply = sum(names[k] for k in ("FFMA", "FMUL", "FADD", "DFMA", "DMUL", "DADD"))
                ratio = f"{count / hand[2]:.2f}"
                print(row(f"{name}: {who}", registers, spilled, count, multiply, names["MUFU"], ratio))
            wrong |= ours[1] > 0 or ours[2] > 1.1 * hand[2]
    sys.exit(1 if given.check and wrong else 0)


main()
