"""Figures in words: what each is, and in a line how it follows from others."""

from __future__ import annotations

from collections.abc import Mapping

from zveno.model.chain import ChainModel
from zveno.model.network import MASS
from zveno.reconcile.origin import Added, Assumed, Averaged, Blended, Gauge, Origin, Stated, Summed
from zveno.reports.parts.suspected import suspect_name
from zveno.reports.parts.words import measured_words, quantity_words
from zveno.reports.streams import stream_title
from zveno.tables.figure import (
    FIGURE_KEYS,
    Figure,
    Formula,
    Given,
    Over,
    Plus,
    Read,
    Recorded,
    Score,
    Solved,
    Times,
    Worked,
)
from zveno.text.catalogue import Catalogue
from zveno.text.mark import tr

_KINDS = {
    "overall": tr("overall recovery of {component}, {plant}"),
    "direct": tr("direct recovery of {component}, {plant}"),
}
_ENDS = {
    "opening_t": tr("{what} in {stock}, opening"), "closing_t": tr("{what} in {stock}, closing"),
    "change_t": tr("change of {what} in {stock}"),
}  # fmt: skip
_LINES = {
    "opening": tr("{component} of {owner}: opening stock"),
    "received": tr("{component} of {owner}: received, {stream}"),
    "delivered": tr("{component} of {owner}: delivered, {stream}"),
    "lost": tr("{component} of {owner}: lost, {stream}"),
    "closing": tr("{component} of {owner}: closing stock"), "left": tr("{component} of {owner}: what all lines leave"),
}  # fmt: skip
_RETURNS = {
    "received_t": tr("dry mass received from {owner}: {stream}"),
    "grade_frac": tr("grade of {component} received from {owner}: {stream}"),
    "returnable_t": tr("{component} to be returned to {owner} for {stream}"),
}
_DUES = {
    "opening_due_t": tr("{component} owed to {owner} at the beginning"),
    "returnable_t": tr("{component} to be returned to {owner} for the period"),
    "returned_t": tr("{component} handed over to {owner}"),
    "closing_due_t": tr("{component} owed to {owner} at the end"),
    "physical_t": tr("{component} of {owner} in stocks at the end"),
    "gain_t": tr("what the processor keeps or adds of {component} of {owner}"),
}  # fmt: skip
_LOTS = {
    "grade_frac": tr("{component} in a lot of {owner} by {meter}: {cell}"),
    "grade_sd_frac": tr("standard deviation of {component} in a lot of {owner} by {meter}: {cell}"),
    "limit_frac": tr("most {component} in a lot of {owner} by contract; {meter}, {cell}"),
    "chance_within": tr("chance that {component} in a lot of {owner} is within its limit; {meter}, {cell}"),
}
_APART = {
    "technological_frac": tr("technological recovery of {component}, {plant}"),
    "commodity_frac": tr("commodity recovery of {component}, {plant}"),
    "difference_frac": tr("discrepancy of the recovery of {component}, {plant}"),
    "fed_t": tr("{component} in the feeds by the commodity balance, {plant}"),
    "difference_t": tr("discrepancy in {component}, {plant}"),
    "allowance_t": tr("allowance of the discrepancy in {component}, {plant}"),
}
_READ = {
    "reading": tr("{what} of {stream} by {meter}, as read"),
    "sd": tr("standard deviation of {what} of {stream} by {meter}"),
    "reconciled": tr("{what} of {stream} by {meter}, reconciled"),
    "z": tr("z of {what} of {stream} by {meter}"),
}
_SUSPECT = {
    "z": tr("z of a suspect: {suspect}"),
    "bias": tr("size of the error, if this alone is wrong: {suspect}"),
    "bias_rel_frac": tr("the same relative to the reading: {suspect}"),
}


def figure_words(model: ChainModel, figure: Figure, text: Catalogue) -> str:
    """What a figure is, in words."""
    makers = {
        "flows": _flow, "recoveries": _recovery, "unaccounted": _unaccounted, "adjustments": _reading,
        "stock_books": _stock, "owner_flows": _owned, "owner_accounts": _account, "owner_returns": _returned,
        "owner_dues": _due, "discrepancies": _discrepancy, "lot_limits": _lot, "suspects": _suspect,
    }  # fmt: skip
    maker = makers.get(figure.table)
    return maker(model, figure, text) if maker else " · ".join(filter(None, (*figure.keys, figure.column)))


