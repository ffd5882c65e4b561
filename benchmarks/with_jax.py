"""The circuit of eight nodes in JAX: Newton on the recycles, all scenarios by ``vmap``, compiled for their number."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.circuit import Algebra, Definition, Floats, Table, sweep

jax.config.update("jax_enable_x64", True)

ALGEBRA = Algebra(jnp.asarray, jnp.sum, lambda *parts: jnp.concatenate([jnp.atleast_1d(one) for one in parts]))
_FIRST_SWEEPS = 4
_SETTLED_TPH = 1e-10
_MOST_STEPS = 50


class Solved:
    """The compiled solver and the scenarios that it is asked for."""

    def __init__(self, definition: Definition, table: Table) -> None:
        self.definition = definition
        self.table = table
        self.steady: Any = None

    def compile(self) -> None:
        """Compile for this number of scenarios."""
        self.steady = jax.jit(jax.vmap(self._one)).lower(*self.table).compile()

    def run(self) -> Floats:
        """Products (S, products, components)."""
        products = np.asarray(self.steady(*self.table))
        return products.reshape(len(products), len(self.definition.products), len(self.definition.components))

    def _one(self, feed: jax.Array, volume_factor: jax.Array) -> jax.Array:
        """Products of one scenario, end to end: a few sweeps begun empty, then Newton until it settles."""

        def once(recycles: jax.Array) -> tuple[jax.Array, jax.Array]:
            return sweep(self.definition, ALGEBRA, recycles, feed, volume_factor)

        def gap(recycles: jax.Array) -> jax.Array:
            return once(recycles)[0] - recycles

        def step(state: tuple[jax.Array, jax.Array, int]) -> tuple[jax.Array, jax.Array, int]:
            recycles, lacks, taken = state
            recycles = recycles - jnp.linalg.solve(jax.jacfwd(gap)(recycles), lacks)
            return recycles, gap(recycles), taken + 1

        def unsettled(state: tuple[jax.Array, jax.Array, int]) -> jax.Array:
            return (jnp.abs(state[1]).max() > _SETTLED_TPH) & (state[2] < _MOST_STEPS)

        recycles = jnp.zeros(len(self.definition.recycled) * len(self.definition.components))
        for _ in range(_FIRST_SWEEPS):
            recycles = once(recycles)[0]
        recycles, _, _ = jax.lax.while_loop(unsettled, step, (recycles, gap(recycles), 0))
        return once(recycles)[1]
