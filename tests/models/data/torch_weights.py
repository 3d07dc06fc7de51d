#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes torch_weights.safetensors and torch_outputs.safetensors beside it with PyTorch 2 and the package safetensors:
the state_dict of a net of small layers, and what each of them makes of x. torch_weights.cpp reads them."""
import pathlib

import torch
from safetensors.torch import save_file

torch.manual_seed(1)
here = pathlib.Path(__file__).parent


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = torch.nn.RNN(3, 4)
        self.lstm = torch.nn.LSTM(4, 5)
        self.stack = torch.nn.LSTM(5, 3, num_layers=2, bias=False)
        self.readout = torch.nn.Linear(3, 2)

    def forward(self, x):
        return self.readout(self.stack(self.lstm(self.rnn(x)[0])[0])[0])


net, x = Net(), torch.randn(7, 2, 3)
cell, linear = torch.nn.LSTMCell(3, 4), torch.nn.Linear(3, 2, bias=False)
gru = torch.nn.GRU(3, 4)
with torch.no_grad():
    state, cells = None, []
    for row in x:
        state = cell(row, state)
        cells.append(state[0])
    outputs = {"x": x, "rnn": net.rnn(x)[0], "lstm": net.lstm(net.rnn(x)[0])[0], "net": net(x),
               "cell": torch.stack(cells), "linear": linear(x)}
weights = {f"net.{key}": value for key, value in net.state_dict().items()}
for name, module in {"cell": cell, "linear": linear, "gru": gru}.items():
    weights |= {f"{name}.{key}": value for key, value in module.state_dict().items()}
save_file(weights, here / "torch_weights.safetensors")
save_file({name: value.contiguous() for name, value in outputs.items()}, here / "torch_outputs.safetensors")
