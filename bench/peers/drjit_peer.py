# SPDX-License-Identifier: Apache-2.0
"""Dr.Jit: a symbolic loop over the steps, one kernel on its LLVM back end."""
import glob
import os
import tempfile
import time

# Left alone, it may take an LLVM that is too old for it.
found = glob.glob("/usr/lib/llvm-*/lib/libLLVM.so")
if found:
    newest = max(found, key=lambda path: int(path.split("llvm-")[1].split("/")[0]))
    os.environ.setdefault("DRJIT_LIBLLVM_PATH", newest)

# It keeps kernels in ~/.drjit; a new home shows what compiling costs.
home = tempfile.TemporaryDirectory()
os.environ["HOME"] = home.name

import drjit as dr
import harness
from drjit.llvm import Float, Int, UInt32


class Functions:
    exp, where, abs = staticmethod(dr.exp), staticmethod(dr.select), staticmethod(dr.abs)


def simulate(step, cells, I, size, steps, record):
    k = dr.arange(UInt32, size)

    def body(i, spikes, *cells):
        cells, fired = step(Functions, *cells, I, Float(i) * harness.DT)
        if record is not None:
            dr.scatter(record, cells[0], i * size + k)
        return (i + 1, spikes + dr.select(fired, Int(1), Int(0)), *cells)

    state = (UInt32(0), dr.zeros(Int, size), *cells)
    return dr.while_loop(state, lambda i, *rest: i < steps, body)[1:]


def main():
    workload, size, steps, budget, _ = harness.arguments()
    dr.set_thread_count(harness.THREADS)
    step, start, currents = harness.population(workload, size)
    last = {}

    def run(steps=steps):
        record = dr.zeros(Float, steps * size) if workload.endswith("_record") else None
        cells, I = [Float(a) for a in start], Float(currents)
        last["spikes"], last["V"], *rest = simulate(step, cells, I, size, dr.opaque(UInt32, steps), record)
        dr.eval(last, rest, record)
        dr.sync_thread()

    begin = time.perf_counter()
    run(1)
    callable_s = time.perf_counter() - begin
    times = harness.repeat(run, budget)
    harness.report("drjit", times, last["spikes"].numpy().sum(), last["V"].numpy(), callable_s)


main()
