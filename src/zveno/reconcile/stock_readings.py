"""Readings of stocks: surveyed at both ends of a period, at one, or at none; and their assays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from zveno.model.chain import ChainModel
from zveno.model.network import MASS, NetStream
from zveno.model.types import Meter, Stock
from zveno.periods import Period
from zveno.reconcile.measured import Measured
from zveno.reconcile.origin import Stated, Surveyed
from zveno.reconcile.period_values import LEFT_OUT, LONG, Gap, PeriodValues
from zveno.reconcile.records import Book
from zveno.reconcile.topology import BY_THE_BOOK, CLOSING, NO_SURVEY, OPENING, Topology, stock_streams
from zveno.text.mark import tr

FROM_DESCRIPTION = tr("no survey before: opening stock as described")
NEXT_SURVEY = tr("no survey at the start: the first one after was taken")
OLD_SURVEY = tr("no survey at the start: the last one before was taken")
UNSURVEYED = tr("no survey at both ends: stock change zero, give or take all that was dispatched")
BY_BOOK = tr("surveyed at one end only: the other end by the book, from what came in and went out")
MATERIAL = tr("no assay of its own: that of its material, with its scatter")
_STOCK_SD = 0.05
_TIED_SD = 0.02
_FRESH_H, _FRESH, _LEAST_H = 36.0, 0.05, 6.0  # how old an opening survey may be: less in a short period


@dataclass(frozen=True)
class Plan:
    """What does not change between periods: the topology, and the records in order."""

    model: ChainModel
    topology: Topology
    book: Book


def used(model: ChainModel) -> list[Meter]:
    """Meters that count for accounting."""
    return [one for one in model.chain.meters if one.accounting]


def stock_readings(
    plan: Plan, values: PeriodValues, by_meter: dict[tuple[str, str], Measured], stock: Stock
) -> tuple[list[tuple[str, str, Measured]], list[NetStream]]:
    """Opening and closing of a stock; of unknown mass where a short period lacks a survey at one of its ends."""
    meter = next((one for one in used(plan.model) if one.stream == stock.id and one.quantity != "assay"), None)
    closing = _surveyed(plan, values, stock, meter, closing=True)
    opening = _surveyed(plan, values, stock, meter, closing=False)
    open_stream, close_stream = stock_streams(plan.model, stock.id, plan.topology)
    if (closing is None or opening is None) and values.period.hours < LONG:
        half = closing is not None or opening is not None
        values.gaps.append(Gap(meter.id if meter else stock.id, "survey_mass", 1, 0, BY_BOOK if half else UNSURVEYED))
        if not half:
            return _unsurveyed(plan, values, by_meter, stock, (open_stream, close_stream))
        return _half_surveyed(plan, values, by_meter, stock, ((open_stream, opening), (close_stream, closing)))
    if closing is None:
        values.gaps.append(Gap(meter.id if meter else stock.id, "survey_mass", 1, 0, LEFT_OUT))
    opening = opening or _described(values, stock, meter) or _first_survey(plan, values, stock, meter)
    rows = []
    streams = []
    for stream, mass in ((open_stream, opening), (close_stream, closing)):
        empty = mass is not None and mass.value <= 0
        if empty or (mass is None and stream is open_stream):
            continue
        streams.append(stream)
        if mass is not None:
            rows.append((stream.id, MASS, mass))
        rows += _stock_assays(plan, values, by_meter, (stock, mass.value if mass else None), stream)
    return rows, streams


def _unsurveyed(
    plan: Plan,
    values: PeriodValues,
    by_meter: dict[tuple[str, str], Measured],
    stock: Stock,
    ends: tuple[NetStream, NetStream],
) -> tuple[list[tuple[str, str, Measured]], list[NetStream]]:
    """A stock whose change nobody measured: zero, with all that was moved of its material as standard deviation.

    The level itself does not matter and is not told to anybody: readings of a meter that ends in ``NO_SURVEY`` only
    carry the change. Where not even the material was weighed, both masses stay unknown.
    """
    rows = [row for end in ends for row in _stock_assays(plan, values, by_meter, (stock, None), end)]
    weighed = _moved(plan.model, by_meter, stock)
    moved = weighed.value if weighed else 0.0
    if weighed and moved:
        level = Measured(2 * moved, 1e-3 * moved, {f"level:{stock.id}": moved}, stock.id + NO_SURVEY)
        level = level.made(weighed.scaled(2.0).origin or Stated(2 * moved, stock.id)).standing_in(UNSURVEYED)
        rows += [(ends[0].id, MASS, level), (ends[1].id, MASS, level.with_own(moved))]
    return rows, list(ends)


def _half_surveyed(
    plan: Plan,
    values: PeriodValues,
    by_meter: dict[tuple[str, str], Measured],
    stock: Stock,
    ends: tuple[tuple[NetStream, Measured | None], ...],
) -> tuple[list[tuple[str, str, Measured]], list[NetStream]]:
    """A stock surveyed at one end of a short period: the other end is its book stock, told by the balance.

    As where nobody surveyed it, its change is zero with all that was moved of its material as standard deviation.
    """
    known = next(mass for _, mass in ends if mass is not None).named(f"survey:{stock.id}")
    weighed = _moved(plan.model, by_meter, stock)
    moved = weighed.value if weighed else 0.0
    rows: list[tuple[str, str, Measured]] = []
    streams: list[NetStream] = []
    for stream, mass in ends:
        if mass is not None and mass.value <= 0:
            continue
        streams.append(stream)
        rows += _stock_assays(plan, values, by_meter, (stock, mass.value if mass else None), stream)
        if mass is not None:
            rows.append((stream.id, MASS, known))
        elif moved:
            book = replace(known.with_own(moved), meter=stock.id + BY_THE_BOOK).standing_in(BY_BOOK)
            rows.append((stream.id, MASS, book))
    return rows, streams


def _surveyed(plan: Plan, values: PeriodValues, stock: Stock, meter: Meter | None, *, closing: bool) -> Measured | None:
    """Mass of a stock by its last survey; the opening may also stand under the stock's own name."""
    find = plan.book.closing if closing else plan.book.opening
    points: list[tuple[str, str]] = [(meter.id, meter.quantity)] if meter else []
    points += [] if closing else [(stock.id, quantity) for quantity in ("survey_mass", MASS)]
    surveys = [Surveyed(*point, find(*point, values.period)) for point in points]
    found = next((one for one in surveys if len(one.series)), None)
    if found is None:
        return None
    age = 0.0 if closing else min(plan.book.age_h(*point, values.period) for point in points)
    short = values.period.hours < LONG
    if age > (min(_FRESH_H, max(_LEAST_H, _FRESH * values.period.hours)) if short else _FRESH_H):
        if short:
            return None
        values.gaps.append(Gap(meter.id if meter else stock.id, "survey_mass", 1, 0, OLD_SURVEY))
    told = plan.book.told(found.point, found.quantity, values.period, closing=closing)
    if told is None:
        return _survey(values, stock, meter, found)
    return Measured(float(found.series.value[0]), told, {}, found.point, origin=replace(found, told_sd=told))


