"""Values that figures give size class by size class: ``mill.rate.150`` and its fellows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zveno.errors import Fault, fault
from zveno.model.chain import ChainModel
from zveno.model.values import line_of_figure
from zveno.simulate.basis import Floats
from zveno.simulate.sizing import sized_names
from zveno.simulate.units import Parameter
from zveno.text.mark import tr


def figures_by_size(model: ChainModel, one: Parameter, given: object) -> tuple[str, ...]:
    """Figures that give a parameter for each size class; none where it is one number for all."""
    if not one.by_size or not isinstance(given, str) or given in model.parameters:
        return ()
    names = sized_names(given, model.chain.sieves_um)
    return names if any(name in model.parameters for name in names) else ()


def twofold_faults(model: ChainModel, name: str, sieves: Floats | Sequence[float]) -> Iterator[Fault]:
    """A value given once and by size class too, or for a sieve that there is not."""
    parts = model.parts_of_figures.get(name, ())
    if name in model.parameters and parts:
        message = tr("'{name}' is given once, and by size class too ('{part}'): leave one of them out")
        yield fault(message, line_of_figure(model, name), name=name, part=parts[0])
        return
    known = sized_names(name, sieves) if len(sieves) else ()
    for part in parts:
        if part not in known:
            message = tr("'{part}' belongs to no size class: the classes are {known}")
            classes = ", ".join(one.removeprefix(f"{name}.") for one in known) or "–"
            yield fault(message, line_of_figure(model, part), part=part, known=classes)
