"""What can be compared: quantities that a balance and the simulation can both state.

Flows are compared as far as nothing that lies in stock stands between them and the feeds. Behind a stock a plant works
at a pace of its own: there contents and shares are compared, which do not depend on it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from zveno.couple.observations import Observed, Term
from zveno.model.chain import ChainModel
from zveno.model.network import MASS, NetNode, NetStream, Network
from zveno.reconcile.topology import CLOSING, OPENING, Topology, contents, topology


@dataclass(frozen=True)
class _Made:
    """What was made of each stream: what left, and what the stock before it gained.

    ``gained`` lists, by stream, the ends of the stocks in its own section that it is loaded from, with their sign;
    ``content`` is the component by whose mass alone a stream is followed.
    """

    gained: Mapping[str, tuple[tuple[str, float], ...]]
    content: Mapping[str, str]

    def terms(self, stream: str, component: str) -> tuple[Term, ...]:
        """Terms of the balance."""
        if stream in self.content:
            return ((stream, MASS, 1.0),)
        return tuple((name, component, sign) for name, sign in ((stream, 1.0), *self.gained.get(stream, ())))

    def steady(self, stream: str, component: str) -> tuple[Term, ...]:
        """Terms of the simulation."""
        return ((stream, self.content.get(stream, component), 1.0),)


def comparable(
    model: ChainModel, network: Network, places: Collection[str], use: Sequence[str] = ()
) -> tuple[Observed, ...]:
    """Everything that the balance of a network and the simulation can both state.

    Parameters
    ----------
    places
        Balanced streams that the simulation knows.
    use
        Patterns ``stream:quantity``; none: all.
    """
    topo = topology(model)
    made = _made(model, network, topo)
    astray = _behind_stocks(model, network, made)
    found: list[Observed] = []
    for stream in network.streams:
        if stream.id in places and not stream.role:
            found += _of_stream(network, stream, made, flows=stream.id not in astray)
    for node in network.nodes:
        outlets = [one for one in network.streams if one.source == node.id and not one.role]
        if any(one.id in astray for one in outlets) and all(one.id in places for one in outlets):
            found += _shares(network, node, outlets, made)
    return tuple(one for one in found if not use or any(fnmatchcase(one.name, pattern) for pattern in use))


def stocked_feeds(model: ChainModel, network: Network) -> dict[str, str]:
    """Feeds that go into a stock or behind one, which are used at another pace than they come: their places."""
    topo = topology(model)
    astray = _behind_stocks(model, network, _made(model, network, topo))
    feeds = (one.id for one in model.streams.values() if one.feed is not None)
    return {one: topo.place[one] for one in feeds if topo.place.get(one) in astray}


def recoveries(model: ChainModel, network: Network, places: Collection[str]) -> Iterator[Observed]:
    """Recoveries that the description reports, with the change of their stocks counted as product."""
    topo = topology(model)
    for one in model.chain.recoveries:
        feeds, products = (
            tuple(dict.fromkeys(topo.place.get(name, "") for name in of)) for of in (one.feeds, one.products)
        )
        if not set(places).issuperset((*feeds, *products)):
            continue
        held = [end for stock in one.stocks for end in _ends(network, stock)]
        for component in one.components:
            if component in network.components:
                made, fed = ([(name, component, 1.0) for name in of] for of in (products, feeds))
                yield Observed(
                    name=f"recovery.{component}:{'+'.join(products)}/{'+'.join(feeds)}",
                    above=(*made, *((name, component, sign) for name, sign in held)),
                    below=tuple(fed),
                    made_above=tuple(made),
                    made_below=tuple(fed),
                )


def _ratio(name: str, made: _Made, above: Sequence[tuple[str, str]], below: Sequence[tuple[str, str]]) -> Observed:
    """A ratio of what was made of some streams and components."""
    sums = [tuple(term for one in of for term in made.terms(*one)) for of in (above, below)]
    steady = [tuple(term for one in of for term in made.steady(*one)) for of in (above, below)]
    return Observed(name, sums[0], sums[1], steady[0], steady[1])


def _of_stream(network: Network, stream: NetStream, made: _Made, *, flows: bool) -> Iterator[Observed]:
    """Flows of a stream, and contents: of what is told by its contents alone, these are all there is."""
    name = stream.id
    if name in made.content:
        if flows:
            yield Observed(f"{name}:{made.content[name]}", made.terms(name, ""), (), made.steady(name, ""))
        return
    carried = network.carries(stream)
    for component in (MASS, *carried) if flows else ():
        label = "solids" if component == MASS else component
        yield Observed(f"{name}:{label}", made.terms(name, component), (), made.steady(name, component))
    for component in carried:
        yield _ratio(f"{name}:grade.{component}", made, [(name, component)], [(name, MASS)])


def _shares(network: Network, node: NetNode, outlets: Sequence[NetStream], made: _Made) -> Iterator[Observed]:
    """How a section divides each component among its outlets."""
    followed = network.components if node.components is None else node.components
    for component in ((MASS,) if node.mass else ()) + tuple(followed):
        of = [one.id for one in outlets if _holds(network, one, component, made)]
        if len(of) < 2:
            continue
        label = "solids" if component == MASS else component
        for name in of:
            yield _ratio(f"{name}:share.{label}", made, [(name, component)], [(one, component) for one in of])


def _holds(network: Network, stream: NetStream, component: str, made: _Made) -> bool:
    """Whether a stream takes part in the balance of a component."""
    if stream.id in made.content:
        return made.content[stream.id] == component
    return component == MASS or component in network.carries(stream)


def _made(model: ChainModel, network: Network, topo: Topology) -> _Made:
    """Stocks from which streams are loaded, where these lie in the section that makes them."""
    source = {one.id: one.source for one in network.streams}
    gained: dict[str, tuple[tuple[str, float], ...]] = {}
    for stock in model.chain.stocks:
        stream, ends = topo.place.get(stock.material, ""), _ends(network, stock.id)
        if ends and not stock.content and source.get(stream) == stock.section:
            gained[stream] = (*gained.get(stream, ()), *ends)
    return _Made(gained, contents(model))


def _ends(network: Network, stock: str) -> tuple[tuple[str, float], ...]:
    """Closing and, with the other sign, opening of a stock, as far as they take part in the balance."""
    there = {one.id for one in network.streams}
    return tuple((stock + end, sign) for end, sign in ((CLOSING, 1.0), (OPENING, -1.0)) if stock + end in there)


def _behind_stocks(model: ChainModel, network: Network, made: _Made) -> set[str]:
    """Streams whose flow depends on how stocks changed, so that a steady state does not have it."""
    counted = {end for of in made.gained.values() for end, _ in of}
    sections = {
        one.section for one in model.chain.stocks if any(end not in counted for end, _ in _ends(network, one.id))
    }
    sections |= {one.target for one in network.streams if one.id in made.gained and one.target}
    astray: set[str] = set()
    while True:
        reached = {
            one.id
            for one in network.streams
            if not one.role and (one.source in sections or (one.target in sections and one.source is None))
        }  # fmt: skip
        grown = sections | {one.target for one in network.streams if one.id in reached and one.target}
        if reached == astray and grown == sections:
            return astray
        astray, sections = reached, grown
