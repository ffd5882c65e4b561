"""How the origins of a stream are shown on a screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from zveno.chain import ChainModel, Origins
from zveno.cli.numerals import decimals
from zveno.cli.screen import Screen
from zveno.errors import some_names
from zveno.text.mark import tr

_SHOWN_ROWS = 30
_SHOWN_COMPONENTS = 4
_SMALL_SHARE = 5e-4
_KINDS: Mapping[str, str] = {
    "feed": tr("feed"),
    "asked": tr("asked for by the unit"),
    "water_added": tr("water added in the unit"),
    "stream": tr("stream"),
}
Cells = Mapping[str, Sequence[str]]
"""Cells of a row by component."""


class ExplainedAnswers(Screen):
    """A screen that knows how origins are shown."""

    def origins(self, model: ChainModel, found: Origins, components: Sequence[str], *, as_json: bool) -> None:
        """Where the components of a stream came from, in each scenario."""
        tables = {"origins": found.origins, "last_steps": found.last_steps, "recycled": found.recycled}
        if as_json:
            self.json({name: table.to_dicts() for name, table in tables.items()})
            return
        scenarios = found.origins["scenario"].unique(maintain_order=True).to_list()
        if not scenarios:
            self.say(tr("nothing flows in '{stream}'"), stream=model.title(found.stream, self.lang))
        for one in scenarios:
            if len(scenarios) > 1:
                self.line(f"{self.text(tr('scenario'))}: {one}")
            here = {name: table.filter(scenario=one) for name, table in tables.items()}
            shown = _shown(model, here["origins"]["component"].unique(maintain_order=True).to_list(), components)
            self._origins(model, found.stream, {n: t.filter(pl.col("component").is_in(shown)) for n, t in here.items()})

    def _origins(self, model: ChainModel, stream: str, tables: Mapping[str, pl.DataFrame]) -> None:
        """The three tables of one scenario."""
        self.say(tr("{stream}: where it came from"), stream=model.title(stream, self.lang))
        self._amounts(model, tr("origin"), tables["origins"])
        self.line()
        if tables["recycled"]["mean_passes"].max():
            self.say(tr("what of it came round, and how often"))
            self._recycled(model, tables["recycled"])
        else:
            self.say(tr("none of it came round"))
        if tables["last_steps"].height:
            self.line()
            self.say(
                tr("by what it came into the unit that it leaves ({units})"), units=_leaves(model, stream, self.lang)
            )
            self._amounts(model, tr("came by"), tables["last_steps"])
        self.line()

    def _amounts(self, model: ChainModel, first: str, table: pl.DataFrame) -> None:
        """Masses and shares: a row for each place, columns for each component."""
        place = table.columns[3]
        components = table["component"].unique(maintain_order=True).to_list()
        digits = {one: decimals(table.filter(component=one)["mass_tph"].top_k(1).to_list()) for one in components}
        cells: dict[tuple[str, ...], dict[str, tuple[str, str]]] = {}
        for row in table.iter_rows(named=True):
            mass = self.text.number(row["mass_tph"], digits[row["component"]])
            found = cells.setdefault((row[place], row["kind"]), {})
            found[row["component"]] = mass, self.text.percent(row["share_frac"], 2)
        large = _places(table, (place, "kind"), "share_frac")[:_SHOWN_ROWS]
        head = [text for one in components for text in (f"{self._quantity(one)}, {self.text(tr('t/h'))}", "%")]
        body = [
            [
                model.title(name, self.lang),
                self.text(_KINDS[kind]),
                *(cell for one in components for cell in cells[name, kind].get(one, ("–", "–"))),
            ]
            for name, kind in large
        ]
        self.table([first, tr("what it is"), *head], body)
        self._rest(len(cells) - len(body))

    def _recycled(self, model: ChainModel, table: pl.DataFrame) -> None:
        """Recycles: a row for each, columns for each component."""
        components = table["component"].unique(maintain_order=True).to_list()
        cells: dict[str, dict[str, tuple[str, str]]] = {}
        for row in table.iter_rows(named=True):
            shown = self.text.percent(row["once_frac"], 2), self.text.number(row["mean_passes"], 3)
            cells.setdefault(row["recycle"], {})[row["component"]] = shown
        large = [name for (name,) in _places(table, ("recycle",), "once_frac")][:_SHOWN_ROWS]
        head = [text for one in components for text in (f"{self._quantity(one)}, %", self.text(tr("times")))]
        body = [
            [
                model.title(name, self.lang) if name else self.text(tr("by any recycle")),
                *(cell for one in components for cell in cells[name].get(one, ("–", "–"))),
            ]
            for name in large
        ]
        self.table([tr("recycle"), *head], body)
        self._rest(len(cells) - len(body))

    def _quantity(self, component: str) -> str:
        """Solids and water in words, components by their symbol."""
        return {"solids": self.text(tr("solids")), "water": self.text(tr("water"))}.get(component, component)

    def _rest(self, count: int) -> None:
        """How many rows are left out."""
        if count > 0:
            self.say(tr("rows more with small shares: {n}; --json gives all"), n=count)


def _shown(model: ChainModel, there: Sequence[str], components: Sequence[str]) -> list[str]:
    """What the screen shows: what was asked for, else solids, water and the first components that there are."""
    if components:
        return [one for one in there if one in components]
    first = [one for one in model.chain.components if one in there][:_SHOWN_COMPONENTS]
    return [one for one in there if one in ("solids", "water", *first)]


def _leaves(model: ChainModel, stream: str, lang: str) -> str:
    """Units that a stream or the streams of a group leave."""
    sources = [one.source.partition(":")[0] for one in model.streams.values() if stream in (one.id, one.group)]
    return some_names([model.title(one, lang) for one in dict.fromkeys(sources)])


def _places(table: pl.DataFrame, keys: Sequence[str], share: str) -> list[tuple[str, ...]]:
    """Places whose share of some component is not small, in the order of the table."""
    largest = table.group_by(keys, maintain_order=True).agg(pl.max(share))
    return [row[:-1] for row in largest.iter_rows() if row[-1] >= _SMALL_SHARE or not row[0]]
