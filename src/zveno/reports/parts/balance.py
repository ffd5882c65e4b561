"""The balance of each plant, its recoveries and what is unaccounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from zveno.model.chain import ChainModel
from zveno.model.types import Plant, Recovery
from zveno.reports.document import (
    Block,
    Calc,
    Cell,
    Column,
    Expr,
    Heading,
    Kind,
    Paragraph,
    Ref,
    Row,
    TableBlock,
    Total,
    measured,
)
from zveno.reports.parts.words import MASS, STATUS_WORDS, grade_kind, quantity_words, within_error, words
from zveno.reports.shown import plants_in_order
from zveno.reports.streams import CLOSING, OPENING, balance_streams, balanced_name, stream_title
from zveno.text.catalogue import Catalogue

Side = Literal["in", "out", "inside", "stock"]
Flows = Mapping[tuple[str, str], Mapping[str, Any]]


def by_stream(flows: pl.DataFrame) -> Flows:
    """Rows of ``flows`` by stream and component."""
    return {(row["stream"], row["component"]): row for row in flows.iter_rows(named=True)}


@dataclass(frozen=True)
class BalanceIndex:
    """Which table of a plant's balance holds which component: a few at a time, so that a page holds them."""

    chunks: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, model: ChainModel) -> BalanceIndex:
        """Components with a recovery to report first, the others after them."""
        reported = {one for rule in model.chain.recoveries for one in rule.components}
        first = tuple(one for one in model.chain.components if one in reported)
        rest = tuple(one for one in model.chain.components if one not in reported)
        chunks = [*_in_threes(first), *_in_threes(rest)]
        return cls(tuple(chunks) or ((),))

    def table(self, plant: str, quantity: str) -> str:
        """Id of the table that holds a quantity; the dry mass stands in the first."""
        found = (k for k, chunk in enumerate(self.chunks) if quantity in chunk)
        return f"balance.{plant}.{next(found, 0) + 1}"

    def ref(self, plant: str, stream: str, quantity: str) -> Ref:
        """Cell of a stream's mass or component mass."""
        return Ref(self.table(plant, quantity), stream, mass_column(quantity))


