"""The export for an ERP from the books of a period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from zveno.model.rounding import Rounding
from zveno.reports.document import half_width
from zveno.reports.erp.published import (
    ErpAccount,
    ErpDue,
    ErpExport,
    ErpLine,
    ErpMoved,
    ErpPeriod,
    ErpQuantity,
    ErpRecovery,
    ErpSection,
    ErpSignature,
    ErpStream,
    ErpVersion,
)
from zveno.reports.erp.sums import ENDS, LINES, Key, Published, figures_of, published, section_ends
from zveno.reports.month import notice_of
from zveno.reports.shown import MASS
from zveno.reports.streams import CLOSING, OPENING, stream_title
from zveno.reports.workbook.given import PeriodBooks
from zveno.text.catalogue import Catalogue, title_in

_RATIO_DECIMALS = 2


def erp_export(given: PeriodBooks, rounding: Rounding, text: Catalogue) -> ErpExport:
    """Masses of every quantity, rounded to its last place such that all sums hold, with version and signatures.

    Raises
    ------
    SolveError
        If some quantity has no rounding that keeps its sums: then it needs more decimals.
    """
    quantities = [MASS, *(one for one in given.model.chain.components if _has(given, one))]
    found = {one: published(figures_of(given, one), rounding.of(one)) for one in quantities}
    chain = given.model.chain
    return ErpExport(
        program=f"Zveno {given.results.provenance.version}",
        chain=chain.id,
        title=title_in({str(key): value for key, value in chain.title.items()}, text.lang, chain.id),
        notice=notice_of(given.results, text),
        period=ErpPeriod(
            name=given.results.period.name, start=given.results.period.start, end=given.results.period.end
        ),
        version=version_of(given, text.lang),
        quantities=tuple(
            ErpQuantity(quantity=name, uom=one.place.uom, decimals=one.place.decimals) for name, one in found.items()
        ),
        streams=tuple(_streams(given, found, text)),
        sections=tuple(_sections(given, found)),
        accounts=tuple(_accounts(given, found)),
        dues=tuple(_dues(given, found)),
        recoveries=tuple(_recoveries(given)),
        moved=tuple(_moved(found)),
    )


def _has(given: PeriodBooks, component: str) -> bool:
    return any(name == component for _, name in given.flows)


def version_of(given: PeriodBooks, lang: str) -> ErpVersion:
    """Which version it is, and who signed it."""
    one = given.standing
    return ErpVersion(
        stand=one.stand, provisional=one.provisional, number=one.number, content_sha256=one.content, cut=one.cut,
        reason=one.reason,
        signatures=tuple(
            ErpSignature(name=each.name, at=each.at, meaning=each.means(lang), record=each.record, key=each.key)
            for each in one.signatures
        ),
    )  # fmt: skip


def _streams(given: PeriodBooks, found: Mapping[str, Published], text: Catalogue) -> Iterator[ErpStream]:
    owners = list(dict.fromkeys(given.books.owner_flows["owner"]))
    for stream, quantity in given.flows:
        here = found[quantity]
        yield ErpStream(
            stream=stream, title=stream_title(given.model, stream, text), quantity=quantity,
            mass=here.get(("stream", stream)),
            owners={one: here.get(("owner", stream, one)) for one in owners if ("owner", stream, one) in here.values},
        )  # fmt: skip


def _sections(given: PeriodBooks, found: Mapping[str, Published]) -> Iterator[ErpSection]:
    for quantity, here in found.items():
        for section, _ in section_ends(given, quantity):
            ends = [here.get(("section", section, name)) for name in ENDS]
            opening, into, out, closing = ends
            if opening is None or into is None or out is None or closing is None:
                continue
            yield ErpSection(
                section=section, plant=given.model.plant_of(section), quantity=quantity, opening=opening, into=into,
                out=out, closing=closing,
            )  # fmt: skip


def _accounts(given: PeriodBooks, found: Mapping[str, Published]) -> Iterator[ErpAccount]:
    table = given.books.owner_accounts
    for owner, quantity in table.select("owner", "component").unique(maintain_order=True).iter_rows():
        here = found[quantity]
        sums = {line: here.get(("account", owner, line)) for line in LINES}
        if any(one is None for one in sums.values()):
            continue
        yield ErpAccount(
            owner=owner, quantity=quantity, parts=tuple(_lines(given, here, owner, quantity)), **sums
        )  # fmt: skip


def _lines(given: PeriodBooks, here: Published, owner: str, quantity: str) -> Iterator[ErpLine]:
    """Parts of an account as they are published: streams, and what is a figure of its own."""
    for row in given.books.owner_accounts.iter_rows(named=True):
        line, stream = row["line"], row["stream"]
        if (row["owner"], row["component"]) != (owner, quantity) or line == "left":
            continue
        own = here.get(("line", owner, line, stream))
        if own is not None:
            yield ErpLine(line=line, stream=stream, mass=own)
            continue
        end = {"opening": OPENING, "closing": CLOSING}.get(line)
        for key, value in here.values.items():
            if key[0] == "owner" and key[2] == owner and (key[1].endswith(end) if end else key[1] == stream):
                yield ErpLine(line=line, stream=key[1], mass=value)


def _dues(given: PeriodBooks, found: Mapping[str, Published]) -> Iterator[ErpDue]:
    for row in given.books.owner_dues.iter_rows(named=True):
        owner, quantity = row["owner"], row["component"]
        here = found[quantity]
        sums = {name: here.get(("due", owner, name)) for name in ("opening", "returnable", "returned", "closing")}
        if any(one is None for one in sums.values()):
            continue
        contract = next(
            (one.contract.number for one in given.model.chain.owners if one.id == owner and one.contract), ""
        )
        parts = {key[2]: value for key, value in here.values.items() if key[:2] == ("returnable", owner)}
        yield ErpDue(owner=owner, contract=contract, quantity=quantity, parts=parts, **sums)


def _recoveries(given: PeriodBooks) -> Iterator[ErpRecovery]:
    for row in given.results.recoveries.iter_rows(named=True):
        half = half_width(row["recovery_sd_frac"])
        yield ErpRecovery(
            plant=row["plant"], component=row["component"], kind=row["kind"],
            value_pct=_percent(row["recovery_frac"]), half_width_pct=_percent(half),
        )  # fmt: skip


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, _RATIO_DECIMALS)


def _moved(found: Mapping[str, Published]) -> Iterator[ErpMoved]:
    for quantity, here in found.items():
        for key, (exact, nearest, said) in here.moved.items():
            yield ErpMoved(what=_said(key, quantity), exact=exact, nearest=nearest, published=said)


def _said(key: Key, quantity: str) -> str:
    return "/".join((quantity, *(one for one in key if one)))
