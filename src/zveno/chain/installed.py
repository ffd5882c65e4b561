"""Unit models that other installed packages bring."""

from __future__ import annotations

from importlib.metadata import entry_points

from zveno.errors import Fault, ZvenoError, fault
from zveno.model.chain import ChainModel
from zveno.simulate.unit_models import add_unit_model

GROUP = "zveno.unit_models"


def add_installed_unit_models(model: ChainModel) -> list[Fault]:
    """Let a description use the unit models that packages name in the entry points ``zveno.unit_models``.

    Only those that it names are imported; faults of what cannot be, with the package that brings it.
    """
    named = {unit.model: unit.id for unit in model.units.values()}
    faults: list[Fault] = []
    for one in entry_points(group=GROUP):
        if one.name not in named:
            continue
        where = model.places.get(named[one.name], "")
        try:
            add_unit_model(one.name, one.load())
        except ZvenoError as error:
            faults += [Fault(each.message, each.fields, where) for each in error.faults]
        except Exception as error:  # noqa: BLE001 - what a package of others may raise is not known
            faults.append(
                fault(
                    "unit model '{name}' of the package '{package}' cannot be imported: {error}",
                    where, name=one.name, package=one.dist.name if one.dist else "–",
                    error=f"{type(error).__name__}: {error}",
                )
            )  # fmt: skip
    return faults
