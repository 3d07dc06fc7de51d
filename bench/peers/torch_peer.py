# SPDX-License-Identifier: Apache-2.0
"""PyTorch: its fused recurrent layers, which call oneDNN where that is faster."""
import time

import harness
import numpy as np
import torch


def weight(layer, name, array):
    with torch.no_grad():
        getattr(layer, name).copy_(torch.from_numpy(array))


def rnn(wi1, wh1, b1, wi2, wh2, b2):
    layers = torch.nn.RNN(wi1.shape[0], wh1.shape[0]), torch.nn.RNN(wi2.shape[0], wh2.shape[0])
    for layer, (wi, wh, b) in zip(layers, ((wi1, wh1, b1), (wi2, wh2, b2))):
        weight(layer, "weight_ih_l0", wi.T)
        weight(layer, "weight_hh_l0", wh.T)
        weight(layer, "bias_ih_l0", b)
        weight(layer, "bias_hh_l0", 0 * b)
    return lambda x: layers[1](torch.relu(layers[0](x)[0]))[0]


def lstm(wi, wh, b):
    """Its gates are in the order i, f, g, o, and the 1 that is added to f is part of the bias."""
    n = wh.shape[0]

    def ordered(w):
        i, g, f, o = np.split(w, 4, -1)
        return np.concatenate([i, f, g, o], -1)

    layer, bias = torch.nn.LSTM(wi.shape[0], n), ordered(b)
    bias[n : 2 * n] += 1
    weight(layer, "weight_ih_l0", ordered(wi).T)
    weight(layer, "weight_hh_l0", ordered(wh).T)
    weight(layer, "bias_ih_l0", bias)
    weight(layer, "bias_hh_l0", 0 * b)
    return lambda x: layer(x)[0]


def main():
    workload, _, _, budget, data = harness.arguments()
    torch.set_num_threads(harness.THREADS)
    x = torch.from_numpy(data.pop("x"))
    begin = time.perf_counter()
    forward = {"rnn": rnn, "lstm": lstm}[workload](**data)
    with torch.no_grad():
        forward(x[:1])
        callable_s = time.perf_counter() - begin
        times = harness.repeat(lambda: forward(x), budget)
        harness.report("torch", times, (forward(x) ** 2).mean(), callable_s=callable_s)


main()
