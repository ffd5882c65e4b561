"""The fit of a network with wet masses and moistures, in terms of the readings as they were taken."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cholesky, qr

from zveno.model.network import MOISTURE, WATER, WET_MASS, Network
from zveno.reconcile.arrays import Floats, Ints, Names, Problem
from zveno.reconcile.fit import Fit, held_quantities
from zveno.reconcile.moisture import Solved, WetStream, by_reading, covariance_of, solve_water, wet_streams
from zveno.reconcile.objective import Misfit, data_of
from zveno.reconcile.observability import Linear, null_space, scales, split

_ALONE = 1e-12
_DRIEST = 1e-3


def fit_wet(network: Network) -> Fit:
    """Solve a network with wet masses and moistures among its readings.

    In the fit the wet masses of the wet streams and then their moistures are further quantities after the assays of
    all pairs, in ``assay``, in ``linear.slopes`` and in ``problem.reading_of``; their water is a further variable each.

    Raises
    ------
    DataError, SolveError
        As ``solve_water`` does.
    """
    streams = wet_streams(network)
    solved = solve_water(network)
    fit, water = solved.fit, solved.water
    covariance = covariance_of(network).toarray()
    sigma = np.sqrt(np.diag(covariance))
    problem = replace(
        fit.problem,
        reading_of=_reading_of(network, streams, fit.problem),
        value=np.array([one.value if one.value is not None else one.below for one in network.readings], dtype=float),
        sigma=sigma,
        censored=np.array([one.below is not None for one in network.readings], dtype=bool),
        correlation=covariance / np.outer(sigma, sigma) if network.covariances else None,
    )
    linear = _linearise(fit, problem, _Wet(streams, solved), covariance)
    stand = np.concatenate(
        [held_quantities(fit.problem, fit.active[None])[0], np.zeros(len(streams), dtype=bool), water.none]
    )
    slope = solved.made.T @ by_reading(fit) + solved.slope_beside
    nothing = np.zeros((1, 0))
    miss = Misfit(np.zeros(1), nothing, nothing, slope[None], nothing)
    return replace(
        fit,
        problem=replace(problem, G=np.hstack([problem.G, np.zeros((len(problem.G), len(streams)))])),
        data=data_of(problem, problem.value[None], sigma[None]),
        assay=np.concatenate([fit.assay, water.wet_t, water.moisture_frac]),
        linear=linear,
        miss=miss,
        held=stand,
        objective=fit.objective + solved.beside,
    )


@dataclass(frozen=True)
class _Wet:
    """Wet streams and where their water stands."""

    streams: tuple[WetStream, ...]
    solved: Solved

    @property
    def at(self) -> Ints:
        """Number of the stream of each."""
        return np.array([one.at for one in self.streams], dtype=np.int64)

    def slopes(self, dry: Floats) -> Floats:
        """Slopes of wet masses and moistures by all variables, of which water comes last; ``dry`` those of masses."""
        w, h = self.solved.water.wet_t[:, None], self.solved.water.moisture_frac[:, None]
        own = np.eye(len(self.streams))
        return np.vstack([np.hstack([dry, own]), np.hstack([-h / w * dry, (1 - h) / w * own])])

    def known(self, dry: Floats) -> Floats:
        """Equations of wet masses and moistures that are known exactly."""
        both = self.slopes(dry)
        n = len(self.streams)
        rows = [k for k, one in enumerate(self.streams) if one.known_wet is not None]
        rows += [n + k for k, one in enumerate(self.streams) if one.known_moist is not None]
        return both[rows]


def _reading_of(network: Network, streams: tuple[WetStream, ...], problem: Problem) -> Ints:
    """Quantity of each reading as taken."""
    names = Names(network)
    place = {one.stream: problem.n_quantities + k for k, one in enumerate(streams)}
    shift = {WET_MASS: 0, MOISTURE: len(streams)}
    found = [
        place[one.stream] + shift[one.quantity] if one.quantity in WATER else names.quantity(one.stream, one.quantity)
        for one in network.readings
    ]
    return np.array(found, dtype=np.int64)


def _linearise(fit: Fit, problem: Problem, wet: _Wet, covariance: Floats) -> Linear:
    """Linearise in masses, flows and the water of each wet stream, with the readings as taken."""
    count = len(wet.streams)
    plain = fit.linear.slopes
    dry = plain[wet.at]
    slopes = np.vstack([np.hstack([plain, np.zeros((len(plain), count))]), wet.slopes(dry)])
    usual = np.where(fit.closed, 1.0, fit.mass)[None]
    by_quantity = scales(fit.problem, usual, fit.assay[None])[1][0]
    w, h = wet.solved.water.wet_t, np.maximum(wet.solved.water.moisture_frac, _DRIEST)
    scale = np.concatenate([fit.linear.scale, w * h])
    read_scale = np.concatenate([by_quantity, w, h])
    equations = np.hstack([fit.problem.G, np.zeros((len(fit.problem.G), count))])
    known = wet.known(dry)
    null = null_space(_independent(np.vstack([equations, known]) * scale))
    used = np.flatnonzero(~problem.censored)
    of = problem.reading_of[used]
    rows = slopes[of]
    seen, hidden, leverage = split(rows * scale / read_scale[of, None] @ null)
    return Linear(
        used=used, of=of, slopes=slopes, scale=scale, seen=null @ seen, hidden=null @ hidden, rows=rows,
        root=cholesky(covariance[np.ix_(used, used)], lower=True), redundant=1 - leverage > _ALONE,
    )  # fmt: skip


def _independent(rows: Floats) -> Floats:
    """Rows that do not follow from the others."""
    if len(rows) == 0:
        return rows
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1), 1e-300)[:, None]
    _, R, order = qr(rows.T, mode="economic", pivoting=True)
    return np.asarray(rows[np.sort(order[: int(np.sum(np.abs(np.diag(R)) > 1e-10))])])
