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
from zveno.model.types import Meter
from zveno.periods import Period
from zveno.reconcile.measured import Measured, covariance, total
from zveno.reconcile.origin import Blended
from zveno.reconcile.period_values import Gap, PeriodValues
from zveno.reconcile.records import book
from zveno.reconcile.stock_readings import Plan, material_names, stock_readings, used
from zveno.reconcile.topology import (
    Topology,
    contents,
    topology,
)
from zveno.text.mark import tr

WITHIN_SECTION = tr("stands within a section and takes no part: sections are balanced as a whole")
NOT_ALL_MEMBERS = tr("left out: not every stream of the group has a reading")
SAME_MATERIAL = tr("no assay of its own: that of the same material at another time, with its scatter")
_MASSES = ("wet_mass", "mass")
_LEAST_CORRELATION = 1e-6
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
        if not used(model):
            raise DataError(
                "the description has no meters, so there is nothing to reconcile: describe them in chain.yaml"
            )
        raise DataError(
            "no meter has a reading in {period}: import files that hold {meters}",
            period=period.name, meters=some_names([one.id for one in used(model)]),
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
    quantities = ((one.id, q) for one in used(plan.model) for q in (one.components or (one.quantity,)))
    return any(
        len(plan.book.within(*key, period)) > 0 or len(plan.book.closing(*key, period)) > 0 for key in quantities
    )


def _require_cover(plan: Plan, period: Period) -> None:
    """Refuse a long period of which the records cover a part only: the rest would be made up."""
    keys = [(one.id, q) for one in used(plan.model) for q in (one.components or (one.quantity,))]
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


def find_readings(plan: Plan, period: Period) -> Found:
    """All readings of a period."""
    values = PeriodValues(plan.model, plan.book, period)
    streams: list[tuple[str, str, Measured]] = []
    by_meter: dict[tuple[str, str], Measured] = {}
    for name, members in plan.topology.members.items():
        streams += _stream_readings(plan.model, values, by_meter, name, members)
    streams += list(_same_material(plan, by_meter, {row[:2] for row in streams}))
    stocks: list[NetStream] = []
    for stock in plan.model.chain.stocks:
        tied, found = stock_readings(plan, values, by_meter, stock)
        stocks += found
        streams += tied
    for meter in used(plan.model):
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
    for meter in used(model):
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
        material = any(meter.stream in material_names(values.model, one) for one in values.model.chain.stocks)
        material = material or any(one.assayed_as == meter.stream for one in values.model.chain.streams)
        for component in meter.components:
            one = values.assay(meter, component)
            if one is not None:
                yield component, one.named(f"own:{meter.id}:{component}") if material else one


def _same_material(
    plan: Plan, by_meter: dict[tuple[str, str], Measured], own: set[tuple[str, str]]
) -> Iterator[tuple[str, str, Measured]]:
    """Assays of streams that have none of their own and are of the material of another.

    Both share the error of that assay; they may differ as single samples do, for it is of another time.
    """
    for stream in plan.model.chain.streams:
        name = plan.topology.place.get(stream.id)
        if not stream.assayed_as or name is None:
            continue
        for meter in used(plan.model):
            for component in meter.components if meter.stream == stream.assayed_as else ():
                one = by_meter.get((meter.id, component))
                if one is None or one.below or (name, component) in own:
                    continue
                yield name, component, one.with_own(one.spread).standing_in(SAME_MATERIAL)


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
