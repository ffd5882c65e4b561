"""What is wrong in a play file, found before the plant is played and told with its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from fnmatch import fnmatchcase

from zveno.emulate.schedule import moved_tags
from zveno.emulate.stockfaults import Places, line_in, lost, stock_faults
from zveno.errors import Fault, Phrase, ZvenoError, fault, rounded
from zveno.model.chain import ChainModel
from zveno.model.load import PLAY
from zveno.model.play import Bias, Excursion, Omission, Pace, Play, Silence, Swap, Train
from zveno.model.values import days_of_change
from zveno.simulate import parameter_uom
from zveno.text.mark import tr


def play_faults(model: ChainModel, play: Play, places: Places | None = None) -> list[Fault]:
    """Everything in a play that does not hold together with the chain, or cannot be.

    ``places`` tells where in the play file an id or key stands, as ``model.load.read_play`` gives it.
    """
    checks: tuple[Callable[[ChainModel, Play, Places], Iterator[Fault]], ...] = (
        _plant_faults,
        _id_faults,
        _variation_faults,
        _train_faults,
        stock_faults,
        _event_faults,
    )
    return [one for check in checks for one in check(model, play, places or {})]


def _plant_faults(model: ChainModel, play: Play, places: Places) -> Iterator[Fault]:  # noqa: ARG001
    """A plant is played shift by shift, from its simulation."""
    if model.people is None:
        yield fault("people.yaml is missing: a plant is played by its shifts, which stand there", PLAY)
    idle = [unit.id for unit in model.units.values() if not unit.model]
    if idle:
        message = tr("unit '{unit}' has no model, so the plant cannot be played: give it one, or delete {file}")
        yield fault(message, model.places.get(idle[0], PLAY), unit=idle[0], file=PLAY)


def _id_faults(model: ChainModel, play: Play, places: Places) -> Iterator[Fault]:  # noqa: ARG001
    """Every train and event once."""
    for id_, times in Counter([*(one.id for one in play.trains), *(one.id for one in play.events)]).items():
        if times > 1:
            message = tr("the id '{id}' is given {times} times: make each id unique")
            yield fault(message, line_in(places, id_), id=id_, times=times)


def _variation_faults(model: ChainModel, play: Play, places: Places) -> Iterator[Fault]:
    """What wanders is a figure."""
    for n, one in enumerate(play.variations):
        if one.parameter not in model.parameters:
            yield lost(
                line_in(places, f"variations/{n}", "parameter"), one.parameter, Phrase("figures"), model.parameters
            )


def _train_faults(model: ChainModel, play: Play, places: Places) -> Iterator[Fault]:
    """Trains hold units, take a share of a feed, and are at work for a share of the time."""
    days = days_of_change(model)
    for train in play.trains:
        if train.feed not in model.streams:
            yield lost(line_in(places, train.id, "feed"), train.feed, Phrase("streams"), model.streams)
        elif model.streams[train.feed].feed is None:
            message = tr("train '{train}' is fed by '{stream}', which has no 'feed': name a boundary feed")
            yield fault(message, line_in(places, train.id, "feed"), train=train.id, stream=train.feed)
        if not any(fnmatchcase(unit, train.units) for unit in model.units):
            yield lost(line_in(places, train.id, "units"), train.units, Phrase("units"), model.units)
        yield from _share_faults(model, train, places)
        yield from _availability_faults(model, train, places, days)


def _share_faults(model: ChainModel, train: Train, places: Places) -> Iterator[Fault]:
    """The share of a train is a parameter of a unit, or a figure."""
    unit, _, name = train.share.rpartition(".")
    if not train.share or train.share in model.parameters:
        return
    try:
        if unit in model.units:
            parameter_uom(model.units[unit].model, name)
            return
    except (ZvenoError, KeyError):
        pass
    yield lost(line_in(places, train.id, "share"), train.share, Phrase("figures"), model.parameters)


def _availability_faults(
    model: ChainModel, train: Train, places: Places, days: Sequence[date | None]
) -> Iterator[Fault]:
    """The availability is a figure from above 0 to 1."""
    where = line_in(places, train.id, "availability")
    if train.availability not in model.parameters:
        yield lost(where, train.availability, Phrase("figures"), model.parameters)
        return
    for day in days:
        try:
            value = model.number(train.availability, "frac", day)
        except ZvenoError as error:
            yield from (Fault(one.message, one.fields, where) for one in error.faults)
            return
        if not 0 < value <= 1:
            message = tr("the availability '{name}' of train '{train}' is {value}: it lies above 0 and up to 1 (100 %)")
            yield fault(message, where, name=train.availability, train=train.id, value=rounded(value, 6))
            return


def _event_faults(model: ChainModel, play: Play, places: Places) -> Iterator[Fault]:
    """Events last some time and touch meters and tags that the chain has."""
    for one in play.events:
        if not isinstance(one, (Swap, Omission)) and one.start >= one.end:
            message = tr("event '{event}' ends at {end}, before it begins at {start}")
            where = line_in(places, one.id, "end")
            yield fault(message, where, event=one.id, start=one.start.isoformat(), end=one.end.isoformat())
        if isinstance(one, Excursion):
            yield from _excursion_faults(model, one, places)
        elif isinstance(one, Bias):
            if one.meter not in model.meters:
                yield lost(line_in(places, one.id, "meter"), one.meter, Phrase("meters"), model.meters)
        elif isinstance(one, Swap):
            yield from _swap_faults(model, one, places)
        elif isinstance(one, Pace):
            if one.stock not in {draw.stock for draw in play.draws}:
                yield lost(line_in(places, one.id, "stock"), one.stock, Phrase("draws"), model.stocks)
        else:
            yield from _missed_faults(model, one, places)


def _excursion_faults(model: ChainModel, one: Excursion, places: Places) -> Iterator[Fault]:
    """Tags leave their usual value, pass the limit and reach the value, in this order."""
    tags = moved_tags(model, one)
    if not tags:
        yield lost(line_in(places, one.id, "tags"), one.tags, Phrase("signals"), model.tags)
    if one.rule and one.rule not in model.rulebook.by_id:
        yield lost(line_in(places, one.id, "rule"), one.rule, Phrase("rules"), model.rulebook.by_id)
    for tag in tags:
        try:
            normal = model.number(tag.normal, tag.uom, one.start.astimezone(model.tz).date())
        except ZvenoError:  # told of the tag itself
            continue
        if not (normal < one.limit <= one.value or one.value <= one.limit < normal):
            message = tr(
                "event '{event}' moves '{tag}' from {normal} to {value}, which does not pass the limit {limit}: "
                "the limit must lie between them"
            )
            where = line_in(places, one.id, "limit")
            fields = {"event": one.id, "tag": tag.id, "normal": normal, "value": one.value, "limit": one.limit}
            yield Fault(message, dict(fields), where)
            return


def _missed_faults(model: ChainModel, one: Silence | Omission, places: Places) -> Iterator[Fault]:
    """What fell silent or was left undone stands in the chain."""
    if one.tags and not moved_tags(model, one):
        yield lost(line_in(places, one.id, "tags"), one.tags, Phrase("signals"), model.tags)
    if one.rule and one.rule not in model.rulebook.by_id:
        yield lost(line_in(places, one.id, "rule"), one.rule, Phrase("rules"), model.rulebook.by_id)


def _swap_faults(model: ChainModel, one: Swap, places: Places) -> Iterator[Fault]:
    """Two meters exchange their samples in a shift that there is."""
    for meter in one.meters:
        if meter not in model.meters:
            yield lost(line_in(places, one.id, "meters"), meter, Phrase("meters"), model.meters)
    if one.meters[0] == one.meters[1]:
        message = tr("event '{event}' exchanges the samples of '{meter}' with its own: name two meters")
        yield fault(message, line_in(places, one.id, "meters"), event=one.id, meter=one.meters[0])
    slots = [slot.id for slot in model.people.shifts.slots] if model.people else []
    if model.people and one.slot not in slots:
        yield lost(line_in(places, one.id, "slot"), one.slot, Phrase("shifts"), slots)
