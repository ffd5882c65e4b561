"""The balance of each plant: what came in, went out and lay in stock, by component."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from zveno.model.types import Plant
from zveno.reports.document import Block, Calc, Cell, Column, Expr, Heading, Kind, Ref, Row, TableBlock, Total, measured
from zveno.reports.parts.index import BalanceIndex, Flows, PlantStreams, Side, mass_column
from zveno.reports.parts.words import STATUS_WORDS, grade_kind, words
from zveno.reports.shown import MASS, plants_in_order
from zveno.reports.streams import CLOSING, OPENING, stream_title
from zveno.tables.figure import row_address
from zveno.text.catalogue import Catalogue


def balance_part(index: BalanceIndex, text: Catalogue, only: str = "") -> list[Block]:
    """The balance of each plant, or of one: the reported components first, then the others."""
    found: list[Block] = []
    model = index.model
    for plant in (one for one in plants_in_order(model) if only in ("", one.id)):
        name = model.title(plant.id, text.lang)
        title = text("Balance: {plant}", plant=name)
        found.append(Heading(f"balance-{plant.id}", title, text("Balance {plant}", plant=name)))
        for k, components in enumerate(index.chunks[plant.id]):
            found.append(_balance_table(_Sheet(index, plant, components, text, first=k == 0)))
    return found


@dataclass(frozen=True)
class _Sheet:
    """What one table of a plant's balance is made from; the first has every stream, others those they concern."""

    index: BalanceIndex
    plant: Plant
    components: tuple[str, ...]
    text: Catalogue
    first: bool

    @property
    def id(self) -> str:
        """Id of the table."""
        return self.index.table(self.plant.id, self.components[0] if self.components else MASS)

    @property
    def streams(self) -> PlantStreams:
        """Streams and stocks with a row in this table."""
        sides = self.index.streams[self.plant.id].sides
        return PlantStreams({side: tuple(filter(self._concerns, ids)) for side, ids in sides.items()})

    def _concerns(self, stream: str) -> bool:
        """Whether a stream is followed by something that the table shows."""
        shown = (MASS, *self.components) if self.first else self.components
        if self.first and self.index.says_nothing_of(stream):
            return True
        return any(self.index.has(stream, one) for one in shown)

    def closes(self, quantity: str) -> bool:
        """Whether the totals of a quantity mean something."""
        return self.index.closes(self.plant, quantity)


def _balance_table(sheet: _Sheet) -> TableBlock:
    """Streams by side, each with masses and grades; then totals and the closure error."""
    text, streams = sheet.text, sheet.streams
    kinds = {one: _grade_kind(one, streams, sheet.index.flows) for one in sheet.components}
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
        title if sheet.first else f"{title}: {', '.join(sheet.components)}",
        _balance_columns(kinds, text),
        (*rows["in"], *rows["out"], *rows["stock"], *_closing_rows(sheet, streams), *rows["inside"]),
        notes=_notes(sheet, streams),
        folded=not sheet.first,
    )


def _notes(sheet: _Sheet, streams: PlantStreams) -> tuple[str, ...]:
    """What a reader of the table must know."""
    text = sheet.text
    named = [text("dry mass"), *sheet.components] if sheet.first else list(sheet.components)
    open_ = [
        name
        for name, one in zip(named, (MASS, *sheet.components) if sheet.first else sheet.components, strict=True)
        if not sheet.closes(one)
    ]
    notes = [text("Dry masses. Component mass = dry mass × grade.")]
    if any(sheet.index.has(one, MASS) is False for _, one in streams.all()):
        notes.append(text("A dash: nothing of the kind is followed there; of a gas, the mass of one component alone."))
    if open_:
        notes.append(text("No totals of {names}: not every section balances it.", names=", ".join(open_)))
    if len(open_) < len(named):
        notes.append(text("Totals and differences carry no ±: their parts are correlated."))
    return tuple(notes)


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
    """Masses and grades of one stream; a dash where there is nothing to be known."""
    flows, unknown, none = sheet.index.flows, sheet.text("unobservable"), "–"
    total = flows.get((stream, MASS), {})
    no_mass = unknown if total or sheet.index.says_nothing_of(stream) else none
    cells = {
        "stream": words(stream_title(sheet.index.model, stream, sheet.text, sheet.plant.site)),
        mass_column(MASS): measured(
            total.get("mass_t"),
            total.get("mass_sd_t"),
            Kind.MASS,
            word=no_mass,
            address=row_address("flows", total, "mass_t"),
        ),
    }
    for component, kind in kinds.items():
        row = flows.get((stream, component))
        mass, grade = mass_column(component), f"{component}.grade"
        if row is None:
            cells[mass] = cells[grade] = Cell(word=none)
            continue
        formula = Calc("*", Ref(sheet.id, stream, mass_column(MASS)), Ref(sheet.id, stream, grade))
        cells[mass] = measured(
            row["mass_t"], row["mass_sd_t"], Kind.MASS, word=unknown, formula=formula,
            address=row_address("flows", row, "mass_t"),
        )  # fmt: skip
        word = unknown if total else none
        cells[grade] = measured(
            row["grade_frac"], row["grade_sd_frac"], kind, word=word, address=row_address("flows", row, "grade_frac")
        )
    status = total.get("status") or next(
        (flows[stream, one]["status"] for one in kinds if (stream, one) in flows), "unobservable"
    )
    cells["status"] = words(sheet.text(STATUS_WORDS.get(status, status)))
    return Row(stream, cells)


def _closing_rows(sheet: _Sheet, streams: PlantStreams) -> list[Row]:
    """Totals in and out, and what does not close; a total of an unobservable stream is unobservable.

    A quantity that not every section balances has no totals.
    """
    text, has = sheet.text, sheet.index.has
    shown = [MASS, *sheet.components] if sheet.first else list(sheet.components)
    quantities = [one for one in shown if any(has(stream, one) for _, stream in streams.all())]
    if not any(sheet.closes(one) for one in quantities):
        return []

    def total(quantity: str, ids: Iterable[str]) -> Total:
        there = [one for one in ids if has(one, quantity) or (quantity == MASS and sheet.index.says_nothing_of(one))]
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

    def cell(quantity: str, formula: Callable[[str], Expr]) -> Cell:
        if not sheet.closes(quantity):
            return Cell(word="–")
        digits = _total_digits(quantity, streams, sheet.index.flows)
        return Cell(formula=formula(quantity), digits=digits, word=text("unobservable"))

    def row(key: str, title: str, formula: Callable[[str], Expr]) -> Row:
        cells = {mass_column(one): cell(one, formula) for one in quantities}
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
