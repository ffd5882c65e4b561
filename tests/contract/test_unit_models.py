"""Every unit model conserves mass, stands zero feed, describes itself and is documented."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from zveno.cli.simulated import REPORTED
from zveno.quantities import uom_of
from zveno.simulate import UNIT_MODELS, unit_model_schemas
from zveno.simulate.basis import Basis, basis_of, element_basis
from zveno.simulate.units import UNIT_PARAMETERS, ElementUnit, Parameter, Table, UnitModel

GROUPS = {
    "bornite": "cu_sulphide",
    "malachite": "cu_oxide",
    "galena": "sulphide",
    "pyrite": "pyrite",
    "quartz": "gangue",
}
CLASSES = ("fast", "slow", "non")
BASIS = basis_of(
    [(mineral, name) for mineral in GROUPS for name in CLASSES],
    sg=np.repeat([5.0, 4.0, 7.5, 5.0, 2.65], 3),
    k_per_min=np.tile([0.6, 0.05, 0.0], 5),
    groups=np.repeat(list(GROUPS.values()), 3),
)
ELEMENTS = element_basis("Cu", "Fe", "S", "Si", "Ca", "Al", "Zn", "Pb", "Ag", "C", "H", "N", "O", "other")
SIEVES = [300.0, 106.0]
SIZED = basis_of(
    [(mineral, name) for mineral in GROUPS for name in CLASSES for _ in range(3)],
    sg=np.repeat([5.0, 4.0, 7.5, 5.0, 2.65], 9),
    k_per_min=np.tile(np.repeat([0.6, 0.05, 0.0], 3), 5),
    groups=np.repeat(list(GROUPS.values()), 9),
    sizes=(SIEVES, np.tile([0, 1, 2], 15)),
)
BY_SIZE = " by size"
HOW_TO = Path(__file__).parents[2] / "docs/how-to/add-a-unit-model.md"


PAGE = "magnetic_separator"


@pytest.fixture(scope="module", autouse=True)
def model_of_the_page() -> Iterator[None]:
    """The unit model that the how-to page writes, added as it adds it: exactly the code that a reader sees."""
    code = re.search(r"```python\n(.*?)```", HOW_TO.read_text(), re.DOTALL)[1]
    module = ModuleType("our_models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "our_models", module)
        exec(compile(code, str(HOW_TO), "exec"), module.__dict__)
        yield
    del UNIT_MODELS[PAGE], UNIT_PARAMETERS[PAGE]


DRAWS = 40
MINERAL_MODELS = [*(one for one, model in UNIT_MODELS.items() if not issubclass(model, ElementUnit)), PAGE]
CASES = [*UNIT_MODELS, PAGE, *(f"{one}{BY_SIZE}" for one in MINERAL_MODELS)]
EXTENSIVE = {
    "bank": ["cell_m3"], "perfect_mixing_mill": ["pulp_m3"], "reid_mill": ["pulp_m3"], "plitt_cyclone": ["cyclones"],
    "nageswararao_cyclone": ["cyclones"], "column": ["columns"],
}  # fmt: skip
every_model = pytest.mark.parametrize("name", CASES)


def drawn(case: str, rng: np.random.Generator) -> UnitModel:
    """A unit with every parameter drawn from its range; those that do not fit together are drawn again."""
    name = case.removesuffix(BY_SIZE)
    while True:
        values = {one.name: _value(one, rng) for one in UNIT_PARAMETERS[name] if not one.table}
        unit = UNIT_MODELS[name](**values)
        if isinstance(unit, ElementUnit):
            unit = equipped(unit, rng)
        if not unit.conflict():
            return unit


def equipped(unit: ElementUnit, rng: np.random.Generator) -> ElementUnit:
    """With something at its inlets, or not, and a table of deportment, or none."""
    made = rng.dirichlet(np.ones(len(ELEMENTS) - 1), len(unit.inlets)) * (rng.random((len(unit.inlets), 1)) < 0.8)
    supplies = np.concatenate([made, np.zeros((len(made), 1))], axis=1)[None] if made.any() else None
    shares = rng.dirichlet(np.ones(len(unit.words)), 3).T[None] if unit.words and rng.random() < 0.7 else None
    table = None if shares is None else Table(("Zn", "Pb", "Ag"), shares)
    return replace(unit, supplies=supplies, deportment=table)


def basis(case: str) -> Basis:
    """Elements for those that share out elements, minerals for the others, with size classes or without."""
    if case.endswith(BY_SIZE):
        return SIZED
    return ELEMENTS if issubclass(UNIT_MODELS[case], ElementUnit) else BASIS


def _value(one: Parameter, rng: np.random.Generator) -> object:
    if one.choices:
        return str(rng.choice(one.choices))
    if rng.random() < 0.1:
        return one.low
    high = one.high if np.isfinite(one.high) else max(abs(one.low), 1.0) * 100
    return float(rng.uniform(one.low, high)) if rng.random() < 0.8 else high


def feeds(rng: np.random.Generator, name: str) -> np.ndarray:
    """Feeds from dry to thin, some with components missing."""
    count = len(basis(name)) - 1
    solids = rng.lognormal(0, 2, (6, count)) * (rng.random((6, count)) < 0.8)
    water = solids.sum(axis=1, keepdims=True) * rng.choice([0.0, 0.03, 0.5, 2.0, 50.0], (6, 1))
    return np.concatenate([solids, water], axis=1)


def minerals(flow: np.ndarray, name: str) -> np.ndarray:
    """Mass by element, or by mineral, classes together."""
    if basis(name) is ELEMENTS:
        return flow[:, :-1]
    return flow[:, :-1].reshape(len(flow), len(GROUPS), -1).sum(axis=2)


@every_model
def test_mass_is_conserved_for_any_parameters(name):
    rng = np.random.default_rng(12)
    for _ in range(DRAWS):
        unit, feed = drawn(name, rng), feeds(rng, name)
        drivers = unit.observe(feed, basis(name))
        asked = unit.requested(drivers, basis(name))
        entering = feed if asked is None else feed + asked.sum(axis=1)
        products = unit.run(feed, basis(name))
        assert tuple(products) == unit.outlets
        assert all((one >= 0).all() for one in products.values())
        total = sum(products.values())
        assert minerals(total, name) == pytest.approx(minerals(entering, name), rel=1e-12, abs=1e-13)
        added = unit.water_added(drivers)
        water = feed[:, -1] + (0 if added is None else added * basis(name).solids(feed))
        assert total[:, -1] == pytest.approx(water, rel=1e-12)


@every_model
def test_shares_and_conversions_are_sound_for_any_drivers(name):
    """Not only for the drivers that fit the feed: an iteration may ask for others."""
    rng = np.random.default_rng(5)
    for _ in range(DRAWS):
        unit = drawn(name, rng)
        low = np.array([one.low for one in unit.drivers])
        high = np.array([min(one.high, 1e4) for one in unit.drivers])
        drivers = rng.uniform(low, high, (7, len(unit.drivers)))
        split = unit.split(drivers, basis(name))
        assert ((split >= 0) & (split <= 1)).all()
        assert split.sum(axis=1) == pytest.approx(1.0, rel=1e-14)
        conversion = unit.convert(drivers, basis(name))
        if conversion is not None:
            matrix = conversion.matrix(len(basis(name)))
            assert (matrix >= 0).all()
            assert matrix.sum(axis=1) == pytest.approx(1.0, rel=1e-14)
            assert (matrix[:, -1, :-1] == 0).all()
            assert (conversion.source != conversion.target).all()
            pairs = list(zip(conversion.source.tolist(), conversion.target.tolist(), strict=True))
            assert len(set(pairs)) == len(pairs)


@pytest.mark.parametrize("name", [one for one, model in UNIT_MODELS.items() if issubclass(model, ElementUnit)])
def test_twice_the_feed_of_a_smelter_unit_gives_twice_the_products_of_each_element(name):
    """Shares depend on what a feed is made of, not on how much there is of it; cold charge alone hangs on heat lost."""
    rng = np.random.default_rng(21)
    for _ in range(DRAWS):
        unit, feed = drawn(name, rng), feeds(rng, name)
        if getattr(unit, "heat", "none") != "none":
            unit = replace(unit, heat="none")
        once, scaled = unit.run(feed, ELEMENTS), unit.run(2.5 * feed, ELEMENTS)
        asked = unit.requested(unit.observe(feed, ELEMENTS), ELEMENTS)
        entering = feed if asked is None else feed + asked.sum(axis=1)
        assert sum(once.values()) == pytest.approx(entering, rel=1e-12, abs=1e-13)
        for outlet, flow in once.items():
            assert scaled[outlet] == pytest.approx(2.5 * flow, rel=1e-9, abs=1e-11)


@pytest.mark.parametrize("name", [*MINERAL_MODELS, *(f"{one}{BY_SIZE}" for one in MINERAL_MODELS)])
def test_twice_the_feed_and_twice_the_equipment_give_twice_the_products(name):
    """A unit of minerals knows no size of a plant but its own: volumes, cyclones and columns grow with the feed."""
    rng = np.random.default_rng(22)
    for _ in range(DRAWS):
        unit, feed = drawn(name, rng), feeds(rng, name)
        grown = {one: 2 * getattr(unit, one) for one in EXTENSIVE.get(name.removesuffix(BY_SIZE), ())}
        once, twice = unit.run(feed, basis(name)), replace(unit, **grown).run(2 * feed, basis(name))
        for outlet, flow in once.items():
            assert twice[outlet] == pytest.approx(2 * flow, rel=1e-8, abs=1e-10)


@every_model
def test_zero_feed_gives_zero_products(name):
    rng = np.random.default_rng(7)
    for _ in range(DRAWS):
        unit, nothing = drawn(name, rng), np.zeros((2, len(basis(name))))
        assert all((one == 0).all() for one in unit.run(nothing, basis(name)).values())
        drivers = unit.observe(nothing, basis(name))
        assert np.isfinite(drivers).all()
        assert all(np.isfinite(values).all() for values, _ in unit.report(nothing, drivers, basis(name)).values())


@every_model
def test_a_batch_is_its_rows(name):
    rng = np.random.default_rng(9)
    unit, feed = drawn(name, rng), feeds(rng, name)
    together = unit.run(feed, basis(name))
    for row, one in enumerate(feed):
        for outlet, flow in unit.run(one, basis(name)).items():
            assert flow[0] == pytest.approx(together[outlet][row], rel=1e-12)


@every_model
def test_a_model_describes_itself(name):
    model = UNIT_MODELS[name.removesuffix(BY_SIZE)]
    assert "Examples" in (model.__doc__ or "") or name.removesuffix(BY_SIZE) == PAGE
    assert set(model.optional) < set(model.outlets) or not model.optional
    for one in UNIT_PARAMETERS[name.removesuffix(BY_SIZE)]:
        assert one.meaning
        assert one.low <= one.high
        if not one.choices and not one.table:
            uom_of(one.uom)
            assert one.default is None or one.low <= float(one.default) <= one.high
    rng = np.random.default_rng(1)
    unit, feed = drawn(name, rng), feeds(rng, name)
    for quantity, (_, uom) in unit.report(feed, unit.observe(feed, basis(name)), basis(name)).items():
        uom_of(uom)
        assert quantity in REPORTED, "the command line needs a word for it"
    name = name.removesuffix(BY_SIZE)
    assert set(unit_model_schemas()[name]["properties"]) == {one.name for one in UNIT_PARAMETERS[name]}
