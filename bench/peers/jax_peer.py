# SPDX-License-Identifier: Apache-2.0
"""JAX: lax.scan under jit, ahead-of-time compiled so that its compile time is seen alone."""
import time

import harness
import jax
import jax.numpy as jnp
from jax.nn import sigmoid


def population(workload, size, steps):
    step, start, currents = harness.population(workload, size)
    record = workload.endswith("_record")

    def body(carry, i):
        cells, I, spikes = carry
        cells, fired = step(jnp, *cells, I, i * jnp.float32(harness.DT))
        return (cells, I, spikes + fired), cells[0] if record else None

    def run(I, *cells):
        return jax.lax.scan(body, (cells, I, jnp.zeros(size, jnp.int32)), jnp.arange(steps))

    return run, [currents, *start]


def rnn(x, wi1, wh1, b1, wi2, wh2, b2):
    def step(carry, xt):
        h1, h2 = carry
        h1 = jnp.tanh(xt + h1 @ wh1)
        h2 = jnp.tanh(jax.nn.relu(h1) @ wi2 + h2 @ wh2 + b2)
        return (h1, h2), h2

    batch = x.shape[1]
    start = jnp.zeros((batch, wh1.shape[0])), jnp.zeros((batch, wh2.shape[0]))
    # All steps' products with the input at once, and four steps a turn: the fastest of the forms tried.
    return jax.lax.scan(step, start, x @ wi1 + b1, unroll=4)[1]


def lstm(x, wi, wh, b):
    def step(carry, xt):
        h, c = carry
        # Here x @ wi stays in the scan: taken out, as above, the loop takes 1.4 times as long.
        i, g, f, o = jnp.split(xt @ wi + h @ wh + b, 4, -1)
        c = sigmoid(f + 1) * c + sigmoid(i) * jnp.tanh(g)
        h = sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    zeros = jnp.zeros((x.shape[1], wh.shape[0]))
    return jax.lax.scan(step, (zeros, zeros), x)[1]


def gru(x, wi, wh, b):
    n = wh.shape[0]

    def step(h, xt):
        g = xt @ wi + b
        z, r = jnp.split(sigmoid(g[:, : 2 * n] + h @ wh[:, : 2 * n]), 2, -1)
        a = jnp.tanh(g[:, 2 * n :] + (r * h) @ wh[:, 2 * n :])
        h = (1 - z) * h + z * a
        return h, h

    return jax.lax.scan(step, jnp.zeros((x.shape[1], n)), x)[1]


@jax.custom_jvp
def spike(x):
    return (x >= 0).astype(jnp.float32)


@spike.defjvp
def spike_slope(at, along):
    return spike(at[0]), along[0] / (1 + 10 * jnp.abs(at[0])) ** 2


def spiking(x, w1, wr, w2):
    """The mean over time of the readouts. Here the product with the input stays in the scan."""

    def step(carry, xt):
        v, s, o, total = carry
        v = 0.95 * v + xt @ w1 + s @ wr - s
        s = spike(v - 1)
        o = 0.9 * o + s @ w2
        return (v, s, o, total + o), None

    zeros = [jnp.zeros((x.shape[1], n)) for n in (w1.shape[1], w1.shape[1], w2.shape[1], w2.shape[1])]
    return jax.lax.scan(step, tuple(zeros), x)[0][3] / x.shape[0]


def loss_of(workload, function, labels):
    """Of the data and the weights."""
    if workload != "spiking_gradient":
        return lambda x, *weights: jnp.mean(function(x, *weights) ** 2)

    def cross_entropy(x, *weights):
        logarithms = jax.nn.log_softmax(function(x, *weights))
        return -jnp.mean(logarithms[jnp.arange(labels.size), labels])

    return cross_entropy


def gradient(workload, function, labels, count):
    loss = loss_of(workload, function, labels)
    return jax.value_and_grad(loss, argnums=tuple(range(1, count + 1)))


def main():
    # Of a GPU's products, which would have fewer bits by default.
    jax.config.update("jax_default_matmul_precision", "tensorfloat32" if harness.TF32 else "float32")
    workload, size, steps, budget, data = harness.arguments()
    labels = data.pop("y", None)
    if data:
        function = {"rnn": rnn, "lstm": lstm, "gru": gru, "spiking": spiking}[workload.removesuffix("_gradient")]
        start = [data.pop("x")] + [data[k] for k in function.__code__.co_varnames[1 : len(data) + 1]]
        if workload.endswith("_gradient"):
            function = gradient(workload, function, labels, len(data))
    else:
        function, start = population(workload, size, steps)
    start = [jnp.asarray(a) for a in start]
    begin = time.perf_counter()
    compiled = jax.jit(function).lower(*start).compile()
    callable_s = time.perf_counter() - begin
    times = harness.repeat(lambda: jax.block_until_ready(compiled(*start)), budget)
    result = compiled(*start)
    if workload.endswith("_gradient"):
        square = sum(jnp.sum(g**2) for g in result[1])
        harness.report("jax", times, result[0], callable_s=callable_s, gradient=square)
    elif data:
        harness.report("jax", times, jnp.mean(result**2), callable_s=callable_s)
    else:
        harness.report("jax", times, result[0][-1].sum(), result[0][0][0], callable_s)


if __name__ == "__main__":
    main()
