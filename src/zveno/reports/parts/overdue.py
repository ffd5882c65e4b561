"""Readings of instruments whose verification has expired, and how much wider the balance is because of them."""

from __future__ import annotations

import polars as pl

from zveno.model.chain import ChainModel
from zveno.reports.document import Block, Callout, Cell, Column, Kind, Row, TableBlock, half_width
from zveno.reports.parts.words import measured_words, title_or_dash, words
from zveno.reports.streams import stream_title
from zveno.text.catalogue import Catalogue, title_in

_MOST = 12


def overdue_part(model: ChainModel, overdue: pl.DataFrame, widened: pl.DataFrame, text: Catalogue) -> list[Block]:
    """A callout, the meters with their instruments, the flows that are less sure; nothing where all were verified."""
    if overdue.is_empty():
        return []
    blocks: list[Block] = [Callout(overdue_words(model, overdue, widened, text), "warn"), _meters(model, overdue, text)]
    return [*blocks, _flows(model, widened, text)] if widened.height else blocks


def overdue_words(model: ChainModel, overdue: pl.DataFrame, widened: pl.DataFrame, text: Catalogue) -> str:
    """The meters concerned, and the flow that suffers most, in a sentence or two."""
    meters = overdue["meter"].unique().len()
    said = text.count(
        "Readings of {n} meter were taken with instruments whose verification had expired: its error is taken as "
        "larger.",
        "Readings of {n} meters were taken with instruments whose verification had expired: their errors are taken as "
        "larger.",
        meters,
    )
    if widened.is_empty():
        return said
    first = widened.row(0, named=True)
    return f"{said} " + text(
        "It tells most on {stream} ({what}): ± {half} t instead of ± {held} t.",
        what=measured_words(model, first["stream"], first["component"], text),
        stream=stream_title(model, first["stream"], text),
        half=text.number(half_width(first["mass_sd_t"]), 1), held=text.number(half_width(first["verified_sd_t"]), 1),
    )  # fmt: skip


def _meters(model: ChainModel, overdue: pl.DataFrame, text: Catalogue) -> TableBlock:
    """Each meter with its instruments."""
    columns = (
        Column("meter", text("Point of measurement"), broad=True),
        Column("instrument", text("Instrument"), broad=True),
        Column("until", text("Valid until"), Kind.DAY),
        Column("days", text("Days overdue"), Kind.COUNT),
        Column("readings", text("Readings after that"), Kind.COUNT),
        Column("of", text("of"), Kind.COUNT),
        Column("limit", text("Permissible error"), Kind.FRACTION),
        Column("grown", text("Taken as"), Kind.FRACTION),
    )
    rows = tuple(
        Row(str(k), {
            "meter": words(title_or_dash(model, row["meter"], text)),
            "instrument": words(_instrument(model, row["instrument"], row["name"], text)),
            "until": Cell(row["valid_until"]), "days": Cell(float(row["days_overdue"]), digits=0),
            "readings": Cell(float(row["overdue_readings"]), digits=0), "of": Cell(float(row["readings"]), digits=0),
            "limit": Cell(row["limit_pct"] / 100, digits=2), "grown": Cell(row["grown_pct"] / 100, digits=2),
        })
        for k, row in enumerate(overdue.iter_rows(named=True))
    )  # fmt: skip
    note = text(
        "The permissible error of an instrument is vouched for while its verification holds. After that it is taken to "
        "grow on as the interval allowed it to: an estimate, which quality.yaml sets. Of several instruments of a "
        "meter the worst counts."
    )
    title = text("Instruments with an expired verification")
    return TableBlock("overdue_readings", title, columns, rows, (note, *_rule(model, text)))


def _instrument(model: ChainModel, instrument: str, name: str, text: Catalogue) -> str:
    """What an instrument is, in the reader's language where the description says it, and its number."""
    described = {one.id: one.title for one in (model.quality.instruments if model.quality else ())}
    titles = {str(lang): title for lang, title in described.get(instrument, {}).items()}
    return " ".join(filter(None, (title_in(titles, text.lang, name), instrument)))


def _rule(model: ChainModel, text: Catalogue) -> list[str]:
    """Where the rule comes from and who answers for it, as far as the description says."""
    said = model.quality.overdue if model.quality else None
    if said is None or not (said.source or said.owner):
        return []
    return [text("By {source}; answered for by {owner}.", source=said.source or "–", owner=said.owner or "–")]


def _flows(model: ChainModel, widened: pl.DataFrame, text: Catalogue) -> TableBlock:
    """The flows that are less sure."""
    columns = (
        Column("stream", text("Stream"), broad=True),
        Column("what", text("Quantity")),
        Column("mass", text("Mass"), Kind.MASS, paired=True),
        Column("held", text("± if all were verified"), Kind.MASS),
        Column("wider", text("Wider by"), Kind.FRACTION, digits=0),
    )
    rows = tuple(
        Row(f"{row['stream']}:{row['component']}", {
            "stream": words(stream_title(model, row["stream"], text)),
            "what": words(measured_words(model, row["stream"], row["component"], text)),
            "mass": Cell(row["mass_t"], half_width(row["mass_sd_t"]), 1),
            "held": Cell(half_width(row["verified_sd_t"]), digits=1), "wider": Cell(row["wider_frac"], digits=0),
        })
        for row in widened.head(_MOST).iter_rows(named=True)
    )  # fmt: skip
    notes = (text("The {shown} widest of {all}.", shown=_MOST, all=widened.height),) if widened.height > _MOST else ()
    title = text("Flows that are less sure because of them")
    return TableBlock("widened_flows", title, columns, rows, notes, folded=True)
