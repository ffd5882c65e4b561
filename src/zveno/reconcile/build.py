"""From the chain's description and a period's records to a network with readings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations

import polars as pl

from zveno.errors import DataError, some_names
from zveno.model.chain import ChainModel
from zveno.model.network import MASS, NetCommon, NetCovariance, NetReading, NetStream, Network
from zveno.model.types import Meter, Stock
from zveno.periods import Period
from zveno.reconcile.measured import Measured, covariance, total
from zveno.reconcile.origin import Blended, Stated, Surveyed
from zveno.reconcile.period_values import LEFT_OUT, LONG, Gap, PeriodValues
from zveno.reconcile.records import Book, book
from zveno.reconcile.topology import CLOSING, NO_SURVEY, OPENING, Topology, contents, stock_streams, topology
from zveno.text.mark import tr

FROM_DESCRIPTION = tr("no survey before: opening stock as described")
OLD_SURVEY = tr("no survey at the start: the last one before was taken")
WITHIN_SECTION = tr("stands within a section and takes no part: sections are balanced as a whole")
UNSURVEYED = tr("no survey at both ends: stock change zero, give or take all that was dispatched")
NOT_ALL_MEMBERS = tr("left out: not every stream of the group has a reading")
_MASSES = ("wet_mass", "mass")
_LEAST_CORRELATION = 1e-6
_STOCK_SD = 0.05
_TIED_SD = 0.02
_FRESH_H = 36
_UNCOVERED_H, _UNCOVERED = 36.0, 0.1


@dataclass(frozen=True)
class MonthInput:
    """A network with the readings of a period, and the gaps that were closed to get them.

    ``carried`` lists for each stream what it can hold of the chain's components, assayed or not; ``measured`` are
    the values of the readings, in their order, with the parts of their errors.
    """

    network: Network
    gaps: tuple[Gap, ...]
    topology: Topology
    carried: tuple[NetStream, ...]
    measured: tuple[Measured, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What does not change between periods: the topology, and the records in order."""

    model: ChainModel
    topology: Topology
    book: Book


@dataclass(frozen=True)
class Found:
    """Readings of a period by (stream, quantity), stock streams, and gaps."""

    readings: tuple[tuple[str, str, Measured], ...]
    stocks: tuple[NetStream, ...]
    gaps: tuple[Gap, ...]


def month_network(model: ChainModel, records: pl.DataFrame, period: Period) -> MonthInput:
    """Network of a chain with the readings of a period (a month, a day, an hour: any stretch of plant time).

    Nodes are sections; streams are what crosses between them, merged by group; each stock with a survey is an
    opening and a closing stream. Dry mass = wet mass x (1 - moisture of the same shift). Assays are weighted
    with tonnages. Errors: the random part averages over the readings, half the bias limit and shared errors do
    not. A stock without an assay of its own has its material's, widened by the scatter over as many shifts as it holds.
    Missing shifts are completed by the mean of the rest, widened, and noted as a gap.

    Raises
    ------
    DataError
        If the period has no reading at all: names the meters.
    """
    return month_of(plan_of(model, records), period)


def month_of(plan: Plan, period: Period) -> MonthInput:
    """The same where the topology and the sorted records are at hand."""
    found, model = find_readings(plan, period), plan.model
    if not any_record(plan, period):
        if not _used(model):
            raise DataError(
                "the description has no meters, so there is nothing to reconcile: describe them in chain.yaml"
            )
        raise DataError(
            "no meter has a reading in {period}: import files that hold {meters}",
            period=period.name, meters=some_names([one.id for one in _used(model)]),
        )  # fmt: skip
    _require_cover(plan, period)
    network, carried = network_of(plan, [found])
    measured = tuple(one for _, _, one in fitting(network, found))
    return MonthInput(with_readings(network, found), found.gaps, plan.topology, carried, measured)


def plan_of(model: ChainModel, records: pl.DataFrame) -> Plan:
    """Topology and sorted records."""
    lots = frozenset(one.id for one in model.chain.meters if one.period == "lot")
    return Plan(model, topology(model), book(records, lots))


