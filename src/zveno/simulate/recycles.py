"""Which streams of a flowsheet run back."""

from __future__ import annotations

from collections.abc import Sequence

from zveno.simulate.plan import OUTSIDE, Link


def recycles(units: int, links: Sequence[Link]) -> tuple[int, ...]:
    """Numbers of the streams that lead back to a unit on the way to which they lie.

    The flowsheet is walked depth first from the units that are fed from outside, in the order of the description;
    what comes to a unit of the way just walked closes a loop. Without these streams there is no loop left. Where every
    loop is entered at one unit, they do not depend on the order.

    Examples
    --------
    A rougher, a cleaner whose tailings come back, and its concentrate:

    >>> recycles(2, [Link(-1, 0, 0), Link(0, 0, 1), Link(1, 1, 0), Link(1, 0, -1)])
    (2,)

    References
    ----------
    Hecht & Ullman (1974), J. ACM 21, 367-375: retreating edges.
    """
    leaving: list[list[int]] = [[] for _ in range(units)]
    for n, one in enumerate(links):
        if OUTSIDE not in (one.source, one.target):
            leaving[one.source].append(n)
    for ways in leaving:
        ways.sort(key=lambda n: links[n].target)
    fed = sorted({one.target for one in links if one.source == OUTSIDE and one.inlet < 0 and one.target != OUTSIDE})
    seen: set[int] = set()
    back: list[int] = []
    for start in (*fed, *range(units)):
        if start not in seen:
            _walk(start, leaving, links, seen, back)
    return tuple(sorted(back))


def _walk(start: int, leaving: Sequence[Sequence[int]], links: Sequence[Link], seen: set[int], back: list[int]) -> None:
    """Walk on from a unit; note what comes to a unit of the way there."""
    way = [(start, iter(leaving[start]))]
    on_way = {start}
    seen.add(start)
    while way:
        unit, ahead = way[-1]
        n = next(ahead, None)
        if n is None:
            way.pop()
            on_way.discard(unit)
            continue
        target = links[n].target
        if target in on_way:
            back.append(n)
        elif target not in seen:
            seen.add(target)
            on_way.add(target)
            way.append((target, iter(leaving[target])))
