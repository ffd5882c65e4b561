"""What cannot be in quality.yaml."""

from __future__ import annotations

from collections.abc import Iterator

from zveno.errors import Fault, fault
from zveno.model.chain import ChainModel
from zveno.model.checks import line_of, unknown
from zveno.model.quality import Instrument, QualityFile
from zveno.quantities import UOMS


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
    for sample in (*quality.standards, *quality.blanks):
        if sample.component not in model.chain.components:
            found.append(unknown(model, "standards", "component", sample.component, model.chain.components))
        if sample.uom not in UOMS:
            message = "'{uom}' is not a unit of measure: see docs/reference/units-of-measure.md"
            found.append(fault(message, line_of(model, "standards"), uom=sample.uom))
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