def network_of(plan: Plan, found: Sequence[Found]) -> tuple[Network, tuple[NetStream, ...]]:
    """A network without readings for some periods: components that were assayed, stocks that were surveyed."""
    assayed = {quantity for one in found for _, quantity, _ in one.readings}
    weighed = {stream for one in found for stream, quantity, _ in one.readings if quantity == MASS}
    assayed |= {content for name, content in contents(plan.model).items() if name in weighed}
    components = tuple(one for one in plan.model.chain.components if one in assayed)
    stocks = {stream.id: stream for one in found for stream in one.stocks}
    carried = (*plan.topology.streams, *stocks.values())
    streams = tuple(
        stream if stream.components is None
        else NetStream(stream.id, stream.source, stream.target,
                       tuple(one for one in stream.components if one in components), stream.role)
        for stream in carried
    )  # fmt: skip
    content = contents(plan.model)
    fixed = {(one.id, content[one.id]): 1.0 for one in streams if content.get(one.id) in components}
    return Network(plan.topology.nodes, streams, (), components, fixed=fixed, name=plan.model.chain.id), carried


def with_readings(network: Network, found: Found) -> Network:
    """The network with the readings of one period and the covariances that shared errors make."""
    kept = fitting(network, found)
    covariances = tuple(
        NetCovariance(kept[i][:2], kept[j][:2], value, kept[i][2].meter, kept[j][2].meter)
        for i, j, value in shared_pairs([one for _, _, one in kept])
    )
    readings = tuple(reading(*row) for row in kept)
    common = tuple(_common([one for _, _, one in kept]))
    return replace(network, readings=readings, covariances=covariances, common=common)


def _common(values: Sequence[Measured]) -> Iterator[NetCommon]:
    """Errors that several values share, under the name of the meter or of what the description calls shared.

    One unit of it is as large as the value that it moves most. That a stock's level is unknown is no error.
    """
    holders: dict[str, list[int]] = {}
    for k, one in enumerate(values):
        for name in () if one.below else one.shared:
            if not name.startswith("level:"):
                holders.setdefault(name, []).append(k)
    for name, found in holders.items():
        moves = [(k, values[k].shared[name]) for k in found if values[k].shared[name] and values[k].value]
        if len(moves) > 1:
            most = max(moves, key=lambda one: abs(one[1] / values[one[0]].value))
            unit = values[most[0]].value / most[1]
            yield NetCommon(name.split(":")[1], tuple((k, unit * moved) for k, moved in moves))


def fitting(network: Network, found: Found) -> list[tuple[str, str, Measured]]:
    """Readings of quantities that the streams of the network have."""
    quantities = {(one.id, quantity) for one in network.streams for quantity in (MASS, *network.carries(one))}
    return [row for row in found.readings if row[:2] in quantities]


def reading(stream: str, quantity: str, one: Measured) -> NetReading:
    """A measured value as a reading of the network."""
    if one.below:
        return NetReading(stream, quantity, None, one.sd, one.value, one.meter)
    return NetReading(stream, quantity, one.value, one.sd, None, one.meter)


def shared_pairs(values: Sequence[Measured]) -> Iterator[tuple[int, int, float]]:
    """Covariances of values that share an error; a limit ("less than") shares none."""
    holders: dict[str, list[int]] = {}
    for k, one in enumerate(values):
        for name in () if one.below else one.shared:
            holders.setdefault(name, []).append(k)
    pairs = {(i, j) for found in holders.values() for i, j in combinations(found, 2)}
    for i, j in sorted(pairs):
        value = covariance(values[i], values[j])
        if abs(value) > _LEAST_CORRELATION * values[i].sd * values[j].sd:
            yield i, j, value


def any_record(plan: Plan, period: Period) -> bool:
    """Whether any meter has a record in the period; an opening stock as described is not one."""
    quantities = ((one.id, q) for one in _used(plan.model) for q in (one.components or (one.quantity,)))
    return any(
        len(plan.book.within(*key, period)) > 0 or len(plan.book.closing(*key, period)) > 0 for key in quantities
    )


def _require_cover(plan: Plan, period: Period) -> None:
    """Refuse a long period of which the records cover a part only: the rest would be made up."""
    keys = [(one.id, q) for one in _used(plan.model) for q in (one.components or (one.quantity,))]
    parts = [part for key in keys if len(part := plan.book.within(*key, period))]
    spans = [(float(one.start.min()), float(one.end.max())) for one in parts]
    first, last = min(one[0] for one in spans), max(one[1] for one in spans)
    if (last - first) / 3600 >= period.hours - max(_UNCOVERED_H, _UNCOVERED * period.hours):
        return
    begin, end = (f"{datetime.fromtimestamp(one, plan.model.tz):%Y-%m-%dT%H:%M}" for one in (first, last))
    raise DataError(
        "the records of {period} cover {begin} to {end} only: ask for that stretch, {begin}/{end}, or import the rest",
        period=period.name, begin=begin, end=end,
    )  # fmt: skip


