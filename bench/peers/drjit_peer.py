# SPDX-License-Identifier: Apache-2.0
"""Dr.Jit: a symbolic loop over the steps, one kernel on its LLVM back end, one thread."""
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


@dr.syntax
def hh(V, m, h, n, I, spikes, record, steps, size, recording):
    i = UInt32(0)
    k = dr.arange(UInt32, size)
    while i < steps:
        old = Float(V)
        V, m, h, n = harness.hh_step(Functions, V, m, h, n, I)
        spikes += dr.select((old < 20) & (V >= 20), Int(1), Int(0))
        if dr.hint(recording, mode="scalar"):
            dr.scatter(record, V, i * size + k)
        i += 1
    return V, m, h, n, spikes, record


@dr.syntax
def lif(V, t_last, I, spikes, steps):
    i = UInt32(0)
    while i < steps:
        V, t_last, fired = harness.lif_step(Functions, V, t_last, I, Float(i) * harness.DT)
        spikes += dr.select(fired, Int(1), Int(0))
        i += 1
    return V, t_last, spikes


def main():
    workload, size, steps, budget, _ = harness.arguments()
    if hasattr(dr, "set_thread_count"):
        dr.set_thread_count(1)
    start = (harness.leaky if workload == "lif" else harness.squid)(size)
    recording = workload == "hh_record"
    last = {}

    def run(steps=steps):
        state, spikes, count = [Float(a) for a in start], dr.zeros(Int, size), dr.opaque(UInt32, steps)
        if workload == "lif":
            V, t_last, spikes = lif(*state, spikes, count)
            dr.eval(V, t_last, spikes)
        else:
            record = dr.zeros(Float, steps * size) if recording else Float(0)
            V, m, h, n, spikes, record = hh(*state, spikes, record, count, size, recording)
            dr.eval(V, m, h, n, spikes, record)
        dr.sync_thread()
        last["V"], last["spikes"] = V, spikes

    begin = time.perf_counter()
    run(1)
    callable_s = time.perf_counter() - begin
    times = harness.repeat(run, budget)
    harness.report("drjit", times, last["spikes"].numpy().sum(), last["V"].numpy(), callable_s)


main()
