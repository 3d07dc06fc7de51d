# SPDX-License-Identifier: Apache-2.0
"""BrainPy: the network of Vogels & Abbott with its products of events and sparse matrices, under for_loop and jit."""
import time

import brainpy as bp
import brainpy.math as bm
import harness
import jax
import jax.numpy as jnp
import numpy as np


class Coba(bp.DynamicalSystem):
    def __init__(self, offsets, targets, V):
        super().__init__()
        self.size, self.excitatory = V.size, V.size // 5 * 4
        self.start = jnp.asarray(V)
        middle = offsets[self.excitatory]
        self.e = jnp.asarray(targets[:middle]), jnp.asarray(offsets[: self.excitatory + 1])
        self.i = jnp.asarray(targets[middle:]), jnp.asarray(offsets[self.excitatory :] - middle)
        self.V, self.ge, self.gi = (bm.Variable(jnp.zeros(V.size)) for _ in range(3))
        self.held = bm.Variable(jnp.zeros(V.size, jnp.int32))

    def reset(self):
        self.V.value = self.start
        self.ge.value = self.gi.value = jnp.zeros(self.size)
        self.held.value = jnp.zeros(self.size, jnp.int32)

    def deliver(self, weight, synapses, fired):
        shape = fired.size, self.size
        return bm.as_jax(bm.event.csrmv(weight, *synapses, fired, shape=shape, transpose=True))

    def update(self):
        states = (self.V.value, self.ge.value, self.gi.value, self.held.value)
        (self.V.value, ge, gi, self.held.value), fired = harness.coba_step(jnp, *states)
        self.ge.value = ge + self.deliver(0.6, self.e, fired[: self.excitatory])
        self.gi.value = gi + self.deliver(6.7, self.i, fired[self.excitatory :])
        return fired.sum()


def main():
    _, _, steps, budget, data = harness.arguments()
    network = Coba(**data)
    spikes = []

    def simulation(steps):
        simulate = bm.jit(lambda: bm.for_loop(lambda _: network.update(), np.arange(steps)))

        def run():
            network.reset()
            spikes[:] = [np.asarray(bm.as_jax(simulate()))]

        return run

    begin = time.perf_counter()
    simulation(1)()
    callable_s = time.perf_counter() - begin
    harness.report_spikes("brainpy", harness.repeat(simulation(steps), budget), spikes[0], callable_s)


main()
