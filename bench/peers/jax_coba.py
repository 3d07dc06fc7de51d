# SPDX-License-Identifier: Apache-2.0
"""JAX: the network of Vogels & Abbott under lax.scan; the rows of those that fired, a few at a time, are scattered."""
import time

import harness
import jax
import jax.numpy as jnp
import numpy as np


def padded(offsets, targets, size):
    """Targets as rows of one length; those that are too many and the whole row `size` go beyond the end, where a
    scatter drops them. Those of inhibitory cells are counted from `size` on: both conductances are one array."""
    lengths = np.diff(offsets)
    rows = np.full((size + 1, lengths.max()), 2 * size, np.int32)
    sources = np.repeat(np.arange(size), lengths)
    rows[sources, np.arange(targets.size) - offsets[sources]] = targets + np.where(sources < size // 5 * 4, 0, size)
    return rows


def simulation(size, steps):
    excitatory, at_once = size // 5 * 4, max(size // 250, 1)  # at 20 Hz a step has two spikes of 1,000 cells

    def deliver(rows, fired, g):
        number = jnp.cumsum(fired.astype(jnp.int32))  # of spikes up to each cell

        def some(carry):
            done, g = carry
            # Where the number first reaches 1, 2, ...; `size` when there are no more. jnp.nonzero takes longer.
            ids = jnp.searchsorted(number, done + 1 + jnp.arange(at_once))
            weights = jnp.where(ids < excitatory, 0.6, 6.7).astype(jnp.float32)[:, None]
            g = g.at[rows[ids]].add(jnp.broadcast_to(weights, (at_once, rows.shape[1])), mode="drop")
            return done + at_once, g

        return jax.lax.while_loop(lambda carry: carry[0] < number[-1], some, (jnp.int32(0), g))[1]

    def run(V, rows):
        def step(carry, _):
            V, g, held = carry
            (V, ge, gi, held), fired = harness.coba_step(jnp, V, g[:size], g[size:], held)
            return (V, deliver(rows, fired, jnp.concatenate([ge, gi])), held), fired.sum()

        return jax.lax.scan(step, (V, jnp.zeros(2 * size), jnp.zeros(size, jnp.int32)), length=steps)[1]

    return run


def main():
    _, size, steps, budget, data = harness.arguments()
    arguments = jnp.asarray(data["V"]), jnp.asarray(padded(data["offsets"], data["targets"], size))
    begin = time.perf_counter()
    compiled = jax.jit(simulation(size, steps)).lower(*arguments).compile()
    callable_s = time.perf_counter() - begin
    times = harness.repeat(lambda: jax.block_until_ready(compiled(*arguments)), budget)
    harness.report_spikes("jax", times, compiled(*arguments), callable_s)


main()
