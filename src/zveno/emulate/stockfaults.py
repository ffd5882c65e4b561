"""What is wrong with the stocks, lots and ways of a play file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from zveno.errors import Fault, Phrase, fault, rounded
from zveno.model.chain import ChainModel
from zveno.model.checks import near_match
from zveno.model.load import PLAY
from zveno.model.play import Delivery, Dispatch, Draw, Held, Play, Way
from zveno.text.mark import tr

Places = Mapping[str, str]


def line_in(places: Places, id_: str, key: str = "") -> str:
    """Place of a key of a thing, else of the thing, else the file."""
    return places.get(f"{id_}/{key}") or places.get(id_) or PLAY


def lost(where: str, name: str, group: Phrase, known: Iterable[str]) -> Fault:
    """A name that leads nowhere in the chain."""
    message = tr("'{id}' is named, but the chain has no such thing among its {group}")
    return fault(message, where, id=name, group=group, near=near_match(name, known))


def stock_faults(model: ChainModel, play: Play, places: Places) -> Iterator[Fault]:
    """What lies in stock is of the stream named; every stock that is measured is played, and once."""
    for n, dispatch in enumerate(play.dispatches):
        yield from _load_faults(model, dispatch, f"dispatches/{n}", places)
    for n, draw in enumerate(play.draws):
        yield from _between_faults(model, draw, f"draws/{n}", places)
    for n, way in enumerate(play.ways):
        yield from _way_faults(model, way, f"ways/{n}", places)
    for n, delivery in enumerate(play.deliveries):
        yield from _delivery_faults(model, delivery, f"deliveries/{n}", places)
    for n, held in enumerate(play.held):
        yield from _held_faults(model, held, f"held/{n}", places)
    yield from _cover_faults(model, play, places)


def _cover_faults(model: ChainModel, play: Play, places: Places) -> Iterator[Fault]:
    """Every stock that is measured is played, and once."""
    played = [one.stock for one in play.dispatches] + [one.stock for one in play.draws]
    played += [one.stock for one in play.ways] + [one.stock for one in play.held]
    for stock in (stock for stock, times in Counter(played).items() if times > 1):
        message = tr("stock '{stock}' is played more than once: name it once among dispatches, draws, ways and held")
        yield fault(message, line_in(places, "dispatches"), stock=stock)
    for meter in model.meters.values():
        if meter.accounting and meter.stream in model.stocks and meter.stream not in played:
            message = tr(
                "stock '{stock}' is measured by '{meter}', but nobody says how it is played: add it to dispatches, "
                "draws, ways or held"
            )
            yield fault(message, line_in(places, "dispatches"), stock=meter.stream, meter=meter.id)


def _named(model: ChainModel, one: Dispatch | Draw | Way, id_: str, places: Places) -> Iterator[Fault]:
    """Stock and stream exist."""
    if one.stock not in model.stocks:
        yield lost(line_in(places, id_, "stock"), one.stock, Phrase("stocks"), model.stocks)
    if one.stream not in model.streams:
        yield lost(line_in(places, id_, "stream"), one.stream, Phrase("streams"), model.streams)


def _load_faults(model: ChainModel, one: Dispatch, id_: str, places: Places) -> Iterator[Fault]:
    """What is loaded out is what the stock is made of."""
    faults = list(_named(model, one, id_, places))
    yield from faults
    if faults:
        return
    material = model.stocks[one.stock].material
    if material not in (one.stream, model.streams[one.stream].group):
        message = tr("stock '{stock}' is made of '{material}', so '{stream}' cannot be loaded out of it")
        where = line_in(places, id_, "stream")
        yield fault(message, where, stock=one.stock, material=material, stream=one.stream)


def _between_faults(model: ChainModel, one: Draw, id_: str, places: Places) -> Iterator[Fault]:
    """A stock that is drawn from lies in the section that the stream leaves."""
    faults = list(_named(model, one, id_, places))
    yield from faults
    if not faults and model.place_of(model.streams[one.stream].source) != model.stocks[one.stock].section:
        message = tr("'{stream}' does not come out of the section in which the stock '{stock}' lies")
        yield fault(message, line_in(places, id_, "stream"), stock=one.stock, stream=one.stream)


def _way_faults(model: ChainModel, one: Way, id_: str, places: Places) -> Iterator[Fault]:
    """What is on the way takes time and counts where it arrives."""
    faults = list(_named(model, one, id_, places))
    yield from faults
    if faults:
        return
    stream, where = model.streams[one.stream], line_in(places, id_, "stream")
    if not stream.transport_h:
        message = tr("'{stream}' takes no time on its way: give it 'transport_h' in chain.yaml")
        yield fault(message, where, stream=one.stream)
    if model.place_of(stream.target) != model.stocks[one.stock].section:
        message = tr("'{stream}' does not arrive in the section in which the stock '{stock}' is counted")
        yield fault(message, where, stock=one.stock, stream=one.stream)


def _delivery_faults(model: ChainModel, one: Delivery, id_: str, places: Places) -> Iterator[Fault]:
    """What comes in lots is a boundary feed."""
    where = line_in(places, id_, "stream")
    if one.stream not in model.streams:
        yield lost(where, one.stream, Phrase("streams"), model.streams)
    elif model.streams[one.stream].feed is None:
        yield fault("'{stream}' is delivered in lots, but it is no boundary feed", where, stream=one.stream)


def _held_faults(model: ChainModel, one: Held, id_: str, places: Places) -> Iterator[Fault]:
    """What is held is a mixture of streams whose shares sum up to one."""
    if one.stock not in model.stocks:
        yield lost(line_in(places, id_, "stock"), one.stock, Phrase("stocks"), model.stocks)
    for name in one.mix:
        if name not in model.streams:
            yield lost(line_in(places, id_, "mix"), name, Phrase("streams"), model.streams)
    total = sum(one.mix.values())
    if abs(total - 1) > 1e-6:
        message = tr("the shares of the mixture in stock '{stock}' sum up to {total}: they must give 1")
        yield fault(message, line_in(places, id_, "mix"), stock=one.stock, total=rounded(total, 6))
