# SPDX-License-Identifier: Apache-2.0
"""PyTorch: its fused recurrent layers, which call oneDNN where that is faster, and cuDNN on a GPU."""
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
        one_bias(layer)
    return layers, lambda x: layers[1](torch.relu(layers[0](x)[0]))[0]


def one_bias(layer):
    """torch has two; the second is 0 and no parameter, so that there are as many derivatives as elsewhere."""
    weight(layer, "bias_hh_l0", np.zeros(layer.bias_hh_l0.shape, np.float32))
    layer.bias_hh_l0.requires_grad_(False)


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
    one_bias(layer)
    return (layer,), lambda x: layer(x)[0]


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return (x >= 0).float()

    @staticmethod
    def backward(context, adjoint):
        (x,) = context.saved_tensors
        return adjoint / (1 + 10 * x.abs()) ** 2


class Spiking(torch.nn.Module):
    """The mean over time of the readouts, step by step; the product with the input at once."""

    def __init__(self, w1, wr, w2):
        super().__init__()
        self.w1, self.wr, self.w2 = (torch.nn.Parameter(torch.from_numpy(w)) for w in (w1, wr, w2))

    def forward(self, x):
        neurons, classes = self.w2.shape
        v, s = x.new_zeros(x.shape[1], neurons), x.new_zeros(x.shape[1], neurons)
        o, total = x.new_zeros(x.shape[1], classes), x.new_zeros(x.shape[1], classes)
        for driven in (x @ self.w1).unbind(0):
            v = 0.95 * v + driven + s @ self.wr - s
            s = Spike.apply(v - 1)
            o = 0.9 * o + s @ self.w2
            total = total + o
        return total / x.shape[0]


def spiking(**weights):
    net = Spiking(**weights)
    return (net,), net


def gradient(workload, parameters, forward, x, labels):
    """Forward and backward; the loss."""

    def run():
        for p in parameters:
            p.grad = None
        out = forward(x)
        labelled = workload == "spiking_gradient"
        loss = torch.nn.functional.cross_entropy(out, labels) if labelled else (out**2).mean()
        loss.backward()
        return loss.detach()

    return run


def finished(run):
    """Its result when the device has it."""
    result = run()
    if harness.DEVICE == "cuda":
        torch.cuda.synchronize()
    return result


def main():
    workload, _, _, budget, data = harness.arguments()
    torch.set_num_threads(harness.THREADS)
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = harness.TF32
    there = lambda array: None if array is None else torch.from_numpy(array).to(harness.DEVICE)
    x, labels = there(data.pop("x")), there(data.pop("y", None))
    begin = time.perf_counter()
    makers = {"rnn": rnn, "lstm": lstm, "spiking": spiking}
    modules, forward = makers[workload.removesuffix("_gradient")](**data)
    for module in modules:
        module.to(harness.DEVICE)
    if workload.endswith("_gradient"):
        parameters = [p for module in modules for p in module.parameters() if p.requires_grad]
        run = gradient(workload, parameters, forward, x, labels)
        loss = finished(run).item()
        callable_s = time.perf_counter() - begin
        square = sum((p.grad**2).sum() for p in parameters).item()
        times = harness.repeat(lambda: finished(run), budget)
        harness.report("torch", times, loss, callable_s=callable_s, gradient=square)
        return
    with torch.no_grad():
        finished(lambda: forward(x[:1]))
        callable_s = time.perf_counter() - begin
        times = harness.repeat(lambda: finished(lambda: forward(x)), budget)
        harness.report("torch", times, (forward(x) ** 2).mean().item(), callable_s=callable_s)


main()
