# SPDX-License-Identifier: Apache-2.0
"""JAX: lax.scan under jit, ahead-of-time compiled so that its compile time is seen alone."""
import time

import harness
import jax
import jax.numpy as jnp
from jax.nn import sigmoid


def population(workload, size, steps):
    record = workload == "hh_record"

    def hh(carry, _):
        V, m, h, n, I, spikes = carry
        new = harness.hh_step(jnp, V, m, h, n, I)
        return (*new, I, spikes + ((V < 20) & (new[0] >= 20))), new[0] if record else None

    def lif(carry, i):
        V, t_last, I, spikes = carry
        V, t_last, fired = harness.lif_step(jnp, V, t_last, I, i * jnp.float32(harness.DT))
        return (V, t_last, I, spikes + fired), None

    def run(*start):
        spikes = jnp.zeros(size, jnp.int32)
        return jax.lax.scan(lif if workload == "lif" else hh, (*start, spikes), jnp.arange(steps))

    return run, (harness.leaky if workload == "lif" else harness.squid)(size)


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


def main():
    workload, size, steps, budget, data = harness.arguments()
    if data:
        function = {"rnn": rnn, "lstm": lstm}[workload]
        start = [data.pop("x")] + [data[k] for k in function.__code__.co_varnames[1 : len(data) + 1]]
    else:
        function, start = population(workload, size, steps)
    start = [jnp.asarray(a) for a in start]
    begin = time.perf_counter()
    compiled = jax.jit(function).lower(*start).compile()
    callable_s = time.perf_counter() - begin
    times = harness.repeat(lambda: jax.block_until_ready(compiled(*start)), budget)
    result = compiled(*start)
    if data:
        harness.report("jax", times, jnp.mean(result**2), callable_s=callable_s)
    else:
        harness.report("jax", times, result[0][-1].sum(), result[0][0], callable_s)


main()
