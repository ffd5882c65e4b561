"""One Newton system of a large network: arrow blocks of the streams, condensed to the equations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array, vstack

from zveno.reconcile.names import Bools, Floats
from zveno.reconcile.sparse.condensed import Condensation, slopes_of_readings
from zveno.reconcile.sparse.frontal import Factors
from zveno.reconcile.sparse.layout import Layout
from zveno.reconcile.sparse.misfit import Misfit, centre_shift

_REFINEMENTS = 3
_CONVEX = 0.3
_SMALL = 1e-4
_EXACT = 1e-9


@dataclass(frozen=True)
class Curvature:
    """Arrow blocks of the streams: ``d`` of the flows, off-diagonal over ``d`` with its sign turned, rest of the mass.

    ``sigma`` (streams,) is infinite where the mass is fixed.
    """

    d: Floats
    ratio: Floats
    sigma: Floats

    def invert(self, layout: Layout, y: Floats) -> Floats:
        """``inv(H) y`` for y (variables,) or (variables, k)."""
        n_m = len(layout.mass_free)
        flow = y[n_m:]
        if y.ndim == 1:
            by_mass = layout.by_owner(self.ratio * flow)
            by_mass[layout.mass_free] += y[:n_m]
            dm = by_mass / self.sigma
            return np.concatenate([dm[layout.mass_free], flow / self.d + self.ratio * dm[layout.owner]])
        by_mass = layout.owned @ (self.ratio[:, None] * flow)
        by_mass[layout.mass_free] += y[:n_m]
        dm = by_mass / self.sigma[:, None]
        return np.concatenate([dm[layout.mass_free], flow / self.d[:, None] + self.ratio[:, None] * dm[layout.owner]])


@dataclass(frozen=True)
class System:
    """A factored system ``[H G'; G 0]``, common factors of errors included."""

    layout: Layout
    curvature: Curvature
    G: csr_array
    across: csr_array
    stiffness: csr_array
    factors: Factors
    scale: Floats
    least: Floats

    def solve(self, slope: Floats, residual: Floats) -> tuple[Floats, Floats]:
        """Step and multipliers with ``H du + G'l = -slope`` and ``G du = residual``; refined on the equations.

        Both may have several columns; multipliers of the common factors stand after those of the equations.
        """
        lift = np.zeros((self.G.shape[0] - len(residual), *residual.shape[1:]))
        wanted = np.concatenate([residual, lift])
        free = self.curvature.invert(self.layout, slope)
        l = self._condensed(-(wanted + self.G @ free))  # noqa: E741
        du = -self.curvature.invert(self.layout, slope + self.across @ l)
        rest = self._rest(wanted, du, l)
        for _ in range(_REFINEMENTS):
            size = self._size(rest, du)
            if np.max(size, initial=0.0) < _EXACT:
                break
            dl = self._condensed(-rest)
            change = -self.curvature.invert(self.layout, self.across @ dl)
            after = self._rest(wanted, du + change, l + dl)
            better = self._size(after, du) < 0.5 * size
            if not np.any(better):
                break
            du = du + np.where(better, change, 0.0)
            l = l + np.where(better, dl, 0.0)  # noqa: E741
            rest = np.where(better, after, rest)
        return du, l

    def _condensed(self, rhs: Floats) -> Floats:
        """Solve with the condensed matrix."""
        scale = self.scale if rhs.ndim == 1 else self.scale[:, None]
        return np.asarray(scale * self.factors.solve(scale * rhs))

    def _rest(self, wanted: Floats, du: Floats, l: Floats) -> Floats:  # noqa: E741
        """What the equations, and those of the common factors, still lack."""
        rest = np.asarray(wanted - self.G @ du)
        n = self.G.shape[0] - self.stiffness.shape[0]
        if n < len(rest):
            rest[n:] -= self.stiffness @ l[n:]
        return rest

    def _size(self, rest: Floats, du: Floats) -> Floats:
        """Largest residual relative to the terms of its equation, of each column."""
        terms = self.size @ np.abs(du) + (self.least if du.ndim == 1 else self.least[:, None])
        return np.asarray((np.abs(rest) / terms).max(axis=0, initial=0.0))

    @cached_property
    def size(self) -> csr_array:
        """Sizes of the coefficients of the equations."""
        return abs(self.G)


@dataclass(frozen=True)
class Barrier:
    """What bounds and the proximal term add: by variable, and by cap on free flows."""

    mass: Floats
    flow: Floats
    cap: Floats


def curvature(layout: Layout, miss: Misfit, mass: Floats, assay: Floats, barrier: Barrier, linear: bool) -> Curvature:
    """Arrow blocks at a point: in the linear stage with frozen masses, else exact where that is safely positive.

    A stream whose exact block is not gets its Gauss-Newton block, which is flat where the stream shrinks as a whole.
    What the common factors take away again from correlated readings does not count as safe.
    """
    free = layout.n_streams + layout.flow_free
    x, shift = assay[layout.flow_free], centre_shift(layout, miss, frozen=linear)[free]
    h = miss.curve[free] / mass[layout.owner] ** 2
    d, ratio, sigma = _blocks(layout, miss.curve, h, x - shift if linear else x + shift, barrier)
    if not linear:
        exact = sigma - layout.by_owner(h * shift**2)
        unsafe = exact < _CONVEX * sigma
        if len(layout.readings.tied.number):
            unsafe |= _unsafe_together(layout, miss, mass, x, barrier)
        if unsafe.any():
            _, flat_ratio, flat = _blocks(layout, miss.curve, h, x, barrier)
            ratio = np.where(unsafe[layout.owner], flat_ratio, ratio)
            exact = np.where(unsafe, flat, exact)
        sigma = exact
    sigma[~np.isnan(layout.mass_fixed)] = np.inf
    return Curvature(d, ratio, sigma)


def _unsafe_together(layout: Layout, miss: Misfit, mass: Floats, x: Floats, barrier: Barrier) -> Bools:
    """Streams whose exact blocks are not safe with the least curvature that correlated readings leave, (streams,)."""
    tied = layout.readings.tied
    lost = np.bincount(layout.readings.of[tied.number], 1 / tied.own - tied.least, minlength=layout.n_quantities)
    curve = np.where(lost > 0, np.maximum(miss.curve - lost, 0.0), miss.curve)
    free = layout.n_streams + layout.flow_free
    shift = np.divide(miss.slope, curve, out=np.zeros_like(curve), where=curve > 0)[free]
    h = curve[free] / mass[layout.owner] ** 2
    _, _, sigma = _blocks(layout, curve, h, x + shift, barrier)
    return np.asarray(sigma - layout.by_owner(h * shift**2) < _CONVEX * sigma)


def _blocks(layout: Layout, curve: Floats, h: Floats, x: Floats, barrier: Barrier) -> tuple[Floats, Floats, Floats]:
    """Diagonal of the flows, ratio, and what is left for the mass; without cancellation."""
    total, b, g = layout.assay_total, barrier.flow, barrier.cap
    d = h + b + g
    left = (x**2 * h * b + g * (h * (total - x) ** 2 + total**2 * b)) / d
    sigma = curve[: layout.n_streams] + barrier.mass + layout.by_owner(left)
    return d, (x * h + total * g) / d, sigma


def system(analysed: Condensation, curved: Curvature, u: Floats, point: tuple[Floats, Floats]) -> System:
    """Condense and factor."""
    layout = analysed.layout
    G = extended(layout, point)
    factors, scale = analysed.factor(*scaled(analysed, G, curved))
    stiffness = layout.readings.tied.stiffness
    least = _SMALL * (abs(G) @ np.abs(u)) + 1e-300
    return System(layout, curved, G, G.T.tocsr(), stiffness, factors, scale, least)


def scaled(analysed: Condensation, G: csr_array, curved: Curvature) -> tuple[Floats, Floats]:
    """Entries ``E`` of touches and flows whose products ``E E'`` make the condensed matrix."""
    masses, flows = analysed.constant if G is analysed.layout.G else analysed.entries(G)
    column = analysed.flow_column
    along = masses + np.bincount(analysed.flow_touch, flows * curved.ratio[column], minlength=len(masses))
    return along / np.sqrt(curved.sigma[analysed.touch_stream]), flows / np.sqrt(curved.d[column])


def extended(layout: Layout, point: tuple[Floats, Floats]) -> csr_array:
    """Equations, and what each common factor of errors pulls at."""
    tied = layout.readings.tied
    if not len(tied.number):
        return layout.G
    slopes = slopes_of_readings(layout, layout.readings.of[tied.number], point)
    return csr_array(vstack([layout.G, tied.pull.T @ slopes]))