def _in_threes(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Names cut into threes."""
    return [names[k : k + 3] for k in range(0, len(names), 3)]


def mass_column(component: str) -> str:
    """Key of the column that holds a component's mass."""
    return f"{component}.mass"


@dataclass(frozen=True)
class PlantStreams:
    """Ids of streams and stocks on each side of a plant's boundary."""

    sides: Mapping[Side, tuple[str, ...]]

    def all(self) -> Iterable[tuple[Side, str]]:
        """Every id with its side."""
        return ((side, one) for side, ids in self.sides.items() for one in ids)


def plant_streams(model: ChainModel, plant: Plant, flows: Flows) -> PlantStreams:
    """Sort the balance streams of a plant, and its surveyed stocks at both ends of the period, by side."""
    inside = {one.id for one in plant.sections}
    sides: dict[Side, list[str]] = {"in": [], "out": [], "stock": [], "inside": []}
    for one in balance_streams(model):
        enters, leaves = one.target in inside, one.source in inside
        if enters or leaves:
            sides["inside" if enters and leaves else "in" if enters else "out"].append(one.id)
    ends = [one.id + end for one in model.chain.stocks if one.section in inside for end in (OPENING, CLOSING)]
    sides["stock"] = [one for one in ends if (one, MASS) in flows]
    return PlantStreams({side: tuple(dict.fromkeys(ids)) for side, ids in sides.items()})


def balance_part(model: ChainModel, flows: pl.DataFrame, text: Catalogue, only: str = "") -> list[Block]:
    """The balance of each plant, or of one: the reported components first, then the others."""
    found: list[Block] = []
    index, table = BalanceIndex.of(model), by_stream(flows)
    for plant in (one for one in plants_in_order(model) if only in ("", one.id)):
        name = model.title(plant.id, text.lang)
        title = text("Balance: {plant}", plant=name)
        found.append(Heading(f"balance-{plant.id}", title, text("Balance {plant}", plant=name)))
        for components in index.chunks:
            sheet = _Sheet(model, plant, components, index, table, text)
            found.append(_balance_table(sheet, folded=components != index.chunks[0]))
    return found


@dataclass(frozen=True)
class _Sheet:
    """What one table of a plant's balance is made from."""

    model: ChainModel
    plant: Plant
    components: tuple[str, ...]
    index: BalanceIndex
    flows: Flows
    text: Catalogue

    @property
    def id(self) -> str:
        """Id of the table."""
        return self.index.table(self.plant.id, self.components[0] if self.components else MASS)


def _balance_table(sheet: _Sheet, *, folded: bool) -> TableBlock:
    """Streams by side, each with masses and grades; then totals and the closure error."""
    text, streams = sheet.text, plant_streams(sheet.model, sheet.plant, sheet.flows)
    kinds = {one: _grade_kind(one, streams, sheet.flows) for one in sheet.components}
    headings: dict[Side, str] = {
        "in": text("In"),
        "out": text("Out"),
        "stock": text("Stocks"),
        "inside": text("Between sections"),
    }
    rows: dict[Side, list[Row]] = {}
    for side, title in headings.items():
        ids = streams.sides[side]
        head = [Row(f"head.{side}", {"stream": words(title)}, "head")] if ids else []
        rows[side] = [*head, *(_stream_row(sheet, one, kinds) for one in ids)]
    title = text("Metal balance after reconciliation")
    return TableBlock(
        sheet.id,
        f"{title}: {', '.join(sheet.components)}" if folded else title,
        _balance_columns(kinds, text),
        (*rows["in"], *rows["out"], *rows["stock"], *_closing_rows(sheet, streams), *rows["inside"]),
        notes=(
            text("Dry masses. Component mass = dry mass × grade."),
            text("Totals and differences carry no ±: their parts are correlated."),
        ),
        folded=folded,
    )


def _grade_kind(component: str, streams: PlantStreams, flows: Flows) -> Kind:
    """Per cent or g/t, one for a whole column."""
    grades = [flows.get((one, component), {}).get("grade_frac") for _, one in streams.all()]
    return grade_kind(max((one for one in grades if one), default=None))


def _balance_columns(kinds: Mapping[str, Kind], text: Catalogue) -> tuple[Column, ...]:
    """Stream, dry mass, then mass and grade of each component."""
    columns = [
        Column("stream", text("Stream"), broad=True),
        Column(mass_column(MASS), text("Dry mass"), Kind.MASS, digits=0, paired=True),
    ]
    for component, kind in kinds.items():
        columns.append(Column(mass_column(component), text("Mass"), Kind.MASS, paired=True, group=component))
        columns.append(Column(f"{component}.grade", text("Grade"), kind, paired=True, group=component))
    return (*columns, Column("status", text("Status")))


def _stream_row(sheet: _Sheet, stream: str, kinds: Mapping[str, Kind]) -> Row:
    """Masses and grades of one stream."""
    flows, unknown = sheet.flows, sheet.text("unobservable")
    total = flows.get((stream, MASS), {})
    cells = {
        "stream": words(stream_title(sheet.model, stream, sheet.text)),
        mass_column(MASS): measured(total.get("mass_t"), total.get("mass_sd_t"), Kind.MASS, word=unknown),
    }
    for component, kind in kinds.items():
        row = flows.get((stream, component))
        if row is None:
            continue
        formula = Calc("*", Ref(sheet.id, stream, mass_column(MASS)), Ref(sheet.id, stream, f"{component}.grade"))
        mass = measured(row["mass_t"], row["mass_sd_t"], Kind.MASS, word=unknown, formula=formula)
        cells[mass_column(component)] = mass
        cells[f"{component}.grade"] = measured(row["grade_frac"], row["grade_sd_frac"], kind, word=unknown)
    status = total.get("status") or next(
        (flows[stream, one]["status"] for one in kinds if (stream, one) in flows), "unobservable"
    )
    cells["status"] = words(sheet.text(STATUS_WORDS.get(status, status)))
    return Row(stream, cells)


def _closing_rows(sheet: _Sheet, streams: PlantStreams) -> list[Row]:
    """Totals in and out, and what does not close; a total of an unobservable stream is unobservable."""
    flows, text = sheet.flows, sheet.text
    quantities = [
        one for one in (MASS, *sheet.components) if any((stream, one) in flows for _, stream in streams.all())
    ]

    def total(quantity: str, ids: Iterable[str]) -> Total:
        there = [one for one in ids if quantity == MASS or (one, quantity) in flows]
        return Total(tuple(Ref(sheet.id, one, mass_column(quantity)) for one in there))

    def side(name: Side) -> Callable[[str], Expr]:
        return lambda quantity: total(quantity, streams.sides[name])

    def stock_change(quantity: str) -> Expr:
        closing, opening = (
            total(quantity, [one for one in streams.sides["stock"] if one.endswith(end)]) for end in (CLOSING, OPENING)
        )
        return Calc("-", closing, opening)

    def closure(quantity: str) -> Expr:
        into, out, stock = (Ref(sheet.id, f"total.{key}", mass_column(quantity)) for key in ("in", "out", "stock"))
        return Calc("-", Calc("-", into, out), stock)

    def row(key: str, title: str, formula: Callable[[str], Expr]) -> Row:
        cells = {
            mass_column(one): Cell(
                formula=formula(one), digits=_total_digits(one, streams, flows), word=text("unobservable")
            )
            for one in quantities
        }
        return Row(key, {"stream": words(title), **cells}, "total")

    return [
        row("total.in", text("Total in"), side("in")),
        row("total.out", text("Total out"), side("out")),
        row("total.stock", text("Stock change: closing − opening"), stock_change),
        row("closure", text("Closure error: in − out − stock change"), closure),
    ]


def _total_digits(quantity: str, streams: PlantStreams, flows: Flows) -> int:
    """Decimals of a total: those of its largest part."""
    parts = [flows[one, quantity] for _, one in streams.all() if (one, quantity) in flows]
    largest = max((one["mass_t"] or 0.0 for one in parts), default=0.0)
    return 0 if largest >= 10_000 else 1 if largest >= 100 else 3


# ---- recoveries ----------------------------------------------------------------------------------------


def recovery_part(model: ChainModel, recoveries: pl.DataFrame, text: Catalogue) -> list[Block]:
    """Direct and overall recovery side by side with the stock change between them."""
    known = {(row["plant"], row["component"], row["kind"]): row for row in recoveries.iter_rows(named=True)}
    pairs = dict.fromkeys((plant, component) for plant, component, _ in known)
    rows = []
    for plant, component in pairs:
        by_kind = {kind: known.get((plant, component, kind), {}) for kind in ("direct", "overall")}
        rows.append(_recovery_row(model, plant, component, by_kind, text))
    block = TableBlock(
        "recoveries",
        text("Direct and overall recovery"),
        (
            Column("plant", text("Plant")),
            Column("component", text("Component")),
            Column("direct", text("Direct"), Kind.FRACTION, paired=True),
            Column("overall", text("Overall"), Kind.FRACTION, paired=True),
            Column("stock", text("Stock change of the component"), Kind.MASS),
        ),
        tuple(rows),
        notes=(
            text(
                "Direct: what was dispatched over what came in. Overall: the stock change counts as product. "
                "The two differ by the stock change alone."
            ),
        ),
        empty=text("No recovery is defined in the description."),
    )
    return [Heading("recovery", text("Recovery"), text("Recovery")), block]


def _recovery_row(
    model: ChainModel,
    plant: str,
    component: str,
    by_kind: Mapping[str, Mapping[str, Any]],
    text: Catalogue,
) -> Row:
    """Both recoveries of a component in a plant."""
    rules = (one for one in model.chain.recoveries if one.plant == plant and component in one.components)
    rule = next(rules, None)
    title = model.title(plant, text.lang) if plant in model.titles else text("whole chain")
    cells = {"plant": words(title), "component": words(component)}
    for kind, row in by_kind.items():
        cells[kind] = measured(
            row.get("recovery_frac"),
            row.get("recovery_sd_frac"),
            Kind.FRACTION,
            word=text("unobservable"),
            formula=recovery_formula(model, rule, component, kind) if rule else None,
        )
    if rule and rule.stocks:
        change = stock_change(model, rule, component)
        cells["stock"] = Cell(formula=change, digits=1, word=text("unobservable"))
    return Row(f"{plant}.{component}", cells)


def recovery_formula(model: ChainModel, rule: Recovery, component: str, kind: str) -> Expr:
    """Component in products (with the stock change, if overall) over the component in feeds."""
    product: Expr = _sum(model, rule, rule.products, component)
    if kind == "overall" and rule.stocks:
        product = Calc("+", product, stock_change(model, rule, component))
    return Calc("/", product, _sum(model, rule, rule.feeds, component))


def stock_change(model: ChainModel, rule: Recovery, quantity: str) -> Expr:
    """Closing less opening of the stocks of product."""
    closing, opening = (_sum(model, rule, [one + end for one in rule.stocks], quantity) for end in (CLOSING, OPENING))
    return Calc("-", closing, opening)


def _sum(model: ChainModel, rule: Recovery, ids: Iterable[str], quantity: str) -> Total:
    """Sum of a quantity over streams or stocks, by reference to the balance."""
    index = BalanceIndex.of(model)
    names = dict.fromkeys(balanced_name(model, one) for one in ids)
    return Total(tuple(index.ref(rule.plant, one, quantity) for one in names))


def sum_cell(
    model: ChainModel, rule: Recovery, ids: tuple[str, ...], quantity: str, flows: Flows, text: Catalogue
) -> Cell:
    """Sum of a quantity over streams; ± only where it is one, for several are correlated."""
    formula, unknown = _sum(model, rule, ids, quantity), text("unobservable")
    names = {balanced_name(model, one) for one in ids}
    if len(names) == 1:
        row = flows.get((names.pop(), quantity), {})
        return measured(row.get("mass_t"), row.get("mass_sd_t"), Kind.MASS, word=unknown, formula=formula)
    return Cell(formula=formula, digits=0 if quantity == MASS else 1, word=unknown)


# ---- unaccounted ---------------------------------------------------------------------------------------


def unaccounted_part(model: ChainModel, unaccounted: pl.DataFrame, text: Catalogue) -> list[Block]:
    """What the readings as they are leave open, with a verdict in plain words."""
    judged = unaccounted.filter(pl.col("mass_t").is_not_null())
    rows = tuple(
        Row(
            f"{row['plant']}.{row['component']}",
            {
                "plant": words(model.title(row["plant"], text.lang)),
                "component": words(quantity_words(row["component"], text)),
                "mass": measured(row["mass_t"], row["mass_sd_t"], Kind.MASS),
                "verdict": verdict(row["mass_t"], row["mass_sd_t"], text),
            },
        )
        for row in judged.iter_rows(named=True)
    )
    table = TableBlock(
        "unaccounted",
        text("Unaccounted, as measured"),
        (
            Column("plant", text("Plant")),
            Column("component", text("Component")),
            Column("mass", text("In − out − stock change"), Kind.MASS, paired=True),
            Column("verdict", text("Verdict")),
        ),
        rows,
        notes=(text("From the readings before reconciliation. Positive: more came in than was found."),),
        empty=text("No section has readings of all its streams, so nothing can be said."),
    )
    heading = Heading("unaccounted", text("Unaccounted metal"), text("Unaccounted"))
    return [heading, table, *_unjudged(model, unaccounted, text)]


def _unjudged(model: ChainModel, unaccounted: pl.DataFrame, text: Catalogue) -> list[Block]:
    """Components of each plant of which these readings say nothing."""
    unknown = unaccounted.filter(pl.col("mass_t").is_null())
    return [
        Paragraph(
            text(
                "{plant}: unobservable from these readings: {names}.",
                plant=model.title(str(plant), text.lang),
                names=", ".join(quantity_words(one, text) for one in group["component"]),
            )
        )
        for (plant,), group in unknown.group_by("plant", maintain_order=True)
    ]


def verdict(value: float | None, sd: float | None, text: Catalogue) -> Cell:
    """Within or outside error, in words."""
    answer = within_error(value, sd)
    if answer is None:
        return Cell(text("cannot be judged"), tone="muted")
    if answer:
        return Cell(text("within error"), tone="good")
    return Cell(text("outside error"), tone="bad")
