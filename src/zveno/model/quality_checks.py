"""What cannot be in quality.yaml."""

from __future__ import annotations

from collections.abc import Iterator

from zveno.errors import Fault, fault
from zveno.model.chain import ChainModel
from zveno.model.checks import line_of, unknown
from zveno.model.quality import Instrument, QualityFile
from zveno.quantities import UOMS
from zveno.text.mark import tr


def quality_faults(model: ChainModel) -> list[Fault]:
    """Instruments name meters that exist and end after they begin; standards and blanks name components."""
    quality = model.quality
    if quality is None:
        return []
    found: list[Fault] = []
    seen: set[str] = set()
    for one in quality.instruments:
        found += _instrument_faults(model, one)
        if one.id in seen:
            found.append(fault("instrument '{instrument}' is listed twice: keep one", line_of(model, one.id),
                               instrument=one.id))  # fmt: skip
        seen.add(one.id)
    found += _register_faults(model, quality)
    for key, samples in (("standards", quality.standards), ("blanks", quality.blanks)):
        for component, uom in ((one.component, one.uom) for one in samples):
            if component not in model.chain.components:
                found.append(unknown(model, key, "component", component, model.chain.components))
            if uom not in UOMS:
                message = tr("'{uom}' is not a unit of measure: see docs/reference/units-of-measure.md")
                found.append(fault(message, line_of(model, key), uom=uom))
    return found


def _instrument_faults(model: ChainModel, one: Instrument) -> Iterator[Fault]:
    """Meters that exist, verifications that end after they begin."""
    for name in one.meters:
        if name not in model.meters:
            yield unknown(model, one.id, "meters", name, model.meters)
    for each in one.verified:
        if each.until is not None and each.until < each.on:
            yield fault(
                "the verification of '{instrument}' on {on} ends before it begins, on {until}", line_of(model, one.id),
                instrument=one.id, on=str(each.on), until=str(each.until),
            )  # fmt: skip


def _register_faults(model: ChainModel, quality: QualityFile) -> Iterator[Fault]:
    """The register is read by a mapping that exists."""
    if quality.register_ is not None:
        known = [one.id for one in model.mappings.layouts]
        if quality.register_.mapping not in known:
            yield unknown(model, "register", "mapping", quality.register_.mapping, known)