def reading_values(model: ChainModel, records: pl.DataFrame, period: Period) -> dict[tuple[str, str, str], float]:
    """Values of the readings that records give, by stream, quantity and meter; nothing is solved."""
    plan = plan_of(model, records)
    found = find_readings(plan, period)
    network, _ = network_of(plan, [found])
    return {(stream, quantity, one.meter): one.value for stream, quantity, one in fitting(network, found)}


def _used(model: ChainModel) -> list[Meter]:
    """Meters that count for accounting."""
    return [one for one in model.chain.meters if one.accounting]


def find_readings(plan: Plan, period: Period) -> Found:
    """All readings of a period."""
    values = PeriodValues(plan.model, plan.book, period)
    streams: list[tuple[str, str, Measured]] = []
    by_meter: dict[tuple[str, str], Measured] = {}
    for name, members in plan.topology.members.items():
        streams += _stream_readings(plan.model, values, by_meter, name, members)
    stocks: list[NetStream] = []
    for stock in plan.model.chain.stocks:
        tied, found = _stock_readings(plan, values, by_meter, stock)
        stocks += found
        streams += tied
    for meter in _used(plan.model):
        inner = meter.stream in plan.model.streams and meter.stream not in plan.topology.place
        if inner and meter.quantity != "moisture":  # moistures serve the scales of their section
            values.gaps.append(Gap(meter.id, meter.quantity, 0, 0, WITHIN_SECTION))
    usable = [row for row in streams if row[2].sd > 0 and (row[2].value > 0 or not row[2].below)]
    return Found(tuple(usable), tuple(stocks), tuple(values.gaps))


def _stream_readings(
    model: ChainModel,
    values: PeriodValues,
    by_meter: dict[tuple[str, str], Measured],
    name: str,
    members: Sequence[str],
) -> list[tuple[str, str, Measured]]:
    """Readings of one balanced stream: of itself, and of its members together."""
    rows: list[tuple[str, str, Measured]] = []
    of: dict[str, list[tuple[str, Measured]]] = {}
    masses: dict[str, Measured] = {}
    for meter in _used(model):
        if meter.stream not in (name, *members):
            continue
        for quantity, one in _meter_values(values, meter):
            by_meter[meter.id, quantity] = one
            if meter.stream == name or len(members) == 1:
                rows.append((name, quantity, one))
            else:
                of.setdefault(quantity, []).append((meter.stream, one))
                if quantity == MASS:
                    masses[meter.stream] = one
    for quantity, found in of.items():
        rows += [(name, quantity, one) for one in _together(values, quantity, found, members, masses)]
    return rows


def _meter_values(values: PeriodValues, meter: Meter) -> Iterator[tuple[str, Measured]]:
    """Quantities that a meter gives a stream in the period."""
    if meter.quantity in _MASSES:
        one = values.mass(meter)
        if one is not None:
            yield MASS, one
    elif meter.quantity == "assay":
        material = any(meter.stream in _material_names(values.model, one) for one in values.model.chain.stocks)
        for component in meter.components:
            one = values.assay(meter, component)
            if one is not None:
                yield component, one.named(f"own:{meter.id}:{component}") if material else one


def _together(
    values: PeriodValues,
    quantity: str,
    found: Sequence[tuple[str, Measured]],
    members: Sequence[str],
    masses: dict[str, Measured],
) -> list[Measured]:
    """Readings of single members as readings of the group: masses add, assays are weighted with masses."""
    idle = [] if quantity == MASS else [one for one in members if one in masses and masses[one].value == 0.0]
    members = [one for one in members if one not in idle] or list(members)
    found = [(stream, one) for stream, one in found if stream in members]
    by_member = {member: [one for stream, one in found if stream == member] for member in members}
    rounds = min(len(ones) for ones in by_member.values())
    for stream, one in found:
        if by_member[stream].index(one) >= rounds:
            values.gaps.append(Gap(one.meter, quantity, 1, 1, NOT_ALL_MEMBERS))
    if quantity == MASS:
        return [total([by_member[member][k] for member in members]) for k in range(rounds)]
    weight = [masses[one] for one in members if one in masses and masses[one].value > 0]
    if len(weight) < len(members):
        weight = []
    return [_mixed([by_member[one][k] for one in members], weight) for k in range(rounds)]


def _mixed(assays: Sequence[Measured], masses: Sequence[Measured]) -> Measured:
    """Assay of members together, weighted with their masses, alike without; a member below its limit counts half of
    it unless all are below theirs.
    """
    halved = tuple(one.below and not all(each.below for each in assays) for one in assays)
    origins = [tuple(one.origin for one in found if one.origin) for found in (assays, masses)]
    weight = [one.value for one in masses] or [1.0] * len(assays)
    shares = [one / sum(weight) for one in weight]
    counted = [one.halved() if half else one for one, half in zip(assays, halved, strict=True)]
    mean = total([one.scaled(share) for one, share in zip(counted, shares, strict=True)])
    return mean.made(Blended(origins[0], origins[1], halved))


