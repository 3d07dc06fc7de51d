# SPDX-License-Identifier: Apache-2.0
"""Counts the operations of a step of cells, by running the equations that all Python peers share on numbers that count.

They are those of the step as it is written. Where a bound is made of them, every addition may hide in a product, and
quotients and comparisons cost nothing: a program may need more, hardly fewer.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers"))
import harness

POPULATIONS = harness.POPULATIONS


class Count:
    def __init__(self, states):
        self.states, self.arithmetic, self.exponentials = states, 0, 0


class Number:
    """Counts what is done to it; comparisons, choices and signs are free."""

    def __init__(self, count):
        self.count = count

    def arithmetic(self, _):
        self.count.arithmetic += 1
        return self

    def free(self, *_):
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = arithmetic
    __truediv__ = __rtruediv__ = __neg__ = __and__ = __lt__ = __gt__ = __le__ = __ge__ = free


class Functions:
    """What a step takes of numpy or jax.numpy."""

    @staticmethod
    def exp(x):
        x.count.exponentials += 1
        return x

    @staticmethod
    def abs(x):
        return x

    @staticmethod
    def where(condition, *_):
        return condition

    @staticmethod
    def maximum(x, _):
        return x


def of_step(kind):
    """Of one cell."""
    kind = kind.removesuffix("_record")
    if kind == "coba":
        count = Count(states=4)
        harness.coba_step(Functions, *[Number(count)] * 4)
        return count
    step, start, _ = POPULATIONS[kind]
    count = Count(states=len(start))
    step(Functions, *[Number(count)] * len(start), Number(count), Number(count))
    return count
