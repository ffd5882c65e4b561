"""What an import does that its user may not have meant: said aloud, while everything is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import polars as pl

from zveno.errors import Fault, fault
from zveno.model.chain import ChainModel
from zveno.quantities import convert, uom_of
from zveno.sources.files import SourceBatch
from zveno.tables import RECORD_KEY, frame
from zveno.text.mark import tr
from zveno.text.words import quantity_phrase

_MASSES = ("wet_mass", "mass", "survey_mass")
_FEWEST = 5
_FAR, _SMALL_MASS = 10.0, 300.0
_GAP = timedelta(days=60)
_ONE_SHEET = timedelta(days=1)


def remarks(
    model: ChainModel, new: Sequence[SourceBatch], known: Sequence[SourceBatch], kept: pl.DataFrame
) -> list[Fault]:
    """Replaced and not withdrawn values, doubtful units, crews, sizes and dates; none of them is an error.

    Parameters
    ----------
    model
        The chain, for the units of measure of its meters.
    new
        Files that are about to be kept.
    known
        Files of the same import that were kept before.
    kept
        The records that the store holds and believes, before this import.
    """
    brought = pl.concat([frame("records"), *(one.records for one in new)])
    return [
        *(doubt for one in new for doubt in one.doubts),
        *_replaced(model, brought, kept),
        *_not_withdrawn(new, kept),
        *_overruled(known, kept),
        *_far_values(brought, kept),
        *_far_dates(brought, kept),
    ]


def _place() -> pl.Expr:
    """Where a record stands."""
    return pl.concat_str(*(pl.col(one).replace("", None) for one in ("file", "sheet", "cell")),
                         separator=", ", ignore_nulls=True)  # fmt: skip


def _by_key(records: pl.DataFrame) -> pl.DataFrame:
    """One row a key: its values as one text, the place of the first, its file."""
    return records.group_by(RECORD_KEY, maintain_order=True).agg(
        values=pl.col("value").sort().round_sig_figs(6).cast(pl.String).fill_null("-").str.join("; "),
        place=_place().first(), file=pl.col("file").first(), file_hash=pl.col("file_hash").first(),
    )  # fmt: skip


def _own_uom(model: ChainModel, meter: str, quantity: str, text: str) -> str:
    """Values of a meter as its description has them, from t or mass fractions."""
    one = model.meters.get(meter)
    if one is None:
        return text
    own = one.uoms.get(quantity, one.uom)
    base = "t" if quantity in _MASSES else "frac"
    if uom_of(own).dimension != uom_of(base).dimension:  # a rate: its hours are not at hand
        return text
    return "; ".join(each if each == "-" else f"{convert(float(each), base, own):.6g}" for each in text.split("; "))


def _replaced(model: ChainModel, brought: pl.DataFrame, kept: pl.DataFrame) -> Iterator[Fault]:
    """Values that now count instead of others."""
    both = _by_key(brought).join(_by_key(kept), on=RECORD_KEY, how="inner", suffix="_old")
    changed = both.filter(pl.col("values") != pl.col("values_old"))
    if changed.height:
        first = changed.row(0, named=True)
        old = _own_uom(model, first["point"], first["quantity"], first["values_old"])
        message = tr("values that replace earlier ones: {n} (first: '{meter}' was {old} at {place})")
        place = first["place_old"]
        yield fault(message, first["place"], n=changed.height, meter=first["point"], old=old, place=place)


def _not_withdrawn(new: Sequence[SourceBatch], kept: pl.DataFrame) -> Iterator[Fault]:
    """Values of an earlier file of the same name that the new one no longer has: they go on counting."""
    for one in new:
        before = kept.filter((pl.col("file") == one.file) & pl.col("value").is_not_null())
        left = _by_key(before).join(_by_key(one.records), on=RECORD_KEY, how="anti")
        if left.height and (one.records.join(before, on=RECORD_KEY, how="semi").height or _same_sheet(before, one)):
            first = left.row(0, named=True)
            yield fault(
                tr("values of the earlier file of this name that it no longer has: {n} (first: '{meter}', {place}); "
                   "they still count, write 'n/a' in the cell to withdraw one"), one.file,
                n=left.height, meter=first["point"], place=first["place"],
            )  # fmt: skip


def _same_sheet(before: pl.DataFrame, one: SourceBatch) -> bool:
    """A file of one shift or day that came again under its name with the same points: its date or shift was changed."""
    points = [set(rows.select("point", "quantity").iter_rows()) for rows in (before, one.records)]
    if points[0] != points[1] or not points[0]:
        return False
    both = pl.concat([before.with_columns(of=pl.lit(0)), one.records.with_columns(of=pl.lit(1))])
    spans = both.group_by("of").agg(pl.col("end").max() - pl.col("start").min())["end"]
    return bool((spans <= _ONE_SHEET).all())


def _overruled(known: Sequence[SourceBatch], kept: pl.DataFrame) -> Iterator[Fault]:
    """Files kept before of which a later file has replaced values: they do not come back."""
    believed = _by_key(kept)
    for one in known:
        both = _by_key(one.records).join(believed, on=RECORD_KEY, how="inner", suffix="_now")
        gone = both.filter(
            (pl.col("file_hash") != pl.col("file_hash_now")) & (pl.col("values") != pl.col("values_now"))
        )
        if gone.height:
            first = gone.row(0, named=True)
            yield fault(
                tr("known before; values that a later file replaced go on counting instead: {n} (first: {place})"),
                one.file, n=gone.height, place=first["place_now"],
            )  # fmt: skip


def _far_values(brought: pl.DataFrame, kept: pl.DataFrame) -> Iterator[Fault]:
    """Values far from the usual of the same meter: a slip of the point, a wrong unit, two samples swapped."""
    key = ["point", "quantity"]
    positive = pl.col("value") > 0
    usual = (
        pl.concat([kept, brought]).filter(positive).group_by(key)
        .agg(usual=pl.col("value").median(), among=pl.len()).filter(pl.col("among") >= _FEWEST)
    )  # fmt: skip
    mass = pl.col("quantity").is_in(_MASSES)
    ratio = pl.col("value") / pl.col("usual")
    least = pl.when(mass).then(1 / _SMALL_MASS).otherwise(1 / _FAR)
    far = (
        brought.filter(positive, mass | (pl.col("qualifier") == "")).join(usual, on=key)
        .filter((ratio > _FAR) | (ratio < least))
        .group_by(key, maintain_order=True)
        .agg(place=_place().first(), value=pl.col("value").first(), usual=pl.col("usual").first(), n=pl.len())
    )  # fmt: skip
    message = tr("values far from the usual of '{meter}' ({quantity}): {n} (here {times} times it); they were kept")
    for row in far.iter_rows(named=True):
        said = quantity_phrase(row["quantity"])
        times = float(f"{row['value'] / row['usual']:.2g}")
        yield fault(message, row["place"], meter=row["point"], quantity=said, n=row["n"], times=times)


def _far_dates(brought: pl.DataFrame, kept: pl.DataFrame) -> Iterator[Fault]:
    """Records that stand alone, more than 60 days from all others: a slip in the date."""
    days = pl.concat([kept, brought])["start"].unique().sort().to_list()
    islands: list[list[datetime]] = []
    for day in days:
        if islands and day - islands[-1][-1] <= _GAP:
            islands[-1].append(day)
        else:
            islands.append([day])
    main = max(islands, key=len, default=[])
    for island in islands:
        if island is main:
            continue
        rows = brought.filter(pl.col("start").is_between(island[0], island[-1]))
        if rows.height:
            message = tr("values dated {first}, more than 60 days from all others: {n}; is the date right?")
            place = rows.select(_place().first()).item()
            yield fault(message, place, first=f"{island[0]:%Y-%m-%d}", n=rows.height)