def _flow(model: ChainModel, one: Figure, text: Catalogue) -> str:
    stream, component = one.keys
    title = stream_title(model, stream, text)
    if one.column == "grade_frac":
        return text("grade of {component} in {stream}", component=component, stream=title)
    return text("{what} in {stream}", what=quantity_words(component, text), stream=title)


def _recovery(model: ChainModel, one: Figure, text: Catalogue) -> str:
    plant, component, kind = one.keys
    return text(_KINDS[kind], component=component, plant=model.title(plant, text.lang))


def _unaccounted(model: ChainModel, one: Figure, text: Catalogue) -> str:
    plant, component = one.keys
    what = quantity_words(component, text)
    return text("{component} unaccounted, {plant}", component=what, plant=model.title(plant, text.lang))


def _reading(model: ChainModel, one: Figure, text: Catalogue) -> str:
    stream, quantity, meter = one.keys
    what = measured_words(model, stream, quantity, text)
    return text(_READ[one.column], what=what, stream=stream_title(model, stream, text), meter=meter)


def _stock(model: ChainModel, one: Figure, text: Catalogue) -> str:
    stock, component = one.keys
    what, title = quantity_words(component, text), stream_title(model, stock, text)
    return text(_ENDS[one.column], what=what, stock=title)


def _owned(model: ChainModel, one: Figure, text: Catalogue) -> str:
    stream, component, owner = one.keys
    return text("{component} of {owner} in {stream}", component=component, owner=model.title(owner, text.lang),
                stream=stream_title(model, stream, text))  # fmt: skip


def _account(model: ChainModel, one: Figure, text: Catalogue) -> str:
    owner, component, line, stream = one.keys
    titles = ", ".join(stream_title(model, name, text) for name in stream.split("+")) if stream else ""
    return text(_LINES[line], component=component, owner=model.title(owner, text.lang), stream=titles)


def _returned(model: ChainModel, one: Figure, text: Catalogue) -> str:
    owner, component, stream = one.keys
    return text(_RETURNS[one.column], component=component, owner=model.title(owner, text.lang),
                stream=stream_title(model, stream, text))  # fmt: skip


def _due(model: ChainModel, one: Figure, text: Catalogue) -> str:
    owner, component = one.keys
    return text(_DUES[one.column], component=component, owner=model.title(owner, text.lang))


def _lot(model: ChainModel, one: Figure, text: Catalogue) -> str:
    owner, component, meter, *place = one.keys
    return text(_LOTS[one.column], component=component, owner=model.title(owner, text.lang), meter=meter,
                cell=", ".join(filter(None, place)))  # fmt: skip


def _suspect(model: ChainModel, one: Figure, text: Catalogue) -> str:
    row = dict(zip(FIGURE_KEYS["suspects"], one.keys, strict=True))
    return text(_SUSPECT[one.column], suspect=suspect_name(model, row, text))


def _discrepancy(model: ChainModel, one: Figure, text: Catalogue) -> str:
    plant, component = one.keys
    return text(_APART[one.column], component=component, plant=model.title(plant, text.lang))


_TEST = tr(
    "what this error would change the readings by, compared with how far all of them lie from the balance, in "
    "standard deviations (maximum-power test)"
)
_SIZE = tr("the size of this error alone that brings all readings closest to the balance (least squares)")

# ---- derivations ---------------------------------------------------------------------------------------------------


def derivation(figure: Figure, text: Catalogue) -> str:
    """In a line how a figure follows from others."""
    return formula_words(figure.formula, text)


