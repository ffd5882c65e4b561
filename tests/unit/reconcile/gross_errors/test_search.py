"""Suspects: found, grouped where they cannot be told apart, set aside one class at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.reconcile.networks import biased, concentrator, row_of_units, separator, without

from zveno.errors import DataError
from zveno.model.network import NetNode, NetReading, NetStream, Network
from zveno.reconcile import Scrutiny, solve_network
from zveno.reconcile.gross_errors import critical_z
from zveno.reconcile.gross_errors.critical import limit_of


def names(group):
    return {(one.stream, one.quantity) for one in group.suspects}


def chain(*factors: float) -> Network:
    """The row of units with wrong scales."""
    network = row_of_units()
    for name, factor in zip(("m2", "s4"), factors, strict=False):
        network = biased(network, name, "mass", factor)
    return network


def test_clean_readings_have_no_suspects():
    result = solve_network(concentrator(0, noise=0.5))
    assert (result.suspect_classes, result.eliminations) == ((), ())


def test_a_single_bias_is_named_with_its_size():
    result = solve_network(chain(1.08))
    top = result.suspect_classes[0]
    assert names(top) == {("m2", "mass")}
    assert top.suspects[0].bias == pytest.approx(0.08 * 800, rel=1e-9)
    assert [names(step.set_aside) for step in result.eliminations] == [{("m2", "mass")}]
    assert result.eliminations[0].objective == pytest.approx(0, abs=1e-9)


def test_two_biases_are_set_aside_one_after_the_other():
    result = solve_network(chain(1.10, 0.80))
    assert {name for step in result.eliminations for name in names(step.set_aside)} == {("m2", "mass"), ("s4", "mass")}
    assert len(result.eliminations) == 2
    assert result.eliminations[-1].p_value > 0.99


def test_published_values_use_every_reading_whatever_is_suspect():
    network = chain(1.10)
    result = solve_network(network)
    assert len(result.readings) == len(network.readings)
    assert result.objective > 10
    assert result.value("m2", "mass") > 800.5


def test_readings_of_one_equation_are_one_class_and_never_one_name():
    result = solve_network(separator(("S1", 12.0, 0.1), ("S2", 6.0, 0.1), ("S3", 4.0, 0.1)))
    (group,) = result.suspect_classes
    assert names(group) == {("S1", "mass"), ("S2", "mass"), ("S3", "mass")}
    assert sorted(one.bias for one in group.suspects) == pytest.approx([-2, -2, 2])
    assert result.eliminations[0].dof == 0
    assert result.eliminations[0].p_value is None


def test_copper_alone_ties_the_suspects_and_the_check_named_separates_them():
    readings = tuple(one for one in concentrator(0, noise=0).readings if one.quantity in ("mass", "Cu"))
    streams = (NetStream("feed", None, "mill"), NetStream("conc", "mill", None), NetStream("tail", "mill", "pond"),
               NetStream("spill", "pond", None), NetStream("dam", "pond", None))  # fmt: skip
    more = (NetReading("spill", "mass", 60.0, 0.6), NetReading("spill", "Cu", 0.0021, 4e-5))
    network = Network((NetNode("mill"), NetNode("pond")), streams, (*readings, *more), ("Cu",))
    network = biased(network, "feed", "mass", 1.2)
    result = solve_network(network)
    group = result.suspect_classes[0]
    assert {("feed", "mass"), ("conc", "Cu"), ("tail", "Cu")} <= names(group)
    check = group.checks[0]
    assert check not in {(one.stream, one.quantity) for one in network.readings}
    value = result.value(*check)
    measured = replace(network, readings=(*network.readings, NetReading(*check, value, 0.01 * value)))
    after = solve_network(measured)
    correlation = np.nan_to_num(after.fit.tests.correlation)
    used = [(network.readings + measured.readings[-1:])[n] for n in after.fit.linear.used]
    rows = [k for k, one in enumerate(used) if (one.stream, one.quantity) in names(group)]
    assert np.abs(correlation[np.ix_(rows, rows)]).min() < 0.99
    assert set(result.suspect_classes[0].checks) == {("tail", "mass"), ("dam", "mass"), ("dam", "Cu")}


def test_sulphur_and_iron_separate_what_copper_alone_ties():
    network = biased(concentrator(0, noise=0), "feed", "mass", 1.15)
    copper = replace(network, components=("Cu",),
                     readings=tuple(one for one in network.readings if one.quantity in ("mass", "Cu")))  # fmt: skip
    tied, told = solve_network(copper).suspect_classes[0], solve_network(network).suspect_classes[0]
    assert ("feed", "mass") in names(tied)
    assert ("feed", "mass") in names(told)
    assert len(tied.suspects) > len(told.suspects)


def test_false_alarms_stay_near_five_per_cent():
    alarms = sum(bool(solve_network(concentrator(seed)).suspect_classes) for seed in range(200))
    # global test and single tests each at 5 %, so between 5 and 10 %; 200 draws scatter by 2 %
    assert 4 <= alarms <= 28


def test_critical_value_grows_with_the_number_of_readings():
    assert critical_z(1) == pytest.approx(1.96, abs=0.001)
    assert critical_z(50) > critical_z(10) > critical_z(1)


def test_without_redundancy_nothing_is_accused():
    result = solve_network(without(separator(("S1", 9.0, 0.1), ("S2", 20.0, 0.1)), ("S2", "mass")))
    assert (result.dof, result.p_value, result.suspect_classes) == (0, None, ())


def test_an_assay_beyond_the_possible_accuses_nobody():
    """A loss that is all copper reads 100.5 %: the bound holds it, and its distance is no test."""
    streams = (NetStream("anode", None, "cells"), NetStream("cathode", "cells", None), NetStream("loss", "cells", None))
    readings = (
        NetReading("anode", "mass", 100.0, 0.1), NetReading("cathode", "mass", 95.0, 0.1), NetReading("loss", "mass", 5.0, 1.0),
        NetReading("anode", "Cu", 0.99, 0.001), NetReading("cathode", "Cu", 0.9895, 0.001), NetReading("loss", "Cu", 1.005, 0.01),
    )  # fmt: skip
    result = solve_network(Network((NetNode("cells"),), streams, readings, components=("Cu",)))
    held = {one.quantity: one for one in result.readings if one.stream == "loss"}["Cu"]
    assert held.reconciled == pytest.approx(1.0, abs=1e-6)
    assert held.z is None
    assert not result.suspect_classes


# ---- several errors together -------------------------------------------------------------------------------------


def test_sizes_of_two_biases_are_estimated_together():
    found = {one.stream: one for one in solve_network(chain(1.10, 0.80)).gross_errors.errors}
    assert set(found) == {"m2", "s4"}
    # the readings are exact apart from the two errors, so both sizes are too
    assert found["m2"].bias == pytest.approx(80.0, rel=1e-6)
    assert found["s4"].bias == pytest.approx(-20.0, rel=1e-6)
    assert found["m2"].relative == pytest.approx(80 / 880)
    for one in found.values():
        assert one.z == pytest.approx(one.bias / one.bias_sd)


def test_what_later_errors_explain_is_taken_back():
    """Two scales 10 % high and one side scale 10 % low look at first like an error of the scale between them."""
    network = row_of_units()
    for name, factor in (("m0", 1.1), ("m3", 1.1), ("s3", 0.9)):
        network = biased(network, name, "mass", factor)
    result = solve_network(network)
    steps = [
        (step.action, {one.stream for one in step.set_aside.suspects} & {"s3", "m0", "m3"})
        for step in result.eliminations
    ]
    assert steps == [("set aside", {"s3"}), ("set aside", {"m0"}), ("set aside", {"m3"}), ("taken back", {"s3"})]
    assert {one.stream for one in result.gross_errors.errors} == {"m0", "m3"}
    # the objective rises by what the error taken back had explained, which chance explains as well
    assert 0 < result.eliminations[-1].objective - result.eliminations[-2].objective < 1.96**2


def test_the_search_keeps_the_numbers_that_readings_had():
    for group in (step.set_aside for step in solve_network(chain(1.10, 0.80)).eliminations):
        for one in group.suspects:
            reading = row_of_units().readings[one.reading]
            assert (reading.stream, reading.quantity) == (one.stream, one.quantity)


# ---- how many tests there are ------------------------------------------------------------------------------------


def test_readings_that_cannot_be_told_apart_count_as_one_test():
    network = separator(("S1", 12.0, 0.1), ("S2", 6.0, 0.1), ("S3", 4.0, 0.1))
    assert solve_network(network).gross_errors.limit == pytest.approx(1.96, abs=1e-3)


@pytest.mark.parametrize("correction", ["sidak", "bonferroni", "fdr"])
def test_each_correction_names_a_clear_bias(correction):
    found = solve_network(chain(1.10), Scrutiny(correction=correction))
    assert ("m2", "mass") in names(found.suspect_classes[0])


def test_fdr_lets_more_pass_where_much_is_loud():
    loud = np.array([6.0, 5.5, 5.0, 2.5, 0.3])
    assert limit_of(loud, "fdr") < 2.5 < limit_of(loud, "sidak")
    assert limit_of(loud / 10, "fdr") == pytest.approx(critical_z(5, "bonferroni"))


def test_a_choice_that_is_none_is_refused():
    with pytest.raises(DataError, match="choose sidak, bonferroni, fdr"):
        Scrutiny(correction="tukey")
    with pytest.raises(DataError, match="choose huber, hampel"):
        Scrutiny(robust="cauchy")
