"""Unit models that other installed packages bring."""

from __future__ import annotations

from importlib.metadata import entry_points

from zveno.errors import ModelError
from zveno.simulate.unit_models import add_unit_model

GROUP = "zveno.unit_models"


def add_installed_unit_models() -> None:
    """Let descriptions use the unit models that packages name in the entry points ``zveno.unit_models``.

    Raises
    ------
    ModelError
        If one cannot be imported, is no unit model, or its name is taken; says which package brings it.
    """
    for one in entry_points(group=GROUP):
        package = one.dist.name if one.dist else "-"
        try:
            model = one.load()
        except Exception as error:
            raise ModelError(
                "unit model '{name}' of the package '{package}' cannot be imported: {error}",
                name=one.name, package=package, error=f"{type(error).__name__}: {error}",
            ) from error  # fmt: skip
        add_unit_model(one.name, model)
