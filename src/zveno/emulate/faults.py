"""What is wrong in a play file, found before the plant is played and told with its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from zveno.emulate.schedule import moved_tags
from zveno.errors import Fault, Phrase, ZvenoError, fault
from zveno.model.chain import ChainModel
from zveno.model.checks import near_match
from zveno.model.load import PLAY
from zveno.model.play import Bias, Dispatch, Excursion, Play, Swap, Train
from zveno.model.values import days_of_change
from zveno.simulate import parameter_uom
from zveno.text.mark import tr

Places = Mapping[str, str]


def play_faults(model: ChainModel, play: Play, places: Places | None = None) -> list[Fault]:
    """Everything in a play that does not hold together with the chain, or cannot be.

    ``places`` tells where in the play file an id or key stands, as ``model.load.read_play`` gives it.
    """
    checks: tuple[Callable[[ChainModel, Play, Places], Iterator[Fault]], ...] = (
        _plant_faults,
        _id_faults,
        _variation_faults,
        _train_faults,
        _dispatch_faults,
        _event_faults,
    )
    return [one for check in checks for one in check(model, play, places or {})]


def _line(places: Places, id_: str, key: str = "") -> str:
    """Place of a key of a thing, else of the thing, else the file."""
    return places.get(f"{id_}/{key}") or places.get(id_) or PLAY


def _lost(where: str, name: str, group: Phrase, known: Iterable[str]) -> Fault:
    """A name that leads nowhere in the chain."""
    message = tr("'{id}' is named, but the chain has no such thing among its {group}")
    return fault(message, where, id=name, group=group, near=near_match(name, known))


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
            yield fault(message, _line(places, id_), id=id_, times=times)


def _variation_faults(model: ChainModel, play: Play, places: Places) -> Iterator[Fault]:
    """What wanders is a figure."""
    for n, one in enumerate(play.variations):
        if one.parameter not in model.parameters:
            yield _lost(
                _line(places, f"variations/{n}", "parameter"), one.parameter, Phrase("figures"), model.parameters
            )


def _train_faults(model: ChainModel, play: Play, places: Places) -> Iterator[Fault]:
    """Trains hold units, take a share of a feed, and are at work for a share of the time."""
    for train in play.trains:
        if train.feed not in model.streams:
            yield _lost(_line(places, train.id, "feed"), train.feed, Phrase("streams"), model.streams)
        elif model.streams[train.feed].feed is None:
            message = tr("train '{train}' is fed by '{stream}', which has no 'feed': name a boundary feed")
            yield fault(message, _line(places, train.id, "feed"), train=train.id, stream=train.feed)
        if not any(fnmatchcase(unit, train.units) for unit in model.units):
            yield _lost(_line(places, train.id, "units"), train.units, Phrase("units"), model.units)
        yield from _share_faults(model, train, places)
        yield from _availability_faults(model, train, places)


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
    yield _lost(_line(places, train.id, "share"), train.share, Phrase("figures"), model.parameters)


def _availability_faults(model: ChainModel, train: Train, places: Places) -> Iterator[Fault]:
    """The availability is a figure from above 0 to 1."""
    where = _line(places, train.id, "availability")
    if train.availability not in model.parameters:
        yield _lost(where, train.availability, Phrase("figures"), model.parameters)
        return
    for day in days_of_change(model):
        try:
            value = model.number(train.availability, "frac", day)
        except ZvenoError as error:
            yield from (Fault(one.message, one.fields, where) for one in error.faults)
            return
        if not 0 < value <= 1:
            message = tr("the availability '{name}' of train '{train}' is {value}: it lies above 0 and up to 1 (100 %)")
            yield fault(message, where, name=train.availability, train=train.id, value=f"{value:g}")
            return


def _dispatch_faults(model: ChainModel, play: Play, places: Places) -> Iterator[Fault]:
    """What is loaded out is the material of a stock; every stock that is measured is loaded out."""
    for n, one in enumerate(play.dispatches):
        yield from _load_faults(model, one, f"dispatches/{n}", places)
    for stock in (stock for stock, times in Counter(one.stock for one in play.dispatches).items() if times > 1):
        message = tr("stock '{stock}' is dispatched more than once: name it once among 'dispatches'")
        yield fault(message, _line(places, "dispatches"), stock=stock)
    loaded = {one.stock for one in play.dispatches}
    for meter in model.meters.values():
        if meter.accounting and meter.stream in model.stocks and meter.stream not in loaded:
            message = tr(
                "stock '{stock}' is measured by '{meter}', but nothing is loaded out of it: add it to 'dispatches'"
            )
            yield fault(message, _line(places, "dispatches"), stock=meter.stream, meter=meter.id)


def _load_faults(model: ChainModel, one: Dispatch, id_: str, places: Places) -> Iterator[Fault]:
    """One dispatch."""
    if one.stock not in model.stocks:
        yield _lost(_line(places, id_, "stock"), one.stock, Phrase("stocks"), model.stocks)
    if one.stream not in model.streams:
        yield _lost(_line(places, id_, "stream"), one.stream, Phrase("streams"), model.streams)
    if one.stock not in model.stocks or one.stream not in model.streams:
        return
    material = model.stocks[one.stock].material
    if material not in (one.stream, model.streams[one.stream].group):
        message = tr("stock '{stock}' is made of '{material}', so '{stream}' cannot be loaded out of it")
        yield fault(message, _line(places, id_, "stream"), stock=one.stock, material=material, stream=one.stream)


def _event_faults(model: ChainModel, play: Play, places: Places) -> Iterator[Fault]:
    """Events last some time and touch meters and tags that the chain has."""
    for one in play.events:
        if not isinstance(one, Swap) and one.start >= one.end:
            message = tr("event '{event}' ends at {end}, before it begins at {start}")
            where = _line(places, one.id, "end")
            yield fault(message, where, event=one.id, start=one.start.isoformat(), end=one.end.isoformat())
        if isinstance(one, Excursion):
            yield from _excursion_faults(model, one, places)
        elif isinstance(one, Bias):
            if one.meter not in model.meters:
                yield _lost(_line(places, one.id, "meter"), one.meter, Phrase("meters"), model.meters)
        else:
            yield from _swap_faults(model, one, places)


def _excursion_faults(model: ChainModel, one: Excursion, places: Places) -> Iterator[Fault]:
    """Tags leave their usual value, pass the limit and reach the value, in this order."""
    tags = moved_tags(model, one)
    if not tags:
        yield _lost(_line(places, one.id, "tags"), one.tags, Phrase("signals"), model.tags)
    if one.rule and one.rule not in model.rulebook.by_id:
        yield _lost(_line(places, one.id, "rule"), one.rule, Phrase("rules"), model.rulebook.by_id)
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
            where = _line(places, one.id, "limit")
            fields = {"event": one.id, "tag": tag.id, "normal": normal, "value": one.value, "limit": one.limit}
            yield Fault(message, dict(fields), where)
            return


def _swap_faults(model: ChainModel, one: Swap, places: Places) -> Iterator[Fault]:
    """Two meters exchange their samples in a shift that there is."""
    for meter in one.meters:
        if meter not in model.meters:
            yield _lost(_line(places, one.id, "meters"), meter, Phrase("meters"), model.meters)
    if one.meters[0] == one.meters[1]:
        message = tr("event '{event}' exchanges the samples of '{meter}' with its own: name two meters")
        yield fault(message, _line(places, one.id, "meters"), event=one.id, meter=one.meters[0])
    slots = [slot.id for slot in model.people.shifts.slots] if model.people else []
    if model.people and one.slot not in slots:
        yield _lost(_line(places, one.id, "slot"), one.slot, Phrase("shifts"), slots)
