"""Names of what may be wrong: a reading, an error that readings share, a loss at a section, two samples."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from zveno.model.chain import ChainModel
from zveno.reports.document import half_width
from zveno.reports.parts.words import measured_words, title_or_dash
from zveno.text.catalogue import Catalogue
from zveno.text.mark import tr

_MOST_METERS = 6


def suspect_name(model: ChainModel, row: Mapping[str, Any], text: Catalogue) -> str:
    """A row of ``suspects``, ``eliminations`` or ``gross_errors`` in words, without its size."""
    if row["kind"] == "loss":
        quantity = measured_words(model, "", row["quantity"], text)
        return text("loss at {place} ({quantity})", place=model.title(row["stream"], text.lang), quantity=quantity)
    if row["kind"] == "common":
        return _common(model, row, text)
    quantity = measured_words(model, row["stream"], row["quantity"], text)
    return f"{title_or_dash(model, row['meter'], text)} ({quantity})"


def _common(model: ChainModel, row: Mapping[str, Any], text: Catalogue) -> str:
    """An error that several readings share: by the meter that all follow from, else by their meters."""
    quantity = f" ({measured_words(model, '', row['quantity'], text)})" if row["quantity"] else ""
    if row["name"] in model.meters:
        meter = model.title(row["name"], text.lang)
        return text("{meter} with all that follows from it", meter=meter) + quantity
    meters = row["meter"].split("+") if row["meter"] else row["stream"].split("+")
    if len(meters) > _MOST_METERS and row["name"]:
        return (
            text("common error '{name}' of {n} readings", name=row["name"], n=row["stream"].count("+") + 1) + quantity
        )
    names = ", ".join(model.title(one, text.lang) for one in meters)
    return text("common error of {meters}", meters=names) + quantity


def swap_words(model: ChainModel, row: Mapping[str, Any], text: Catalogue) -> str:
    """Two samples that were swapped, in a sentence."""
    first, second = (model.title(row[one], text.lang) for one in ("first_meter", "second_meter"))
    fields = {"first": first, "second": second, "components": row["components"]}
    if row["start"] is None:
        said = text("Samples swapped all period: {first} and {second} ({components}).", **fields)
    else:
        start, end = (_moment(model, row[one], text) for one in ("start", "end"))
        said = text(
            "Samples swapped, {start} to {end}: {first} and {second} ({components}).", start=start, end=end, **fields
        )
    if row["status"] == "exchanged":
        said += " " + text("In this balance they are exchanged back.")
    if row["instead"]:
        said += " " + text("As likely instead: {pairs}.", pairs=pair_words(model, row["instead"], text))
    return said


def step_words(model: ChainModel, row: Mapping[str, Any], text: Catalogue) -> str:
    """A scale that steps away from its fellows, in a sentence."""
    sign = "+" if row["size_frac"] > 0 else ""
    fellows = row["fellows"].split(", ")
    return text(
        "{meter} reads otherwise than {fellows} since {since}: {size} ± {half} %. Either the scale changed, or what it "
        "weighs.",
        meter=model.title(row["meter"], text.lang),
        fellows=", ".join(model.title(one, text.lang) for one in fellows),
        since=_moment(model, row["since"], text),
        size=f"{sign}{text.percent(row['size_frac'], 1)}",
        half=text.percent(half_width(row["size_sd_frac"]), 1),
    )


_COUNTERS = {
    "rollover": tr(
        "{meter}, {start}: the counter passed its end and began again ({before} to {after}); it counted {counted} t, "
        "written down: {weighed} t. No fault."
    ),
    "differs": tr("{meter}, {start}: counted {counted} t ({before} to {after}), but written down: {weighed} t."),
    "backwards": tr(
        "{meter}, {start}: the counter went back from {before} to {after}, which is no rollover; written down: "
        "{weighed} t."
    ),
    "jump": tr("{meter}, {start}: the shift before ended with {before}, this one begins with {after}."),
}


def counter_words(model: ChainModel, row: Mapping[str, Any], text: Catalogue) -> str:
    """What a counter tells, in a sentence."""
    columns = {"before": "shown_from_t", "after": "shown_to_t", "counted": "counted_t", "weighed": "weighed_t"}
    said = {name: "–" if row[one] is None else text.number(row[one], 1) for name, one in columns.items()}
    return text(
        _COUNTERS[row["kind"]], meter=model.title(row["meter"], text.lang), start=_moment(model, row["start"], text),
        **said,
    )  # fmt: skip


def lot_words(model: ChainModel, row: Mapping[str, Any], text: Catalogue) -> str:
    """A lot that holds more than its contract allows, in a sentence."""
    said = text(
        "Lot {lot} of {owner}, {day}: {component} {grade} ± {half} % against at most {limit} % by contract {contract}.",
        lot=row["lot"] or "–", owner=model.title(row["owner"], text.lang), component=row["component"],
        day=text.day(row["start"].astimezone(model.tz).date()), grade=text.percent(row["grade_frac"], 3),
        half=text.percent(half_width(row["grade_sd_frac"]), 3), limit=text.percent(row["limit_frac"], 2),
        contract=row["contract"],
    )  # fmt: skip
    if row["status"] == "doubtful":
        said += " " + text("The error of the assay lets it be within: have it assayed again.")
    return said


def pair_words(model: ChainModel, pairs: str, text: Catalogue) -> str:
    """Pairs of meters, ``a/b, c/d``, by their titles."""
    return "; ".join(
        " / ".join(model.title(one, text.lang) for one in pair.split("/")) for pair in pairs.split(", ")
    )  # fmt: skip


def place_words(model: ChainModel, place: str, text: Catalogue) -> str:
    """A section, a plant, sections joined by +, or the whole chain where nothing is named."""
    return " + ".join(model.title(one, text.lang) for one in place.split("+")) if place else text("the whole chain")


def _moment(model: ChainModel, moment: datetime, text: Catalogue) -> str:
    """A moment in plant time."""
    return text.moment(moment.astimezone(model.tz))
