"""Every table Zveno returns or stores, its columns declared once.

Tables are tidy: one row one fact, keys first. A time is an aware UTC instant. A value that cannot be
known is null and its ``status`` says so; it is never a silent zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from zveno.errors import DataError
from zveno.tables.answered import ANSWERED
from zveno.tables.books import BOOKS
from zveno.tables.calibration import CALIBRATION
from zveno.tables.column import Column
from zveno.tables.column import columns as _columns
from zveno.tables.counted import COUNTED
from zveno.tables.dependent import DEPENDENT
from zveno.tables.explained import EXPLAINED
from zveno.tables.judged import JUDGED
from zveno.tables.mapped import CELL_KEY, FILE_KEY, MAPPED
from zveno.tables.quality import QUALITY

INSTANT = pl.Datetime("us", "UTC")


RECORD_KEY = ["point", "quantity", "start", "end"]
"""What one record is about; a later file with the same key replaces it in reading, not in the store."""
SAID_LAST = {"mapped_cells": CELL_KEY, "mapped_files": FILE_KEY}
"""Tables of which the row that was kept last is believed, by key."""


_PERIOD = (("start", INSTANT, "first moment"), ("end", INSTANT, "first moment after"))

_WRONG = (
    ("kind", pl.String, "reading alone, common error of several readings, or loss at a section"),
    ("name", pl.String, "name of a common error"),
    ("meter", pl.String, "meter, or several joined by +"),
    ("stream", pl.String, "stream or stock, or several joined by +; the section of a loss"),
    ("quantity", pl.String, "mass or a component"),
)

_JUDGED = (
    ("size_frac", pl.Float64, "size that the data tell of it beyond what is described, over the readings"),
    ("size_sd_frac", pl.Float64, "its standard deviation"),
    ("z", pl.Float64, "size over standard deviation"),
    ("asked", pl.Boolean, "whether it was in question beforehand"),
    ("off", pl.Boolean, "whether z is beyond what chance allows with 5 %: among those asked for, or all suspects"),
    ("shows_from_frac", pl.Float64, "size that would show four times out of five"),
    ("reason", pl.String, "why what was in question cannot be tested (key of a message); empty where it is"),
)

TABLES: dict[str, tuple[Column, ...]] = {
    "readings": _columns(
        ("tag", pl.String, "signal of the control system"),
        ("ts", INSTANT, "moment of the reading"),
        ("value", pl.Float64, "value in the unit of measure of the tag; null = no value"),
        ("quality", pl.Int8, "0 good, 1 bad"),
    ),
    "reading_versions": _columns(
        ("tag", pl.String, "signal of the control system"),
        ("ts", INSTANT, "moment of the reading"),
        ("value", pl.Float64, "value in the unit of measure of the tag; null = no value"),
        ("quality", pl.Int8, "0 good, 1 bad"),
        ("file", pl.String, "file the value was read from"),
        ("file_hash", pl.String, "SHA-256 of the file"),
        ("known", INSTANT, "when the store learnt it"),
    ),
    "records": _columns(
        ("point", pl.String, "meter, stock or plan line"),
        ("quantity", pl.String, "wet_mass, mass, moisture, survey_mass or a component"),
        *_PERIOD,
        ("value", pl.Float64, "t or mass fraction; null where the file says that there is no value"),
        (
            "qualifier",
            pl.String,
            "'', '<' (below the limit given as value), or '±SD' (standard deviation told with it)",
        ),
        ("file", pl.String, "file the value was read from"),
        ("sheet", pl.String, "sheet, or empty for text files"),
        ("cell", pl.String, "cell (B12) or line:column of a text file"),
        ("file_hash", pl.String, "SHA-256 of the file"),
        ("known", INSTANT, "when the store learnt it"),
    ),
    "rejected": _columns(
        ("file", pl.String, "file"),
        ("sheet", pl.String, "sheet"),
        ("cell", pl.String, "cell"),
        ("text", pl.String, "what stands there"),
        ("reason", pl.String, "why it was not read (key of a message)"),
        ("file_hash", pl.String, "SHA-256 of the file"),
        ("known", INSTANT, "when the store learnt it"),
    ),
    "ledger": _columns(
        ("id", pl.Int64, "number of the entry, from 1 without a gap"),
        ("kind", pl.String, "what was done: adjustment, authorisation, approval, close, restatement and so on"),
        ("subject", pl.String, "what it is about: a period, a point, a lot"),
        ("body", pl.String, "what it says, as canonical JSON"),
        ("body_hash", pl.String, "SHA-256 of the body"),
        ("person", pl.String, "who did it, by id"),
        ("after", pl.Int64, "last entry of the same subject that the person had seen; 0 = none; null = not asked"),
        ("log_number", pl.Int64, "number of its signed record in the log; null = not signed"),
        ("known", INSTANT, "when the store learnt it"),
    ),
    "flows": _columns(
        ("period", pl.String, "period"),
        ("stream", pl.String, "stream or stock"),
        ("component", pl.String, "mass (dry solids) or a component"),
        ("mass_t", pl.Float64, "mass, t; null = unobservable"),
        ("mass_sd_t", pl.Float64, "standard deviation, t"),
        ("grade_frac", pl.Float64, "mass fraction; null = unobservable"),
        ("grade_sd_frac", pl.Float64, "standard deviation"),
        ("status", pl.String, "measured, adjusted, estimated, unobservable"),
    ),
    "adjustments": _columns(
        ("period", pl.String, "period"),
        ("meter", pl.String, "meter, or several joined by +"),
        ("stream", pl.String, "stream or stock"),
        ("quantity", pl.String, "mass or a component"),
        ("reading", pl.Float64, "value as read: t or mass fraction"),
        ("sd", pl.Float64, "standard deviation of the reading"),
        ("reconciled", pl.Float64, "value after reconciliation"),
        ("reconciled_sd", pl.Float64, "its standard deviation"),
        ("z", pl.Float64, "adjustment over its own standard deviation; null = not redundant"),
        ("shows_from", pl.Float64, "error of this reading alone that would show four times out of five; null = never"),
        ("status", pl.String, "redundant, non_redundant, censored, or left_out by a robust screen"),
    ),
    "suspects": _columns(
        ("period", pl.String, "period"),
        ("class_id", pl.Int64, "what these data cannot tell apart is one class"),
        *_WRONG,
        ("z", pl.Float64, "standardised adjustment"),
        ("bias", pl.Float64, "size of the error, if this alone is wrong: t or mass fraction; null for a common error"),
        ("bias_sd", pl.Float64, "its standard deviation"),
        ("bias_rel_frac", pl.Float64, "the same over the reading, or over what passes the section of a loss"),
    ),
    "eliminations": _columns(
        ("period", pl.String, "period"),
        ("step", pl.Int64, "the loudest class is let go, then all is solved again"),
        (
            "action",
            pl.String,
            "set aside, taken back (explained by what was let go later), screened out for good, or not solved",
        ),
        *_WRONG,
        ("z", pl.Float64, "standardised adjustment; of a reading screened out, its distance in standard deviations"),
        ("objective", pl.Float64, "objective without what is let go so far"),
        ("dof", pl.Int64, "its degrees of freedom"),
        ("p_value", pl.Float64, "chance of a larger objective; null where nothing is left to test"),
    ),
    "gross_errors": _columns(
        ("period", pl.String, "period"),
        *_WRONG,
        ("z", pl.Float64, "size over its standard deviation"),
        ("bias", pl.Float64, "size of the error beside all others listed: t or mass fraction; null for a common error"),
        ("bias_sd", pl.Float64, "its standard deviation"),
        ("bias_rel_frac", pl.Float64, "the same over the reading, or over what passes the section of a loss"),
    ),
    "common_errors": _columns(
        ("period", pl.String, "period"),
        ("name", pl.String, "meter that several readings follow from, or name of the error that several meters share"),
        ("meter", pl.String, "meters joined by +"),
        ("stream", pl.String, "streams and stocks joined by +"),
        ("quantity", pl.String, "mass or a component; empty where they differ"),
        *_JUDGED,
    ),
    "lasting_errors": _columns(
        ("class_id", pl.Int64, "what these data cannot tell apart is one class, the loudest first"),
        ("name", pl.String, "meter with all that follows from it, or name of the error that several meters share"),
        ("quantity", pl.String, "mass or a component"),
        *_JUDGED,
        ("since", pl.String, "period from which on the error explains the readings best"),
    ),
    "scale_steps": _columns(
        ("period", pl.String, "period"),
        ("meter", pl.String, "scale that steps away from its fellows"),
        ("quantity", pl.String, "wet_mass or mass"),
        ("since", INSTANT, "moment from which on it reads otherwise"),
        ("size_frac", pl.Float64, "size of the step against them"),
        ("size_sd_frac", pl.Float64, "its standard deviation"),
        ("z", pl.Float64, "means before and after compared, in standard deviations"),
        ("limit", pl.Float64, "how much of it chance explains with 2 % for any meter and moment"),
        ("fellows", pl.String, "scales that it was compared with"),
    ),
    "counters": _columns(
        ("period", pl.String, "period"),
        ("meter", pl.String, "counter"),
        ("kind", pl.String, "rollover (no fault), differs, backwards or jump"),
        ("start", INSTANT, "first moment of the shift"),
        ("end", INSTANT, "first moment after it"),
        ("shown_from_t", pl.Float64, "what it showed before"),
        ("shown_to_t", pl.Float64, "what it showed after"),
        ("counted_t", pl.Float64, "what it counted; null: cannot be said"),
        ("weighed_t", pl.Float64, "tonnes written down for the shift"),
    ),
    "swaps": _columns(
        ("period", pl.String, "period"),
        ("swap_id", pl.Int64, "number of the swap; null for a pair of which a swap would not show"),
        ("status", pl.String, "swapped, exchanged (back, as asked), or unseen: too alike for a swap to show"),
        ("first_meter", pl.String, "meter whose assays are those of the second"),
        ("second_meter", pl.String, "meter whose assays are those of the first"),
        ("start", INSTANT, "first moment of the sample; null: swapped all period"),
        ("end", INSTANT, "first moment after it"),
        ("components", pl.String, "assays exchanged"),
        ("gain", pl.Float64, "twice the logarithm of how much likelier the assays are if exchanged back"),
        ("needed", pl.Float64, "how much of it chance explains with 2 % for any pair and time"),
        ("objective", pl.Float64, "objective of the balance with these two exchanged back"),
        ("p_value", pl.Float64, "chance of a larger objective"),
        ("instead", pl.String, "pairs first/second that explain the assays about as well"),
    ),
    "balance_tests": _columns(
        ("period", pl.String, "period"),
        ("place", pl.String, "section, plant, empty for the chain, or sections joined by +"),
        ("quantity", pl.String, "mass or a component"),
        ("residual_t", pl.Float64, "in less out at the readings, t"),
        ("residual_sd_t", pl.Float64, "standard deviation that the errors of its readings give it"),
        ("z", pl.Float64, "residual over its standard deviation"),
        ("off", pl.Boolean, "whether z is beyond what chance allows in any of these balances with 5 %"),
        ("sections", pl.String, "sections that the balance goes around"),
        ("without", pl.String, "streams that are not weighed, whose masses balances of mass give"),
    ),
    "recoveries": _columns(
        ("period", pl.String, "period"),
        ("plant", pl.String, "plant, or 'chain'"),
        ("component", pl.String, "component"),
        ("kind", pl.String, "overall (stock change counted as product) or direct (dispatched only)"),
        ("recovery_frac", pl.Float64, "share of the component in the feed; null = unobservable"),
        ("recovery_sd_frac", pl.Float64, "standard deviation"),
    ),
    "unaccounted": _columns(
        ("period", pl.String, "period"),
        ("plant", pl.String, "plant"),
        ("component", pl.String, "component"),
        ("mass_t", pl.Float64, "in less out less stock change, as measured; null = unobservable"),
        ("mass_sd_t", pl.Float64, "standard deviation"),
    ),
    "detectability": _columns(
        ("period", pl.String, "period that the months are like"),
        *_WRONG,
        ("months", pl.Int64, "over how many months together"),
        ("shows_from", pl.Float64, "smallest error that is found 4 times out of 5, t or mass fraction; see reason"),
        ("shows_from_frac", pl.Float64, "the same over the reading, those of a common error, what passes a section"),
        ("named_from_frac", pl.Float64, "share from which it is also told from everything else; null = never"),
        ("never_below_frac", pl.Float64, "smaller ones never show, however long one waits; null = none ever shows"),
        ("reason", pl.String, "why there is no number, no name or no use in waiting (key of a message)"),
        ("class_id", pl.Int64, "number of the class of those that cannot be told apart, over the most months"),
    ),
    "added_meters": _columns(
        ("period", pl.String, "period"),
        ("rank", pl.Int64, "1 buys most"),
        ("stream", pl.String, "stream or stock to be measured"),
        ("quantity", pl.String, "mass or a component"),
        ("again", pl.Boolean, "there is a reading already: a second one by other means"),
        ("sd_rel_frac", pl.Float64, "standard deviation it is tried with over the value: usual for its kind here"),
        ("makes_known", pl.Int64, "recoveries and masses that become known"),
        ("sd_less_frac", pl.Float64, "share of the standard deviation that those known lose, on the mean"),
        ("shows_less_frac", pl.Float64, "share by which the smallest errors that show become smaller, on the mean"),
        ("checked", pl.Int64, "readings whose errors show only then"),
        ("told_before", pl.Int64, "readings whose errors are told from everything else, as it is"),
        ("told_after", pl.Int64, "and with the added one"),
        ("separated", pl.Int64, "classes more into which those fall that cannot be told apart"),
    ),
    "added_gains": _columns(
        ("period", pl.String, "period"),
        ("rank", pl.Int64, "as in added_meters"),
        ("stream", pl.String, "stream or stock to be measured"),
        ("quantity", pl.String, "mass or a component"),
        ("of", pl.String, "recovery, unaccounted or product (standard deviation), or reading (smallest error)"),
        ("what", pl.String, "plant, stream or meter; empty for the whole chain"),
        ("component", pl.String, "component, or quantity of the reading"),
        ("before", pl.Float64, "as it is: fraction, t, or share of the reading; null = unknown, or nothing shows"),
        ("after", pl.Float64, "with the added reading; null = known then, but not how well"),
    ),
    "gaps": _columns(
        ("period", pl.String, "period"),
        ("meter", pl.String, "meter, or stock without a survey"),
        ("quantity", pl.String, "wet_mass, mass, moisture, survey_mass or a component"),
        ("expected", pl.Int64, "readings that the period should have"),
        ("present", pl.Int64, "readings that there are"),
        ("treatment", pl.String, "what was done about it (key of a message)"),
    ),
    "periods": _columns(
        ("period", pl.String, "period"),
        ("status", pl.String, "consistent, suspect, not testable, no data, not solved"),
        ("objective", pl.Float64, "sum of squared standardised adjustments; null = no solution"),
        ("dof", pl.Int64, "degrees of freedom of the global test"),
        ("p_value", pl.Float64, "chance of a larger objective if all errors are as stated"),
        ("tests", pl.String, "as stated; nominal where a bound holds or a limit counts, so that p is a guide only"),
    ),
    "drifts": _columns(
        ("class_id", pl.Int64, "errors of one class cannot be told apart by these data"),
        ("meter", pl.String, "meter, several joined by +, or the name of an error that meters share"),
        ("component", pl.String, "component of an assay; empty for masses"),
        ("since", pl.String, "period from which on the error fits best; it lasts to the last period"),
        ("since_first", pl.String, "earliest period with which the beginning agrees at 95 %"),
        ("since_last", pl.String, "latest such period"),
        ("bias_rel_frac", pl.Float64, "size of the error relative to the reading, if this alone is wrong"),
        ("bias_rel_sd_frac", pl.Float64, "its standard deviation"),
        ("limit_rel_frac", pl.Float64, "limit of bias that the description gives the meter; null = none"),
        ("z", pl.Float64, "size over standard deviation"),
        ("p_value", pl.Float64, "chance of such a finding by chance, all meters and beginnings counted"),
    ),
    "stream_flows": _columns(
        ("scenario", pl.String, "scenario"),
        ("stream", pl.String, "stream"),
        ("component", pl.String, "solids, water or a component"),
        ("mass_tph", pl.Float64, "mass flow, t/h"),
        ("grade_frac", pl.Float64, "mass fraction of dry solids"),
    ),
    "stream_sizes": _columns(
        ("scenario", pl.String, "scenario"),
        ("stream", pl.String, "stream"),
        ("component", pl.String, "solids or a component"),
        ("size_um", pl.Float64, "sieve on which it lies, um; 0: what passes them all"),
        ("mass_tph", pl.Float64, "mass flow, t/h"),
        ("finer_frac", pl.Float64, "share of it that is finer than the sieve"),
    ),
    "period_totals": _columns(
        ("period", pl.String, "period"),
        ("stream", pl.String, "stream"),
        ("component", pl.String, "solids, water or a component"),
        ("mass_t", pl.Float64, "mass that passes in the period, t"),
    ),
    "published_totals": _columns(
        ("id", pl.String, "published figure"),
        ("component", pl.String, "component, or solids"),
        ("stated_t", pl.Float64, "as published, t"),
        ("simulated_t", pl.Float64, "as simulated, t"),
        ("ratio", pl.Float64, "simulated over published"),
        ("source", pl.String, "where it was published"),
    ),
    "foundry_needs": _columns(
        ("scenario", pl.String, "scenario"),
        ("product", pl.String, "product of the foundry"),
        ("driver", pl.String, "what wears it"),
        ("customer", pl.String, "plant or boundary that takes it"),
        ("driver_amount", pl.Float64, "throughput or hours of equipment in a year, in driver_uom"),
        ("driver_uom", pl.String, "t or h"),
        ("rate_kg", pl.Float64, "castings for a unit of the driver, kg per driver_uom"),
        ("need_t_y", pl.Float64, "castings needed, t a year"),
        ("pieces_y", pl.Float64, "pieces needed in a year"),
        ("made_t_y", pl.Float64, "castings to be made, with those that are rejected, t a year"),
        ("liquid_t_y", pl.Float64, "liquid metal for them, t a year; 0 where nothing is cast"),
        ("load_h_y", pl.Float64, "hours of all work centres in a year"),
    ),
    "foundry_loads": _columns(
        ("scenario", pl.String, "scenario"),
        ("work_centre", pl.String, "work centre"),
        ("load_h_y", pl.Float64, "hours that the needs take in a year"),
        ("available_h_y", pl.Float64, "hours that all its places can work in a year"),
        ("share_frac", pl.Float64, "load over what is available; above 1 it cannot be done"),
    ),
    "unit_results": _columns(
        ("scenario", pl.String, "scenario"),
        ("unit", pl.String, "unit"),
        ("quantity", pl.String, "what the unit model reports"),
        ("value", pl.Float64, "value"),
        ("uom", pl.String, "unit of measure"),
    ),
    "origins": _columns(
        ("scenario", pl.String, "scenario"),
        ("stream", pl.String, "stream or group that is explained"),
        ("component", pl.String, "solids, water or a component"),
        ("origin", pl.String, "stream from outside, or unit that adds water"),
        ("kind", pl.String, "feed, asked (for by a unit at its inlet) or water_added"),
        ("mass_tph", pl.Float64, "mass flow that came from there, t/h"),
        ("share_frac", pl.Float64, "its share of the component in the stream"),
    ),
    "last_steps": _columns(
        ("scenario", pl.String, "scenario"),
        ("stream", pl.String, "stream or group that is explained"),
        ("component", pl.String, "solids, water or a component"),
        ("came_by", pl.String, "stream into the unit that the explained stream leaves, or that unit itself"),
        ("kind", pl.String, "stream, feed, asked (for by the unit at its inlet) or water_added"),
        ("mass_tph", pl.Float64, "mass flow that came by it, t/h"),
        ("share_frac", pl.Float64, "its share of the component in the stream"),
    ),
    "recycled": _columns(
        ("scenario", pl.String, "scenario"),
        ("stream", pl.String, "stream or group that is explained"),
        ("component", pl.String, "solids, water or a component"),
        ("recycle", pl.String, "stream that closes a loop; empty: any of them"),
        ("once_frac", pl.Float64, "share of the component that came round by it at least once"),
        ("mean_passes", pl.Float64, "how many times it came round by it, on the mean over all of the component"),
    ),
    "dependences": _columns(
        ("result", pl.String, "name of a result that is specified"),
        ("key", pl.String, "free parameter"),
        ("moves", pl.Boolean, "whether the result moves with it anywhere in its range"),
        ("derivative", pl.Float64, "change of the result for a change of 1 of the key, as described"),
        ("result_uom", pl.String, "unit of measure of the result"),
        ("key_uom", pl.String, "unit of measure of the key"),
    ),
    "met_parameters": _columns(
        ("scenario", pl.String, "scenario"),
        ("key", pl.String, "free parameter"),
        ("described", pl.Float64, "value as described, or as it is set"),
        ("value", pl.Float64, "value with which the specifications are met"),
        ("uom", pl.String, "unit of measure"),
        ("low", pl.Float64, "lower end of the range in which it may move; null = none"),
        ("high", pl.Float64, "upper end; null = none"),
    ),
    "met_specifications": _columns(
        ("scenario", pl.String, "scenario"),
        ("result", pl.String, "name of the result"),
        ("described", pl.Float64, "value as described"),
        ("wanted", pl.Float64, "value that is wanted"),
        ("value", pl.Float64, "value that is reached"),
        ("uom", pl.String, "unit of measure"),
    ),
    "result_spreads": _columns(
        ("result", pl.String, "name of the result"),
        ("statistic", pl.String, "mean, sd (standard deviation) or p5, p50, p95 (percentiles)"),
        ("value", pl.Float64, "value over the draws, in the uom"),
        ("sampling_se", pl.Float64, "standard error that the number of draws leaves; null = too few draws to tell"),
        ("uom", pl.String, "unit of measure"),
    ),
    "sensitivities": _columns(
        ("result", pl.String, "name of the result"),
        ("key", pl.String, "what is changed"),
        ("result_value", pl.Float64, "result as described, in result_uom; null where it has no value"),
        ("result_uom", pl.String, "unit of measure of the result"),
        ("key_value", pl.Float64, "value of the key as described, in key_uom"),
        ("key_uom", pl.String, "unit of measure of the key"),
        ("derivative", pl.Float64, "change of the result for a change of 1 of the key, result_uom per key_uom"),
        ("derivative_error", pl.Float64, "how far the derivative may be off, from two sizes of step"),
        ("elasticity", pl.Float64, "% that the result changes for 1 % of the key; null where either is 0"),
        ("left", pl.Float64, "derivative for a decrease; null where the key cannot be less"),
        ("right", pl.Float64, "derivative for an increase; null where the key cannot be more"),
        ("kink", pl.Boolean, "left and right differ: no single derivative holds"),
        ("key_sd", pl.Float64, "standard deviation of the key; null where none is stated"),
        ("effect", pl.Float64, "change of the result for one sd of the key, or for 1 % where no sd is stated"),
        ("effect_per", pl.String, "sd or %"),
        ("variance_frac", pl.Float64, "share of the variance of the result that is due to the key, to first order"),
    ),
    **CALIBRATION,
    **BOOKS,
    **COUNTED,
    **DEPENDENT,
    **EXPLAINED,
    **MAPPED,
    **QUALITY,
    "simulation_status": _columns(
        ("scenario", pl.String, "scenario"),
        ("converged", pl.Boolean, "the steady state was reached"),
        ("residual", pl.Float64, "largest change of a driver (log or logit) at the last step"),
        ("iterations", pl.Int64, "steps taken"),
        ("worst_unit", pl.String, "unit with the largest residual; empty if nothing was iterated"),
    ),
    **JUDGED,
    **ANSWERED,
    "plan_fact": _columns(
        ("day", pl.Date, "plant day"),
        ("line", pl.String, "plan line"),
        ("uom", pl.String, "unit of measure"),
        ("plan_day", pl.Float64, "plan for the day"),
        ("fact_day", pl.Float64, "fact of the day; null = no reading"),
        ("plan_to_date", pl.Float64, "plan since the month began"),
        ("fact_to_date", pl.Float64, "fact since the month began"),
        ("coverage_frac", pl.Float64, "share of the elapsed time that has readings"),
    ),
}


def schema(table: str) -> dict[str, Any]:
    """Column types of a table by name."""
    return {column.name: column.dtype for column in TABLES[table]}


def frame(table: str, rows: Iterable[Mapping[str, Any]] | pl.DataFrame = ()) -> pl.DataFrame:
    """A table with exactly its declared columns, from rows by column name or from a frame.

    Raises
    ------
    DataError
        If the rows have columns that the table does not declare, or lack declared ones.
    """
    wanted = schema(table)
    if isinstance(rows, pl.DataFrame):
        _require(table, rows.columns, wanted)
        return rows.select(pl.col(name).cast(dtype) for name, dtype in wanted.items())
    data: Sequence[Mapping[str, Any]] = list(rows)
    if data:
        _require(table, list(data[0]), wanted)
    return pl.DataFrame({name: [row[name] for row in data] for name in wanted}, schema=wanted)


def _require(table: str, got: Sequence[str], wanted: Mapping[str, Any]) -> None:
    """Columns must be the declared ones."""
    if set(got) != set(wanted):
        raise DataError(
            "table '{table}' needs the columns {wanted}, but got {got}",
            table=table, wanted=", ".join(wanted), got=", ".join(got),
        )  # fmt: skip
