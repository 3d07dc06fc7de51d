# SPDX-License-Identifier: Apache-2.0
"""JAX: memory and time of a gradient under jax.checkpoint. `jax_remat.py none|step|sqrt|every=STEPS DATA.npz SECONDS`

step checkpoints the body of the scan; sqrt and every=STEPS scan over checkpointed stretches that scan over their steps.
Of sqrt these are as many as divide the steps, since a rest would make XLA copy the data.
"""
import json
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
from jax_peer import spike


def loss_of(policy, labels):
    def step(carry, xt, w):
        v, s, o, total = carry
        v = 0.95 * v + xt @ w[0] + s @ w[1] - s
        s = spike(v - 1)
        o = 0.9 * o + s @ w[2]
        return (v, s, o, total + o)

    def loss(w, x):
        steps, batch, _ = x.shape
        carry = tuple(jnp.zeros((batch, n)) for n in (w[0].shape[1], w[0].shape[1], w[2].shape[1], w[2].shape[1]))

        def one(carry, xt):
            return step(carry, xt, w), None

        def stretch(carry, xs):
            return jax.lax.scan(one, carry, xs)[0], None

        if policy == "none":
            carry, _ = stretch(carry, x)
        elif policy == "step":
            carry, _ = jax.lax.scan(jax.checkpoint(one), carry, x)
        else:
            divisors = [k for k in range(1, steps + 1) if steps % k == 0]
            nearest = min(divisors, key=lambda k: abs(k - steps**0.5))
            length = nearest if policy == "sqrt" else int(policy.removeprefix("every="))
            stretches = x.reshape(steps // length, length, *x.shape[1:])
            carry, _ = jax.lax.scan(jax.checkpoint(stretch), carry, stretches)
        logarithms = jax.nn.log_softmax(carry[3] / steps)
        return -jnp.mean(logarithms[jnp.arange(labels.size), labels])

    return loss


def main():
    policy, path, budget = sys.argv[1], sys.argv[2], float(sys.argv[3])
    data = dict(np.load(path))
    w, x = [jnp.asarray(data[k]) for k in ("w1", "wr", "w2")], jnp.asarray(data["x"])
    run = jax.jit(jax.value_and_grad(loss_of(policy, data["y"]))).lower(w, x).compile()
    least, spent = 1e9, 0.0
    while spent < budget or least == 1e9:
        begin = time.perf_counter()
        loss, gradient = jax.block_until_ready(run(w, x))
        seconds = time.perf_counter() - begin
        least, spent = min(least, seconds), spent + seconds
    line = {"bytes": run.memory_analysis().temp_size_in_bytes, "seconds": least, "loss": float(loss)}
    line["gradient"] = float(sum(jnp.sum(g**2) for g in gradient))
    print(json.dumps(line))


if __name__ == "__main__":
    main()