def _first_survey(plan: Plan, values: PeriodValues, stock: Stock, meter: Meter | None) -> Measured | None:
    """An opening stock by the first survey after the start of the period, where none was before."""
    if meter is None:
        return None
    series = plan.book.first(meter.id, meter.quantity, values.period, _FRESH_H)
    if not len(series):
        return None
    values.gaps.append(Gap(meter.id, "survey_mass", 1, 0, NEXT_SURVEY))
    return _survey(values, stock, meter, Surveyed(meter.id, meter.quantity, series)).standing_in(NEXT_SURVEY)


def end_surveys(plan: Plan, period: Period) -> Iterator[tuple[str, str, Measured]]:
    """Surveys of stocks at either end of a period, whether there is one at the other end or not."""
    values = PeriodValues(plan.model, plan.book, period)
    for stock in plan.model.chain.stocks:
        meter = next((one for one in used(plan.model) if one.stream == stock.id and one.quantity != "assay"), None)
        for stream, closing in zip(stock_streams(plan.model, stock.id, plan.topology), (False, True), strict=True):
            mass = _surveyed(plan, values, stock, meter, closing=closing)
            if mass is not None:
                yield stream.id, MASS, mass


def _survey(values: PeriodValues, stock: Stock, meter: Meter | None, found: Surveyed | Stated) -> Measured:
    """A stock's mass with the error of its survey, or 5 % where nothing is described."""
    value = found.value if isinstance(found, Stated) else float(found.series.value[0])
    one = values.survey(meter, value) if meter else Measured(value, _STOCK_SD * value, {}, stock.id)
    return one.made(found)


