"""Breaches whose instrument the balance finds at fault at that time: proposed to be voided, and to be opened again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from zveno.duty.breach import Breach
from zveno.model.chain import ChainModel


@dataclass(frozen=True)
class Finding:
    """What a balance says of meters.

    Parameters
    ----------
    key
        Name of it, the same as long as the same thing is off: ``suspects/conc.receipt/mass``, ``step/line2.belt``.
    meters
        Meters that may be at fault.
    sure
        Whether all of them are; else it is one of them, or something else, and the data cannot tell which.
    start, end
        The time for which it is said.
    rows
        Rows of the table that say so.
    """

    period: str
    key: str
    meters: tuple[str, ...]
    start: datetime
    end: datetime
    sure: bool
    rows: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)


@dataclass(frozen=True)
class VoidProposal:
    """A breach that the balance speaks of.

    Parameters
    ----------
    kind
        ``void``: the instrument is named and nothing else explains the readings; ``doubt``: it is one of several that
        the data cannot tell apart, so that nothing is proposed; ``reopen``: what voided the breach is said no longer.
    """

    kind: str
    breach: str
    meter: str
    finding: Finding | None


def void_proposals(
    model: ChainModel, entered: Iterable[Breach], findings: Sequence[Finding], periods: Sequence[str]
) -> tuple[VoidProposal, ...]:
    """What the balances of some periods propose about breaches.

    Parameters
    ----------
    entered
        Breaches of the log.
    findings
        All that these balances say of meters.
    periods
        Names of the periods: of others nothing is known, so nothing that they voided is opened again.
    """
    found = []
    for one in entered:
        tag = model.tags.get(one.judged.facts["tag"])
        meter = tag.meter if tag else ""
        void = one.voided
        if void is not None:
            evidence = void.evidence
            said = any(each.key == evidence.get("key") and each.period == evidence.get("period") for each in findings)
            if evidence.get("period") in periods and not said:
                found.append(VoidProposal("reopen", one.id, meter, None))
            continue
        if not meter or one.gone:
            continue
        mine = [each for each in findings if meter in each.meters and _meet(one, each)]
        sure = next((each for each in mine if each.sure), None)
        if sure is not None:
            found.append(VoidProposal("void", one.id, meter, sure))
        elif mine:
            found.append(VoidProposal("doubt", one.id, meter, mine[0]))
    return tuple(found)


def _meet(one: Breach, finding: Finding) -> bool:
    """Whether they have time in common; a mere moment is in it where it begins."""
    start, end = one.judged.start, one.judged.end
    return start < finding.end and (finding.start < end or finding.start <= start)