def formula_words(formula: Formula, text: Catalogue) -> str:
    """What is done, without the numbers."""
    if isinstance(formula, Worked):
        return text(formula.name)
    if isinstance(formula, Over):
        return text("sum of {n} terms over the sum of {m}", n=_count(formula.above), m=_count(formula.below))
    if isinstance(formula, Plus):
        return text("sum of {n} terms with their signs", n=len(formula.terms))
    if isinstance(formula, Times):
        return text("product of two figures")
    if isinstance(formula, Solved):
        return text("reconciled: all readings together, each changed within its error, so that every balance closes")
    if isinstance(formula, Read):
        return text("made from the records of the meter")
    if isinstance(formula, Given) and formula.name:
        return text(formula.name)
    if isinstance(formula, Score):
        return text(_SIZE if formula.size else _TEST)
    if isinstance(formula, Recorded):
        return text("one record of the meter {meter}", meter=formula.point)
    return text("another figure, or a number as described")


def _count(formula: Formula) -> int:
    return len(formula.terms) if isinstance(formula, Plus) else 1


def leaf_title(model: ChainModel, leaf: Formula, text: Catalogue) -> str:
    """Name of what a figure is calculated from."""
    if isinstance(leaf, Solved):
        title = stream_title(model, leaf.stream, text)
        what = quantity_words(leaf.quantity, text)
        if leaf.grade and leaf.quantity != MASS:
            return text("grade of {component} in {stream}", component=leaf.quantity, stream=title)
        return text("{what} in {stream}", what=what, stream=title)
    if isinstance(leaf, Read):
        what = measured_words(model, leaf.stream, leaf.quantity, text)
        return text(_READ["sd" if leaf.sd else "reading"], what=what, stream=stream_title(model, leaf.stream, text),
                    meter=leaf.meter)  # fmt: skip
    return formula_words(leaf, text)


UOMS: Mapping[str, str] = {"t": "t", "frac": "%"}


def uom_of(figure: Figure) -> str:
    """Unit of measure of a figure: t, frac shown in per cent, or none."""
    if figure.column == "z":
        return ""
    if figure.table == "suspects":
        lost = figure.keys[0] == "loss"
        return "frac" if figure.column == "bias_rel_frac" or not (lost or figure.keys[-1] == MASS) else "t"
    if figure.table == "adjustments":
        return "t" if figure.keys[1] == MASS else "frac"
    return "frac" if figure.column.endswith("_frac") or figure.column == "chance_within" else "t"


# ---- readings ------------------------------------------------------------------------------------------------------


def origin_words(origin: Origin, text: Catalogue) -> str:
    """How the value of a period was made from records."""
    if isinstance(origin, Summed):
        said = _summed(origin, text)
        if origin.scale != 1:
            missing = round((origin.scale - 1) * len(origin.series))
            return text("{made}; completed for {n} that did not come", made=said, n=missing)
        return said
    if isinstance(origin, Averaged):
        return _averaged(origin, text)
    if isinstance(origin, Assumed):
        return text("{made} ({why})", made=origin_words(origin.of, text), why=text(origin.why))
    if isinstance(origin, Added) and len(origin.terms) == 1:
        return origin_words(origin.terms[0][1], text)
    if isinstance(origin, Added):
        return text("sum over {n} meters", n=len(origin.terms))
    if isinstance(origin, Blended):
        return text("mean over {n} meters, weighted with their dry masses", n=len(origin.assays))
    if isinstance(origin, Stated):
        return text("as described")
    return text("one survey") if origin.told_sd is None else text("one survey, with the error told with it")


def _averaged(origin: Averaged, text: Catalogue) -> str:
    mean = text.count("mean of {n} assay", "mean of {n} assays", len(origin.series))
    meters = ", ".join(dict.fromkeys(one.meter for one in origin.weighers))
    said = text("{mean}, weighted with the dry masses of {meters}", mean=mean, meters=meters) if meters else mean
    limits = int(origin.series.below.sum())
    if origin.limit:
        return text("{made}; all of them limits, and so is their mean", made=said)
    return text("{made}; {n} below a limit, as what it stands for", made=said, n=limits) if limits else said


def _summed(origin: Summed, text: Catalogue) -> str:
    weights = text.count("sum of {n} weight", "sum of {n} weights", len(origin.series))
    if isinstance(origin.drying, Gauge):
        return text("{weights}, each less its moisture by {meter}", weights=weights, meter=origin.drying.meter)
    if origin.drying.solids_frac != 1:
        return text("{weights}, less the moisture as described", weights=weights)
    return weights