def _described(values: PeriodValues, stock: Stock, meter: Meter | None) -> Measured | None:
    """Opening stock as the description gives it; None where that is nothing."""
    value = values.model.number(stock.opening, "t", values.period.start.date())
    if value <= 0:
        return None
    values.gaps.append(Gap(meter.id if meter else stock.id, "survey_mass", 1, 0, FROM_DESCRIPTION))
    return _survey(values, stock, meter, Stated(value, stock.id))


def _stock_assays(
    plan: Plan,
    values: PeriodValues,
    by_meter: dict[tuple[str, str], Measured],
    held: tuple[Stock, float | None],
    stream: NetStream,
) -> list[tuple[str, str, Measured]]:
    """Assays of a stock that holds so much: its own, else those of its material.

    A stock is the material of some shifts, so its assay may differ from the period's by the scatter of means over
    as many (where few were assayed: by that between shifts, at least 2 %); the error of the material's assay itself
    is shared with it.
    """
    stock, mass_t = held
    if stock.content:
        return []
    find = plan.book.closing if stream.id.endswith(CLOSING) else plan.book.opening
    rows = []
    for component in stream.components or plan.model.chain.components:
        own = [
            (meter, Surveyed(meter.id, component, series)) for meter in used(plan.model)
            if meter.stream == stock.id and component in meter.components
            and len(series := find(meter.id, component, values.period))
        ]  # fmt: skip
        rows += [(stream.id, component, _own_assay(plan, values, stream, meter, one)) for meter, one in own]
        if own:
            continue
        recorded = Surveyed(stock.id, component, plan.book.opening(stock.id, component, values.period))
        if stream.id.endswith(OPENING) and len(recorded.series):
            value = float(recorded.series.value[0])
            rows.append((stream.id, component, Measured(value, _TIED_SD * value, {}, stock.id, origin=recorded)))
            continue
        lent = material(values, by_meter, stock, component, mass_t)
        if lent is not None:
            rows.append((stream.id, component, lent))
    return rows


def _own_assay(plan: Plan, values: PeriodValues, stream: NetStream, meter: Meter, found: Surveyed) -> Measured:
    """An assay of the stock itself, with the error that was told with it, or that of its meter."""
    value = float(found.series.value[0])
    told = plan.book.told(meter.id, found.quantity, values.period, closing=stream.id.endswith(CLOSING))
    if told is not None:
        return Measured(value, told, {}, meter.id, origin=replace(found, told_sd=told))
    return values.survey(meter, value, found.quantity).made(found)


def material(
    values: PeriodValues,
    by_meter: dict[tuple[str, str], Measured],
    stock: Stock,
    component: str,
    mass_t: float | None,
) -> Measured | None:
    """Assay of a stock's material, with its scatter over as many shifts as the stock holds as an error of its own."""
    for meter in used(values.model):
        one = by_meter.get((meter.id, component))
        if one is not None and not one.below and meter.stream in material_names(values.model, stock):
            weighed = _moved(values.model, by_meter, stock)
            moved = weighed.value if weighed else 0.0
            scatter = values.scatter_of_mean(meter, component, mass_t / moved) if mass_t and moved else None
            alike = max(one.spread, _TIED_SD * one.value) if scatter is None else scatter
            return one.with_own(max(alike, stock.unassayed_sd_pct / 100 * one.value)).standing_in(MATERIAL)
    return None


def _moved(model: ChainModel, by_meter: dict[tuple[str, str], Measured], stock: Stock) -> Measured | None:
    """Dry mass of a stock's material that was weighed in the period."""
    names = material_names(model, stock)
    return next(
        (one for (meter, quantity), one in by_meter.items()
         if quantity == MASS and model.meters[meter].stream in names),
        None,
    )  # fmt: skip


def material_names(model: ChainModel, stock: Stock) -> tuple[str, ...]:
    """Names under which a stock's material is measured: the stream, and its group."""
    stream = model.streams.get(stock.material)
    return (stock.material, stream.group) if stream and stream.group else (stock.material,)
