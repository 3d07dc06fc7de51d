# SPDX-License-Identifier: Apache-2.0
"""What compare.py runs: the workloads of processors and of GPUs, who runs them, and the least time that they can take."""
import copy

import inputs
import operations

POPULATIONS = ("overtime-fast", "c++", "jax", "drjit", "numba")
LAYERS, GATED = ("overtime-fast", "jax", "torch"), ("overtime-fast", "jax")
NETWORKS = ("overtime-fast", "c++", "jax", "numba", "brainpy")
THREADED_NETWORKS = ("overtime-fast", "c++")  # of the peers only this one is written for threads
GPU_CELLS = ("overtime-fast", "jax")
# Rows named -tf32 round the operands of products to it; all others multiply in full f32.
GPU_LAYERS = ("overtime-fast", "overtime-tf32", "jax", "jax-tf32", "torch", "torch-tf32")
TINY = {"size": 60, "width": 16, "n_in": 32}  # the most of each with --tiny


class Workload:
    """What is run. `scale`: seconds of one unit; `n_in` and `width`: inputs and units of a cell."""

    def __init__(self, kind, size, steps, peers, threads=1, width=0, n_in=128):
        self.kind, self.size, self.steps, self.peers, self.threads = kind, size, steps, peers, threads
        self.width, self.n_in, self.expected = width, n_in, None
        self.family = "coba" if kind == "coba" else "peer"  # the programs are bench/peers/*_FAMILY.py
        self.population = kind.removesuffix("_record") in operations.POPULATIONS

    @property
    def scale(self):
        return 1e-9 * self.size * self.steps if self.population else 1e-3

    @property
    def unit(self):
        return "ns/neuron-step" if self.population else "ms"

    def firing(self, spikes):
        self.expected = spikes
        return self

    def tiny(self):
        """With few units and steps, to see that everything runs."""
        small = copy.copy(self).firing(None)
        for what, most in TINY.items():
            setattr(small, what, min(getattr(self, what), most))
        small.steps = 60 if self.population or self.kind == "coba" else 6  # some cells fire
        if self.kind == "coba":
            small.size = 5 * inputs.SYNAPSES
        return small

    def flops(self):
        """Of the products; None where there are none, or many zeros in them."""
        kind = self.kind.removesuffix("_gradient")
        data = {"rnn": 100 * 20, "lstm": self.n_in * 4 * self.width, "gru": self.n_in * 3 * self.width}.get(kind)
        if data is None:
            return None
        macs = data + {"rnn": 20 * 20 + 20 * 2 + 2 * 2, "lstm": 4 * self.width**2, "gru": 3 * self.width**2}[kind]
        if self.kind.endswith("_gradient"):
            # A product forward becomes two backward; that with the data one, since nobody asks for its derivative.
            macs = 3 * macs - data
        return 2.0 * macs * self.size * self.steps

    def least_seconds(self, limits, spikes):
        """That a device of these limits needs; None where it is not known."""
        if self.flops():
            return self.flops() / (limits["gflops"] * 1e9)
        if "special_gops" not in limits:  # those of a processor say nothing of exponentials
            return None
        count = operations.of_step(self.kind)
        times = self.size * self.steps
        arithmetic = max(count.arithmetic * times / (limits["gflops"] * 1e9),
                         count.exponentials * times / (limits["special_gops"] * 1e9))
        moved = 2.0 * 4 * count.states * self.size  # a loop in one launch reads and writes them once
        rows = 4.0 * inputs.SYNAPSES * self.size
        if self.kind == "coba" and rows > limits["cache_bytes"]:
            moved += 4.0 * inputs.SYNAPSES * spikes
        return max(arithmetic, moved / (limits["gbs"] * 1e9)) if limits["gbs"] else arithmetic


ON_CPU = {
    "hh-1": Workload("hh", 1, 1000, POPULATIONS).firing(7),
    "hh-1000": Workload("hh", 1000, 1000, POPULATIONS).firing(7012),
    "hh-1000-record": Workload("hh_record", 1000, 1000, POPULATIONS).firing(7012),
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

ON_GPU = {
    "hh-1000": Workload("hh", 1000, 1000, GPU_CELLS).firing(7012),
    "hh-10000": Workload("hh", 10000, 1000, GPU_CELLS),
    "hh-100000": Workload("hh", 100000, 1000, GPU_CELLS),
    "hh-1000000": Workload("hh", 1000000, 1000, GPU_CELLS),
    "hh-10000000": Workload("hh", 10000000, 1000, GPU_CELLS),
    "coba-4000": Workload("coba", 4000, 10000, GPU_CELLS),
    "coba-40000": Workload("coba", 40000, 10000, GPU_CELLS),
    "coba-400000": Workload("coba", 400000, 10000, GPU_CELLS),
    "rnn-b4096": Workload("rnn", 4096, 30, GPU_LAYERS),
    "lstm-512": Workload("lstm", 64, 100, GPU_LAYERS, width=512),
    "lstm-512-gradient": Workload("lstm_gradient", 64, 100, GPU_LAYERS, width=512),
    "lstm-1024-gradient": Workload("lstm_gradient", 128, 100, GPU_LAYERS, width=1024, n_in=512),
}

BY_DEVICE = {"cpu": ON_CPU, "cuda": ON_GPU}
