"""The benchmarks compare like with like: peers give Zveno's answer. How long anything takes is not judged here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from benchmarks import cases, circuit, files, peers, plain_rules, reconcile, rules, simulate, start
from benchmarks.measure import Compared, Contender, Match, Skipped
from benchmarks.networks import bank_line
from benchmarks.recycle_networks import recycle_case, recycle_network
from benchmarks.room import DAYS, SHARED, Room, shared
from benchmarks.show import closing, lines

from zveno.reconcile import solve_network
from zveno.simulate.solve import solve

needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the folder ../shared/data with the circuit is absent")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    return Room(tmp_path_factory.mktemp("benchmarks"))


def once(match: Match) -> Compared:
    return match.measure(budget=0, least=1)


def test_names_are_unique_and_some_are_small() -> None:
    names = [one.name for one in cases.chosen()]
    assert len(set(names)) == len(names)
    small = cases.chosen(small=True)
    assert {one.name.partition(".")[0] for one in small} == {"reconcile", "simulate", "import", "rules", "phases"}
    assert [one.name for one in cases.chosen("rules.played")] == ["rules.played_days", "rules.played_month"]
    assert [one.name for one in cases.chosen("start", "simulate.solver")][-1] == "start.imports"


@pytest.mark.parametrize(
    "make",
    [
        reconcile.line(4),
        reconcile.recycles(20, 4, scipy=True),
        reconcile.batch(6, 2),
        simulate.scenarios(2, 2),
        files.records(DAYS),
        rules.restless(DAYS),
    ],
    ids=["balance", "recycles", "hours", "scenarios", "workbooks", "rules"],
)
def test_peers_give_the_same_answer(make, room: Room) -> None:
    found = once(make(room))
    assert len(found.timings) > 1
    assert {one.name: (one.agrees, one.error) for one in found.timings[1:]} == {
        one.name: (True, "") for one in found.timings[1:]
    }


def test_the_generated_line_is_a_balance_that_can_be_tested() -> None:
    result = solve_network(bank_line(12))
    assert result.dof > 20
    assert 0.01 < result.p_value < 0.99


EXTRAS = {"closure": True, "fixed": 4, "covariances": 4, "censored": 0.05}


@pytest.mark.parametrize("extras", [{}, *({key: value} for key, value in EXTRAS.items()), EXTRAS], ids=str)
def test_the_generated_flowsheet_is_true_and_can_be_reconciled(extras) -> None:
    network, truth = recycle_case(40, 4, 1, **extras)
    assert len(network.nodes) == 18
    number = {one.id: n for n, one in enumerate(network.streams)}
    flows = np.column_stack([np.ones(40), truth.assay_frac]) * truth.mass_t[:, None]
    for node in network.nodes:
        signs = np.array([(one.target == node.id) - (one.source == node.id) for one in network.streams])
        assert (signs > 0).any()
        assert (signs < 0).any()
        assert np.abs(signs @ flows).max() < 1e-9 * flows.max()
    for one in network.readings:
        true = truth.mass_t if one.quantity == "mass" else truth.assay_frac[:, int(one.quantity[1:])]
        told = one.value if one.value is not None else one.below
        assert abs(told - true[number[one.stream]]) < 6 * one.sigma or one.below is not None
    assert len(network.fixed) == extras.get("fixed", 0)
    assert len(network.covariances) == extras.get("covariances", 0)
    assert any(one.below is not None for one in network.readings) is ("censored" in extras)
    if extras.get("closure"):
        assert truth.assay_frac.sum(axis=1) == pytest.approx(np.ones(40))
    assert 0.001 < solve_network(network).p_value < 0.999


def test_a_generated_flowsheet_of_ten_thousand_streams_comes_in_seconds() -> None:
    network = recycle_network(10_000, 2, 3)
    assert len(network.streams) == 10_000
    assert len(network.nodes) == 4600
    assert recycle_network(10_000, 2, 3) == network
    recycled = sum(one.source is not None and one.target is not None and int(one.target[1:]) < int(one.source[1:])
                   for one in network.streams)  # fmt: skip
    assert recycled > 1000


def test_the_two_plain_rule_checks_agree_on_every_sort_of_episode(room: Room) -> None:
    chain = room.chain()
    span, bound = chain.period(DAYS), plain_rules.watchlist(chain.model)
    kept: list[plain_rules.Episode] = []
    for seed in range(4):
        readings = rules.wandering(chain.model, span, seed)
        found = plain_rules.loop_episodes(bound, readings)
        assert sorted(found) == sorted(plain_rules.polars_episodes(bound, readings))
        kept += found
    names = ("rule", "version", "tag", "side", "start", "end", "open", "known", "peak", "limit")
    table = pl.DataFrame(kept, orient="row", schema=names)
    assert table["rule"].n_unique() >= 4
    assert set(table["side"]) == {"high", "low"}
    assert set(table["open"]) == {True, False}
    assert (table["known"] < table["end"] - table["start"]).any()


def _match(*others: Contender) -> Match:
    return Match("numbers", (Contender("ours", lambda: 1.0), *others), lambda a, b: abs(a - b), 1e-9, "units")


def test_another_answer_and_a_failure_are_told() -> None:
    found = once(_match(Contender("near", lambda: 1.0), Contender("off", lambda: 1.5), Contender("broken", int, 1.0)))
    assert [one.agrees for one in found.timings] == [True, True, False, False]
    failed = once(_match(Contender("broken", lambda: 1 / 0)))
    assert failed.timings[1].error.startswith("ZeroDivisionError")
    assert not failed.agrees
    assert any(line.startswith("ANOTHER ANSWER") and "off" in line for line in closing({"case": found}, {}))


def test_not_a_number_is_not_the_same_answer() -> None:
    assert not once(_match(Contender("nan", lambda: float("nan")))).agrees


def test_a_failure_of_zveno_itself_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        once(Match("numbers", (Contender("ours", lambda: 1 / 0),), float.__sub__, 0.0))


def test_a_part_of_the_job_is_scaled_and_said() -> None:
    whole, part = (once(_match(Contender("peer", lambda: 1.0, share))).timings[1] for share in (1.0, 1e-6))
    assert part.best > whole.best
    found = once(_match(Contender("peer", lambda: 1.0, 0.125)))
    assert any("[12.5% done]" in line for line in lines("case", found))


def test_a_slow_contender_runs_once_and_the_others_take_turns() -> None:
    turns: list[str] = []
    slow = Contender("slow", lambda: turns.append("slow") or 1.0, once=True)
    _match(slow, Contender("quick", lambda: turns.append("quick") or 1.0)).measure(budget=0, least=3)
    assert turns == ["slow", "quick", "quick", "quick"]


def test_absent_data_is_a_reason_to_skip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("benchmarks.room.SHARED", tmp_path)
    with pytest.raises(Skipped, match="not beside the project"):
        shared("reconciliation/bil_09_concentrator4.json")


def test_what_is_made_ready_is_told_apart_and_kept_if_asked() -> None:
    calls: list[str] = []
    match = _match(
        Contender("built each time", lambda: 1.0, ready=lambda: calls.append("built")),
        Contender("compiled", lambda: 1.0, share=0.5, ready=lambda: calls.append("compiled"), keep=True),
    )
    found = match.measure(budget=0, least=3)
    assert calls == ["built", "compiled", "built", "built"]
    assert [len(one.ready_seconds) for one in found.timings] == [0, 3, 1]
    assert [len(one.cpu_seconds) for one in found.timings] == [3, 3, 3]
    assert sum("made ready" in line for line in lines("case", found)) == 2


def test_a_looser_answer_is_told_with_its_tolerance() -> None:
    found = once(
        _match(Contender("loose", lambda: 1.01, allowed=0.05), Contender("too loose", lambda: 1.1, allowed=0.05))
    )
    assert [one.agrees for one in found.timings] == [True, True, False]
    assert any("same to 0.05" in line for line in lines("case", found))


def test_a_peer_that_is_absent_is_a_reason_never_silence() -> None:
    def skip() -> None:
        raise Skipped("no module 'peer'")

    found = once(_match(Contender("peer", lambda: 1.0, ready=skip)))
    assert found.agrees
    assert any("no module 'peer'" in line for line in lines("case", found))
    assert [line for line in closing({"case": found}, {}) if "SKIPPED" in line and "peer: no module 'peer'" in line]


def test_the_headline_is_processor_time_of_the_named_peer() -> None:
    ours, peer = Contender("ours", lambda: 1.0), Contender("peer, one way", lambda: 1.0, share=1e-5)
    found = once(Match("numbers", (ours, peer), lambda a, b: abs(a - b), 0.0, headline="peer"))
    (told,) = [line for line in closing({"case": found}, {}) if line.startswith("HEADLINE")]
    assert f"{found.cpu_ratio(found.timings[1]):.3g} times less CPU per scenario than peer, one way" in told
    quicker = once(
        Match("numbers", (Contender("ours", lambda: 1.0, share=1e-10), peer), lambda a, b: a - b, 0.0, headline="peer")
    )
    assert any("times more CPU" in line for line in closing({"case": quicker}, {}))


@needs_data
def test_equations_that_peers_differentiate_are_those_of_zveno() -> None:
    definition = circuit.read(shared(circuit.DEFINITION))
    assert definition.recycled == ("M1", "M2")
    table = circuit.drawn(definition, 3)
    built = circuit.circuit_of(definition, table)
    flows = solve(built).flows
    names, last = built.ids, len(definition.links) + 1
    for row in range(3):
        returning = np.concatenate(
            [
                sum(flows[n, row] for n, one in enumerate(built.links)
                    if one.target == names.index(name) and one.source > one.target)
                for name in definition.recycled
            ]
        )  # fmt: skip
        back, products = circuit.sweep(
            definition, circuit.NUMPY, returning, table.feed_tph[row], table.volume_factor[row]
        )
        assert back == pytest.approx(returning, rel=1e-9)
        assert products == pytest.approx(flows[last:, row].ravel(), rel=1e-9)


@needs_data
def test_the_circuit_says_which_peers_are_missing(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise ImportError(f"no {name}")

    monkeypatch.setattr(peers, "import_module", refuse)
    with pytest.raises(Skipped, match=r"biosteam.*casadi.*jax.*make bench-peers"):
        peers.scenarios(2, 2)(room)


def test_imports_are_told_from_a_fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "_MODULES", ("json", "no_such_module"))
    found = start.Imports().measure(budget=0, least=1)
    assert [one.name for one in found.phases] == ["import json"]
    assert found.skipped == ("no_such_module is not installed",)
    assert any("no_such_module" in line for line in closing({"start": found}, {}))
