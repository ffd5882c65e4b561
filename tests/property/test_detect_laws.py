"""Laws of what meters can show: months and added readings never make anything worse."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri
from tests.property.test_reconcile_laws import networks

from zveno.errors import SolveError
from zveno.model.network import Network
from zveno.reconcile import NetworkResult
from zveno.reconcile.added_meters import Aim, added_meters
from zveno.reconcile.detectability import Watched
from zveno.reconcile.fit import Fit, fit_network
from zveno.reconcile.lasting import ErrorParts, all_fresh

POWER_Z = float(ndtri(0.8))
_SLACK = 1 + 1e-6


def solved(network: Network) -> Fit | None:
    """The solution, if there is one."""
    try:
        return fit_network(network)
    except SolveError:
        return None


@settings(max_examples=40, deadline=None)
@given(networks(), st.floats(0.0, 0.9))
def test_more_months_never_hide_an_error(network, share):
    fit = solved(network)
    if fit is None:
        return
    whole = all_fresh(network).fresh
    parts = ErrorParts((1 - share) * whole, share * whole, np.zeros_like(whole))
    few, many = (Watched.of(network, fit, parts.over(n)) for n in (1, 12))
    assert not np.any(few.tested & ~many.tested)
    seen = few.tested
    assert np.all(many.sd[seen] <= few.sd[seen] * _SLACK)
    assert np.all(many.sd[seen] >= np.sqrt(share) * few.sd[seen] / _SLACK)


@settings(max_examples=40, deadline=None)
@given(networks())
def test_an_added_reading_never_makes_anything_worse(network):
    fit = solved(network)
    if fit is None:
        return
    result, watched = NetworkResult(network, fit), Watched.of(network, fit, all_fresh(network).fresh)
    aims = [Aim("product", one.id, "Cu", *result.sloped([(one.id, "Cu", 1.0)]), fit.linear) for one in network.streams]
    for one in added_meters(network, fit, watched, aims):
        assert one.separated >= 0
        for gain in one.aims:
            if gain.before is not None:
                assert gain.after <= gain.before * _SLACK
                assert not gain.newly
        for gain in one.readings:
            if gain.before is not None and gain.after is not None:  # at the limits that hold before and after
                sds = gain.before / (watched.limit + POWER_Z), gain.after / (one.limit + POWER_Z)
                assert sds[1] <= sds[0] * _SLACK
