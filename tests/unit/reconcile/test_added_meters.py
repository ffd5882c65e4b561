"""What one more reading would buy, beside networks that have it and are solved again."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.reconcile.networks import concentrator, four_belts, row_of_units, separator, without

from zveno.model.network import NetReading, Network
from zveno.reconcile import NetworkResult
from zveno.reconcile.added_meters import Aim, added_meters
from zveno.reconcile.detectability import Watched
from zveno.reconcile.fit import fit_network
from zveno.reconcile.lasting import all_fresh


def watched(network: Network) -> Watched:
    """All that may be wrong in a network, over one period."""
    return Watched.of(network, fit_network(network), all_fresh(network).fresh)


def aims(network: Network, *streams: tuple[str, str]) -> list[Aim]:
    """Masses of components as aims."""
    result = NetworkResult(network, fit_network(network))
    found = [(one, result.sloped([(*one, 1.0)])) for one in streams]
    return [Aim("product", *one, *of, result.fit.linear) for one, of in found]


def added(network: Network, *streams: tuple[str, str]):
    """What one more reading would buy."""
    return added_meters(network, fit_network(network), watched(network), aims(network, *streams))


@pytest.mark.parametrize("network", [
    concentrator(noise=0.0), row_of_units(), four_belts(), without(concentrator(noise=0.0), ("tail", "Fe")),
])  # fmt: skip
def test_it_is_what_a_network_with_the_reading_says(network):
    """At the reconciled value the added reading moves nothing, so the slopes stay and all numbers must agree."""
    last = network.streams[-1].id
    goal = (last, "Cu" if network.components else "mass")
    result = NetworkResult(network, fit_network(network))
    tried = 0
    for one in added(network, goal):
        if one.sd is None:
            continue
        value = result.value(one.stream, one.quantity)
        reading = NetReading(one.stream, one.quantity, value, one.sd, meter="added")
        other = replace(network, readings=(*network.readings, reading))
        again = watched(other)
        shows = {member.readings[0]: (None if not shown <= member.size else shown)
                 for member, shown in zip(again.members, again.shows, strict=True) if member.kind == "reading"}  # fmt: skip
        if len(again.members) == len(watched(network).members) + 1:  # else the reading brings more hypotheses with it
            assert one.limit == pytest.approx(again.limit, rel=1e-9)
            for gain in one.readings:
                assert gain.after == (None if shows[gain.what.readings[0]] is None
                                      else pytest.approx(shows[gain.what.readings[0]], rel=1e-6))  # fmt: skip
            tried += 1
        sd = NetworkResult(other, fit_network(other)).component_flow(*goal)[1]
        assert one.aims[0].after == pytest.approx(sd, rel=1e-6)
    assert tried > 2


def test_a_reading_that_makes_the_unknown_known_comes_first():
    network = separator(("S1", 100.0, 1.0))
    *first, last = added(network, ("S2", "mass"))
    assert {one.stream for one in first} == {"S2", "S3"}
    assert (last.stream, last.read, last.aims[0].newly) == ("S1", True, False)  # it checks the reading that there is
    for one in first:
        assert (one.sd, one.aims[0].newly, one.aims[0].before, one.aims[0].after) == (None, True, None, None)
    assert added(separator(("S1", 100.0, 1.0), ("S2", 60.0, 1.0)), ("S2", "mass"))[0].aims[0].newly is False


def test_a_component_that_nobody_assays_does_not_become_known_by_another():
    network = without(concentrator(noise=0.0), ("tail", "Cu"), ("conc", "Cu"))
    found = {(one.stream, one.quantity): one for one in added(network, ("conc", "Cu"))}
    assert found["conc", "Cu"].aims[0].newly
    assert found["tail", "Cu"].aims[0].newly
    assert all(not one.aims[0].newly for name, one in found.items() if name[1] != "Cu")


def test_scales_that_are_tied_are_parted_by_a_third():
    network = separator(("S1", 100.0, 1.0), ("S2", 60.0, 1.0), ("S3", 40.0, 1.0))
    best = added(network, ("S2", "mass"))
    second = next(one for one in best if one.stream == "S2")
    assert second.read
    assert second.separated >= 1
    told = {gain.what.readings[0]: gain.named_after for gain in second.readings}
    assert told[1]
    assert not any(gain.named_before for gain in second.readings)


def test_the_order_is_by_what_counts_most_first():
    found = added(concentrator(noise=0.0), ("conc", "Cu"), ("tail", "Cu"))
    assert [one.order for one in found] == sorted(one.order for one in found)
    assert found[0].aim_gain >= max(one.aim_gain for one in found) - 0.01
    assert all(one.useful for one in found)


def test_streams_at_rest_and_hidden_ones_are_no_candidates():
    network = row_of_units()
    fit = fit_network(network)
    found = added_meters(network, fit, watched(network), [], frozenset({"m0"}))
    assert found
    assert "m0" not in {one.stream for one in found}
    assert np.all([one.relative_sd == pytest.approx(0.01) for one in found])
