# SPDX-License-Identifier: Apache-2.0
"""Draws the arrays that all programs of a workload run on, and writes them where they look for them."""
import numpy as np

SPIKING = {"inputs": 700, "neurons": 256, "classes": 20}
SYNAPSES = 80  # of each cell, on average


def layers(kind, batch, steps, n, n_in):
    """Numbers of a network; RNN 100 -> 20 -> 2, cells n_in -> n with the gates in the order i, g, f, o or z, r, a."""
    rng = np.random.default_rng(0)

    def normal(rows, columns, scale):
        return (rng.standard_normal((rows, columns)) * scale).astype(np.float32)

    if kind == "spiking":
        inputs, neurons, classes = SPIKING["inputs"], SPIKING["neurons"], SPIKING["classes"]
        arrays = {"w1": normal(inputs, neurons, 0.08), "wr": normal(neurons, neurons, 0.03)}
        arrays["w2"] = normal(neurons, classes, 0.1)
        arrays["x"] = (rng.random((steps, batch, inputs), dtype=np.float32) < 0.05).astype(np.float32)
        arrays["y"] = rng.integers(0, classes, batch)
    elif kind == "rnn":
        arrays = {"wi1": normal(100, 20, 0.1), "wh1": normal(20, 20, 20**-0.5), "b1": np.zeros(20, np.float32)}
        arrays.update(wi2=normal(20, 2, 20**-0.5), wh2=normal(2, 2, 2**-0.5), b2=np.zeros(2, np.float32))
        arrays["x"] = rng.random((steps, batch, 100), dtype=np.float32)
    else:
        gates = n * (4 if kind == "lstm" else 3)
        arrays = {"wi": normal(n_in, gates, 0.05), "wh": normal(n, gates, 0.05), "b": np.zeros(gates, np.float32)}
        arrays["x"] = rng.random((steps, batch, n_in), dtype=np.float32)
    return arrays


def coba(n, seed=0):
    """Synapses by rows of their sources, each pair with the same probability, and potentials from -60 to -50 mV."""
    rng = np.random.default_rng(seed)
    p = SYNAPSES / n
    # The gaps between the pairs that are connected are geometric, so the other pairs need not be drawn.
    expected = SYNAPSES * n
    pairs = np.cumsum(rng.geometric(p, int(expected + 10 * expected**0.5))) - 1
    pairs = pairs[pairs < n * n]
    offsets = np.searchsorted(pairs, np.arange(n + 1) * n).astype(np.int32)
    potentials = (-60 + 10 * rng.random(n)).astype(np.float32)
    return {"offsets": offsets, "targets": (pairs % n).astype(np.int32), "V": potentials}


def write(path, workload):
    """To PATH.npz; a network of cells also to PATH.bin, offsets, targets and potentials one after the other."""
    if workload.kind == "coba":
        arrays = coba(workload.size)
        with open(path + ".bin", "wb") as file:
            for array in arrays.values():
                array.tofile(file)
    else:
        arrays = layers(workload.kind.removesuffix("_gradient"), workload.size, workload.steps, workload.width, workload.n_in)
    np.savez(path + ".npz", **arrays)
    return path + ".npz"
