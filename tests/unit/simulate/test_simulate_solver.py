"""The plan, the accelerators and the inner solve, each by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from zveno import example, load
from zveno.simulate.accelerate import fixed_point
from zveno.simulate.basis import basis_of
from zveno.simulate.build import build
from zveno.simulate.plan import Link, Part, plan
from zveno.simulate.scenario import read_scenarios
from zveno.simulate.solve import Circuit, solve
from zveno.simulate.units.mixer import Mixer
from zveno.simulate.units.regrind import Regrind
from zveno.simulate.units.splitter import Splitter


def joined(*pairs: tuple[int, int]) -> list[Link]:
    return [Link(a, 0, b) for a, b in pairs]


def test_parts_follow_the_flow():
    parts = plan(4, joined((3, 1), (1, 0), (0, 1), (0, 2)))
    assert [part.units for part in parts] == [(3,), (0, 1), (2,)]
    assert parts[1].tears
    assert parts[0] == Part((3,), ())


def test_two_loops_through_one_unit_need_one_tear():
    parts = plan(5, joined((0, 1), (1, 0), (0, 2), (2, 3), (3, 0), (3, 4)))
    assert parts[0].tears == (0,)


def test_a_unit_that_feeds_itself_is_a_tear():
    assert plan(2, joined((0, 0), (0, 1)))[0] == Part((0,), (0,))


def test_every_loop_is_torn():
    rng = np.random.default_rng(3)
    for _ in range(30):
        pairs = [(int(a), int(b)) for a, b in rng.integers(0, 9, (16, 2))]
        for part in plan(9, joined(*pairs)):
            place = {unit: n for n, unit in enumerate(part.units)}
            inside = [(a, b) for a, b in pairs if a in place and b in place and b not in part.tears]
            assert all(place[a] < place[b] for a, b in inside)


@dataclass(frozen=True)
class Map:
    """z = matrix z + shift, or something worse."""

    slope: np.ndarray
    kind: str = "linear"

    def step(self, unknowns):
        if self.kind == "runaway":
            return unknowns + 1
        if self.kind == "bent":
            return self.slope[:, :1] * np.abs(unknowns) + np.cos(unknowns) + 1
        return np.einsum("sij,sj->si", self.slope, unknowns) + 1

    def take(self, rows):
        return Map(self.slope[rows], self.kind)


def test_accelerator_solves_what_substitution_blows_up():
    rng = np.random.default_rng(0)
    slope = rng.normal(0, 3, (40, 6, 6))
    found = fixed_point(Map(slope), np.zeros((40, 6)), tolerance=1e-10, iterations=60)
    assert found.converged.all()
    wanted = np.linalg.solve(np.eye(6) - slope, np.ones((40, 6, 1)))[..., 0]
    assert found.unknowns == pytest.approx(wanted, rel=1e-6, abs=1e-6)


def test_accelerator_solves_kinked_maps():
    slope = -np.linspace(0.5, 60, 25)[:, None]
    found = fixed_point(Map(slope, "bent"), np.full((25, 1), 5.0), tolerance=1e-10, iterations=60)
    assert found.converged.all()
    assert Map(slope, "bent").step(found.unknowns) == pytest.approx(found.unknowns, abs=1e-8)


def test_accelerator_says_when_there_is_no_answer():
    found = fixed_point(Map(np.zeros((3, 2, 2)), "runaway"), np.zeros((3, 2)), tolerance=1e-10, iterations=20)
    assert not found.converged.any()
    assert found.residual == pytest.approx(1.0)
    assert (found.iterations >= 40).all()


def test_nothing_to_iterate_is_settled():
    found = fixed_point(Map(np.zeros((3, 0, 0))), np.zeros((3, 0)), tolerance=1e-10, iterations=20)
    assert found.converged.all()
    assert (found.residual == 0).all()


def test_linear_loop_with_conversion_is_exact():
    """Regrind in a loop, half of it returned: each class by the geometric series."""
    basis = basis_of(
        [("bornite", "fast"), ("bornite", "slow"), ("quartz", "non")],
        sg=[5.0, 5.0, 2.6],
        k_per_min=[0.6, 0.05, 0.0],
        groups=["cu_sulphide", "cu_sulphide", "gangue"],
    )
    units = (Mixer(water_t_t=0.5), Regrind(slow_to_fast=0.4, gangue_to_non=0.5), Splitter(share_b=0.5))
    links = (Link(-1, 0, 0), Link(0, 0, 1), Link(1, 0, 2), Link(2, 1, 0), Link(2, 0, -1))
    feed = np.array([[1.0, 10.0, 89.0, 50.0]])
    found = solve(Circuit(basis, ("sump", "mill", "box"), units, links, {0: feed}, ("base",)))
    slow = 10 * 0.6 / 2 / (1 - 0.6 / 2)
    product = found.flows[-1, 0]
    assert product == pytest.approx([11 - slow, slow, 89.0, 50 + 0.5 * 200], rel=1e-13)
    assert found.iterations[0] == 0


def test_the_start_of_the_loop_does_not_matter():
    """The same circuit with its units listed in another order is torn elsewhere and gives the same flows."""
    basis = basis_of([("quartz", "non")], sg=[2.6], k_per_min=[0.0], groups=["gangue"])
    units = (Mixer(), Splitter(share_b=0.9), Splitter(share_b=0.7), Mixer())
    links = [Link(-1, 0, 0), Link(0, 0, 1), Link(1, 1, 2), Link(2, 1, 3), Link(3, 0, 0), Link(1, 0, -1), Link(2, 0, 3)]
    feed = np.array([[7.0, 3.0]])

    def flows(order: list[int]) -> np.ndarray:
        at = {old: new for new, old in enumerate(order)} | {-1: -1}
        moved = tuple(Link(at[one.source], one.outlet, at[one.target]) for one in links)
        circuit = Circuit(basis, tuple("abcd"), tuple(units[one] for one in order), moved, {0: feed}, ("base",))
        return solve(circuit).flows

    assert flows([3, 2, 1, 0]) == pytest.approx(flows([0, 1, 2, 3]), rel=1e-12)


def test_lines_alike_solved_together_give_what_each_gives_alone() -> None:
    """Ten lines differ in feed and in parameters; as rows of one problem they must not feel one another."""
    model = load(example("zhez_balkhash")).model
    rng = np.random.default_rng(4)
    cases = {
        f"case {n}": {
            "zhez_conc.line2.mill.p80_um": float(rng.uniform(90, 130)),
            "zhez_conc.line5.cleaner1.cell_m3": float(rng.uniform(10, 20)),
            "balk_conc.line3.rougher.ph": float(rng.uniform(9, 11)),
        }
        for n in range(3)
    }
    circuit = build(model, read_scenarios(model, cases, None, None))[0].circuit
    together = solve(circuit)
    assert max(len(group) for group in circuit.groups) == 10
    apart = circuit.take(np.arange(3))
    apart.__dict__["groups"] = tuple((part,) for part in apart.parts)
    alone = solve(apart)
    assert together.converged.all()
    for n in range(len(circuit.links)):
        assert together.streams.of(n) == pytest.approx(alone.streams.of(n), rel=1e-9, abs=1e-10)
    for one, other in zip(together.reports, alone.reports, strict=True):
        assert one.keys() == other.keys()
        for name, (values, _) in one.items():
            assert np.broadcast_to(values, (3,)) == pytest.approx(
                np.broadcast_to(other[name][0], (3,)), rel=1e-7, abs=1e-9
            )
