"""Unit models from outside: added by hand, brought by an installed package, used by a description."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Annotated, ClassVar

import numpy as np
import pytest

from zveno.chain.installed import add_installed_unit_models
from zveno.errors import ModelError, QuantityError, SolveError
from zveno.simulate import UNIT_MODELS, simulate
from zveno.simulate.unit_models import (
    Basis,
    Floats,
    Spec,
    UnitModel,
    Values,
    add_unit_model,
    added_unit_models,
    column,
    two_ways,
)
from zveno.simulate.units import UNIT_PARAMETERS


@dataclass(frozen=True, kw_only=True)
class Sorter(UnitModel):
    """Throws out a share of the quartz."""

    outlets: ClassVar = ("kept", "thrown")
    share: Annotated[Values, Spec("frac", "share of the quartz that is thrown out", high=0.9)]

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        kept = 1 - column(self.share) * np.array([one == "quartz" for one in basis.minerals]) + 0 * drivers.sum()
        return two_ways(kept)


@dataclass(frozen=True, kw_only=True)
class Bare(UnitModel):
    """Has a parameter without uom."""

    share: float = 0.5


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    yield
    for name in added_unit_models():
        del UNIT_MODELS[name], UNIT_PARAMETERS[name]


def sorted_plant(make, share: object):
    return make(
        units={"sorter": {"model": "sorter", "parameters": {"share": share}}},
        streams={
            "feed": {"from": "mine", "to": "sorter", "ore": "ore", "feed": 200.0},
            "kept": {"from": "sorter:kept", "to": "rougher"},
            "thrown": {"from": "sorter:thrown", "to": "pond"},
        },
    )


def test_a_description_uses_an_added_model(make) -> None:
    add_unit_model("sorter", Sorter)
    found = simulate(sorted_plant(make, 0.25), scenarios={"a": {}, "b": {"sorter.share": 0.5}})
    quartz = found.minerals("feed")["quartz"]
    assert found.solids("thrown") == pytest.approx(np.array([0.25, 0.5]) * quartz, rel=1e-12)
    with pytest.raises(ModelError, match=r"parameter 'share' is 2.*outside 0 to 0\.9"):
        simulate(sorted_plant(make, 2.0))


def test_an_installed_package_brings_models(make, monkeypatch) -> None:
    brought = EntryPoint("sorter", f"{__name__}:Sorter", "zveno.unit_models")
    monkeypatch.setattr(EntryPoint, "load", lambda _: Sorter)
    monkeypatch.setattr("zveno.chain.installed.entry_points", lambda **_: [brought])
    plant = sorted_plant(make, 0.1)
    assert add_installed_unit_models(plant) == []
    assert add_installed_unit_models(plant) == []  # a second description is loaded
    assert simulate(plant).converged.all()


def test_a_model_that_cannot_be_imported_is_named_where_it_is_used(make, monkeypatch) -> None:
    lost = EntryPoint("sorter", "no_such_module:Sorter", "zveno.unit_models")
    monkeypatch.setattr("zveno.chain.installed.entry_points", lambda **_: [lost])
    assert add_installed_unit_models(make()) == []
    (told,) = add_installed_unit_models(sorted_plant(make, 0.1))
    assert "'sorter' of the package '–' cannot be imported: ModuleNotFoundError" in str(told)


@dataclass(frozen=True, kw_only=True)
class Doubling(Sorter):
    """Gives everything to both outlets."""

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        return np.ones((len(drivers), 2, len(basis)))


@dataclass(frozen=True, kw_only=True)
class Flat(Sorter):
    """Forgets the outlets."""

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        return np.ones((len(drivers), 1, len(basis)))


@pytest.mark.parametrize(
    ("model", "told"),
    [(Doubling, "'sorter'.*do not add up to 1"), (Flat, r"shape \(1, 1, 10\), but need \(.*, 2, 10\)")],
)
def test_a_model_that_makes_mass_is_refused(make, model: type[UnitModel], told: str) -> None:
    add_unit_model("sorter", model)
    with pytest.raises(SolveError, match=told):
        simulate(sorted_plant(make, 0.1))


def test_a_model_may_be_added_anew(make) -> None:
    """As a notebook does that runs a cell again; the last one counts."""
    add_unit_model("sorter", Doubling)
    add_unit_model("sorter", Sorter)
    assert simulate(sorted_plant(make, 0.1)).converged.all()


class Undeclared(UnitModel):
    """A subclass that is no dataclass."""


@dataclass(frozen=True, kw_only=True)
class Measured(UnitModel):
    """Has a parameter in a unit of measure that nobody knows."""

    share: Annotated[Values, Spec("fracc", "share")] = 0.5


def test_a_parameter_in_an_unknown_uom_is_refused() -> None:
    with pytest.raises(QuantityError, match="'fracc' is not known"):
        add_unit_model("measured", Measured)


@pytest.mark.parametrize(
    ("name", "model", "told"),
    [
        ("sorter", float, "'sorter' is no unit model"),
        ("sorter", Undeclared, "'sorter' is no unit model"),
        ("bank", Sorter, "there is a unit model 'bank' already"),
        ("bare", Bare, "'bare' need a Spec with uom and meaning: share"),
    ],
)
def test_what_is_no_unit_model_is_refused(name: str, model: type, told: str) -> None:
    with pytest.raises(ModelError, match=told):
        add_unit_model(name, model)
