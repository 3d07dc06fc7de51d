# SPDX-License-Identifier: Apache-2.0
"""Writes optimizers.npz: 25 updates of a linear regression by the optimizers and schedules of PyTorch 2.15, in f64."""
import numpy as np
import torch

rng = np.random.default_rng(1)
x, y, W = rng.normal(size=(6, 5, 3)), rng.normal(size=(6, 5, 4)), rng.normal(size=(3, 4))
cases = {
    "sgd": (torch.optim.SGD, dict(lr=0.1)),
    "sgd_decay": (torch.optim.SGD, dict(lr=0.1, weight_decay=0.05)),
    "momentum": (torch.optim.SGD, dict(lr=0.05, momentum=0.8)),
    "nesterov": (torch.optim.SGD, dict(lr=0.05, momentum=0.8, nesterov=True)),
    "adam": (torch.optim.Adam, dict(lr=0.03, betas=(0.8, 0.99))),
    "adam_decay": (torch.optim.Adam, dict(lr=0.03, weight_decay=0.1)),
    "amsgrad": (torch.optim.Adam, dict(lr=0.2, betas=(0.5, 0.6), amsgrad=True)),
    "adamw": (torch.optim.AdamW, dict(lr=0.03, weight_decay=0.1)),
    "adagrad": (torch.optim.Adagrad, dict(lr=0.2)),
    "adadelta": (torch.optim.Adadelta, dict(lr=0.7, rho=0.85)),
    "rmsprop": (torch.optim.RMSprop, dict(lr=0.02)),
    "rmsprop_centered": (torch.optim.RMSprop, dict(lr=0.02, centered=True, momentum=0.5)),
}


def train(kind, options, schedule=None, clip=None, updates=25):
    p = torch.nn.Parameter(torch.from_numpy(W.copy()))
    optimizer = kind([p], **options)
    scheduler = schedule(optimizer) if schedule else None
    losses, rates = [], []
    for _ in range(updates):
        optimizer.zero_grad()
        loss = ((torch.from_numpy(x) @ p - torch.from_numpy(y)) ** 2).mean()
        loss.backward()
        if clip:
            clip(p)
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if scheduler:
            scheduler.step()
        losses.append(loss.item())
    return p.detach().numpy(), np.array(losses), np.array(rates)


out = {"x": x, "y": y, "W": W}
for name, (kind, options) in cases.items():
    out["W_" + name], out["loss_" + name], _ = train(kind, options)
lr = torch.optim.lr_scheduler
schedules = {
    "step": lambda o: lr.StepLR(o, 4, 0.5),
    "multi_step": lambda o: lr.MultiStepLR(o, [3, 9, 10], 0.3),
    "exponential": lambda o: lr.ExponentialLR(o, 0.9),
    "cosine_annealing": lambda o: lr.CosineAnnealingLR(o, 24, 0.001),
    "warm_restarts": lambda o: lr.CosineAnnealingWarmRestarts(o, 3, 2, 0.01),
    "polynomial_decay": lambda o: lr.PolynomialLR(o, 20, 2.0),
}
for name, schedule in schedules.items():
    out["W_" + name], _, out["rate_" + name] = train(torch.optim.SGD, dict(lr=0.1), schedule)
out["W_clip_norm"], _, _ = train(torch.optim.SGD, dict(lr=0.1), clip=lambda p: torch.nn.utils.clip_grad_norm_([p], 0.2))
out["W_clip_value"], _, _ = train(torch.optim.SGD, dict(lr=0.1), clip=lambda p: torch.nn.utils.clip_grad_value_([p], 0.1))
np.savez("optimizers.npz", **out)