# ---- stocks --------------------------------------------------------------------------------------------------


def _stock_readings(
    plan: Plan, values: PeriodValues, by_meter: dict[tuple[str, str], Measured], stock: Stock
) -> tuple[list[tuple[str, str, Measured]], list[NetStream]]:
    """Opening and closing of a stock; of unknown mass where a short period lacks a survey at one of its ends."""
    meter = next((one for one in _used(plan.model) if one.stream == stock.id and one.quantity != "assay"), None)
    closing = _surveyed(plan, values, stock, meter, closing=True)
    opening = _surveyed(plan, values, stock, meter, closing=False)
    open_stream, close_stream = stock_streams(plan.model, stock.id, plan.topology)
    if (closing is None or opening is None) and values.period.hours < LONG:
        values.gaps.append(Gap(meter.id if meter else stock.id, "survey_mass", 1, 0, UNSURVEYED))
        return _unsurveyed(plan, values, by_meter, stock, (open_stream, close_stream))
    if closing is None:
        values.gaps.append(Gap(meter.id if meter else stock.id, "survey_mass", 1, 0, LEFT_OUT))
    opening = opening or _described(values, stock, meter)
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
        level = level.made(weighed.scaled(2.0).origin or Stated(2 * moved, stock.id))
        rows += [(ends[0].id, MASS, level), (ends[1].id, MASS, level.with_own(moved))]
    return rows, list(ends)


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
    if age > _FRESH_H:
        if values.period.hours < LONG:
            return None
        values.gaps.append(Gap(meter.id if meter else stock.id, "survey_mass", 1, 0, OLD_SURVEY))
    return _survey(values, stock, meter, found)


def end_surveys(plan: Plan, period: Period) -> Iterator[tuple[str, str, Measured]]:
    """Surveys of stocks at either end of a period, whether there is one at the other end or not."""
    values = PeriodValues(plan.model, plan.book, period)
    for stock in plan.model.chain.stocks:
        meter = next((one for one in _used(plan.model) if one.stream == stock.id and one.quantity != "assay"), None)
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
            (meter, Surveyed(meter.id, component, series)) for meter in _used(plan.model)
            if meter.stream == stock.id and component in meter.components
            and len(series := find(meter.id, component, values.period))
        ]  # fmt: skip
        rows += [
            (stream.id, component, values.survey(meter, float(one.series.value[0]), component).made(one))
            for meter, one in own
        ]
        if own:
            continue
        recorded = Surveyed(stock.id, component, plan.book.opening(stock.id, component, values.period))
        if stream.id.endswith(OPENING) and len(recorded.series):
            value = float(recorded.series.value[0])
            rows.append((stream.id, component, Measured(value, _TIED_SD * value, {}, stock.id, origin=recorded)))
            continue
        material = _material(values, by_meter, stock, component, mass_t)
        if material is not None:
            rows.append((stream.id, component, material))
    return rows


def _material(
    values: PeriodValues,
    by_meter: dict[tuple[str, str], Measured],
    stock: Stock,
    component: str,
    mass_t: float | None,
) -> Measured | None:
    """Assay of a stock's material, with its scatter over as many shifts as the stock holds as an error of its own."""
    for meter in _used(values.model):
        one = by_meter.get((meter.id, component))
        if one is not None and not one.below and meter.stream in _material_names(values.model, stock):
            weighed = _moved(values.model, by_meter, stock)
            moved = weighed.value if weighed else 0.0
            scatter = values.scatter_of_mean(meter, component, mass_t / moved) if mass_t and moved else None
            return one.with_own(max(one.spread, _TIED_SD * one.value) if scatter is None else scatter)
    return None


def _moved(model: ChainModel, by_meter: dict[tuple[str, str], Measured], stock: Stock) -> Measured | None:
    """Dry mass of a stock's material that was weighed in the period."""
    names = _material_names(model, stock)
    return next(
        (one for (meter, quantity), one in by_meter.items()
         if quantity == MASS and model.meters[meter].stream in names),
        None,
    )  # fmt: skip


def _material_names(model: ChainModel, stock: Stock) -> tuple[str, ...]:
    """Names under which a stock's material is measured: the stream, and its group."""
    stream = model.streams.get(stock.material)
    return (stock.material, stream.group) if stream and stream.group else (stock.material,)
