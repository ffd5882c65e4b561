"""How simulations are shown on a screen: steady states, and masses of a period beside published ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from math import isnan
from pathlib import Path

import polars as pl
import typer

from zveno.chain import ChainModel, FoundryNeeds, PeriodTotals, Simulation
from zveno.cli.screen import Screen
from zveno.errors import DataError, Phrase
from zveno.model.checks import near_match
from zveno.reports import UOM_OF_KIND, grade_kind, uom_words
from zveno.text.mark import tr

_SHOWN_COMPONENTS = 4
_SMALL_T = 1000.0
_PRECIOUS = ("Ag", "Au")
_IN_CATHODES = (
    "Ag",
    "As",
    "Bi",
    "Cd",
    "Co",
    "Cr",
    "Fe",
    "Mn",
    "Ni",
    "P",
    "Pb",
    "S",
    "Sb",
    "Se",
    "Si",
    "Sn",
    "Te",
    "Zn",
)
REPORTED: dict[str, str | Phrase] = {
    "circulating_load": tr("circulating load"),
    "carrying_rate": tr("floated solids per square metre"),
    "cut_size": tr("corrected cut size d50c"),
    "energy_per_pass": tr("energy per tonne through the mill, returns too"),
    "feed": tr("feed of the unit"),
    "carried": tr("share of the floated solids that the froth can carry"),
    "peclet": tr("Peclet number of the collection zone"),
    "oversize": tr("oversize"),
    "pressure": tr("pressure before the cyclones"),
    "underflow_volume_solids": tr("solids in the underflow, by volume"),
    "underflow_water": tr("share of the water in the underflow"),
    "power": tr("power"),
    "pulp": tr("pulp"),
    "residence_time": tr("residence time"),
    "specific_energy": tr("specific energy"),
    "water_added": tr("water added"),
    "water_recovery": tr("water recovery"),
    "matte_grade": tr("copper in matte"),
    "slag_cu": tr("copper in slag"),
    "slag_fe_sio2": tr("Fe/SiO2 of the slag"),
    "s_elimination": tr("share of the sulphur that goes to gas"),
    "oxygen": tr("oxygen supplied"),
    "gas_so2": tr("SO2 in gas, by volume"),
    "blister_cu": tr("copper in blister"),
    "blast": tr("blast"),
    "slag_blow": tr("blast of the slag blow"),
    "blister_blow": tr("blast of the blister blow"),
    "white_metal": tr("white metal after the slag blow"),
    "slag_blow_time": tr("slag blow of a cycle"),
    "blister_blow_time": tr("blister blow of a cycle"),
    "slag_blow_heat": tr("heat left over from the slag blow"),
    "blister_blow_heat": tr("heat left over from the blister blow"),
    "anode_cu": tr("copper in anodes"),
    "cells_needed": tr("cells needed"),
    "energy": tr("energy of deposition"),
    "cathode_cu": tr("copper in cathodes"),
    "acid_100": tr("acid as monohydrate"),
    "stack_so2": tr("SO2 to the stack"),
    "stack_content": tr("SO2 in the gas of the stack"),
    "o2_so2": tr("O2 to SO2 before the contact stage"),
    "adiabatic_rise": tr("temperature rise of full conversion"),
    "autothermal_room": tr("SO2 above what the contact stage needs to run on its own heat"),
    "mass_pull": tr("mass pull"),
    "tail_cu": tr("copper in tailings"),
    "evaporated": tr("water driven off"),
    "liquid_metal": tr("liquid metal"),
    "charge_melted": tr("charge melted, with returns"),
    "melt_yield": tr("good castings per charge melted"),
    "returns": tr("returns remelted"),
    "charge": tr("cold charge, wet, while running"),
    "fuel": tr("fuel"),
    "oxygen_of_coal": tr("oxygen that coal burns with"),
    "fuel_per_t": tr("fuel per tonne of product"),
    "enrichment": tr("O2 in blast that closes the heat"),
    "bath_temp": tr("temperature of slag that closes the heat"),
    "hearth_load": tr("load of the hearth"),
    "heat_in": tr("heat of what enters"),
    "heat_added": tr("heat added"),
    "heat_out": tr("heat of what leaves"),
    "heat_loss": tr("heat lost"),
    "heat_surplus": tr("heat left over"),
    "cold_charge": tr("cold charge that the heat can melt"),
    "reverts": tr("skulls to be charged again"),
    "blowing": tr("share of the time that is blown"),
    **{f"cathode_{one}": Phrase(tr("{element} in cathodes"), {"element": one}) for one in _IN_CATHODES},
    **{f"room_{one}": Phrase(tr("room left for {element} in the grade"), {"element": one}) for one in _IN_CATHODES},
    "grade_room": tr("least room left in the grade of cathodes"),
}


class SimulatedAnswers(Screen):
    """A screen that knows how simulations are shown."""

    def simulation(
        self, model: ChainModel, result: Simulation, patterns: Sequence[str], *, units: bool, as_json: bool
    ) -> None:
        """Stream flows, recoveries and unit results of a simulation."""
        self.doubts(result.doubts)
        flows = result.stream_flows
        for pattern in patterns:
            if not any(fnmatchcase(one, pattern) for one in result.streams):
                near = near_match(pattern, result.streams)
                raise DataError("no stream is named '{pattern}'", pattern=pattern, near=near)
        if patterns:
            chosen = [one for one in flows["stream"].unique() if any(fnmatchcase(one, p) for p in patterns)]
            flows = flows.filter(pl.col("stream").is_in(chosen))
        if as_json:
            tables = {"stream_flows": flows, "unit_results": result.unit_results}
            if result.sieves_um:
                sizes = result.stream_sizes
                tables["stream_sizes"] = sizes.filter(pl.col("stream").is_in(flows["stream"].unique()))
            self.json({name: table.to_dicts() for name, table in tables.items()})
            return
        self._simulated_flows(model, result, flows, every=bool(patterns))
        self._simulated_recoveries(model, result)
        if units:
            self._unit_results(model, result)

    def save_steady(self, model: ChainModel, result: Simulation, out: Path | None) -> None:
        """All streams, units and sizes of a steady state, a sheet each; the streams alone in a file of text."""
        tables = {"stream_flows": result.stream_flows, "unit_results": result.unit_results}
        if result.sieves_um:
            tables["stream_sizes"] = result.stream_sizes
        for name, table in tables.items():
            key = "unit" if "unit" in table.columns else "stream"
            titles = [model.title(one, self.lang) for one in table[key]]
            place = table.columns.index(key) + 1
            tables[name] = table.clone().insert_column(place, pl.Series("title", titles, dtype=pl.String))
        self.save(tables, out, alone="stream_flows")

    def _simulated_flows(self, model: ChainModel, result: Simulation, flows: pl.DataFrame, *, every: bool) -> None:
        """Streams with solids, water, grades and sizes; those inside the circuit if ``every``."""
        components = list(model.chain.components)
        uoms = grade_uoms(flows.select("component", "grade_frac").iter_rows())
        uoms.update({one: "g/t" for one in components if one in _PRECIOUS})  # whatever the richest stream shown holds
        wide: dict[tuple[str, str], dict[str, tuple[float, float | None]]] = {}
        for row in flows.iter_rows(named=True):
            wide.setdefault((row["scenario"], row["stream"]), {})[row["component"]] = (
                row["mass_tph"],
                row["grade_frac"],
            )
        rows = []
        for (scenario, stream), found in wide.items():
            if not every and not _is_outer(model, stream):
                continue
            grades = [self._grade(found.get(one, (0.0, None))[1], uoms.get(one, "%")) for one in components]
            rows.append(
                [
                    model.title(stream, self.lang),
                    self.text.number(found["solids"][0], 2),
                    self.text.number(found["water"][0], 1),
                    *grades,
                    *self._p80(result, stream, scenario),
                ]
            )
        self.table(
            [
                tr("stream"),
                tr("solids, t/h"),
                tr("water, t/h"),
                *(f"{one}, {self.text(uoms.get(one, '%'))}" for one in components),
                *([tr("P80, µm")] if result.sieves_um else []),
            ],
            rows,
        )

    def _p80(self, result: Simulation, stream: str, scenario: str) -> list[str]:
        """80 % passing size of a stream, where there are size classes."""
        if not result.sieves_um:
            return []
        if not result.has_sizes(stream):
            return ["–"]
        size_um = float(result.size_at(stream)[result.scenarios.index(scenario)])
        return ["–" if isnan(size_um) else self.text.number(size_um, 0)]

    def _simulated_recoveries(self, model: ChainModel, result: Simulation) -> None:
        """Recoveries that the description asks for."""
        for one in model.chain.recoveries:
            for component in one.components:
                shares = result.recovery(component, one.products, one.feeds)
                for share in shares:
                    self.say(
                        tr("recovery of {component}, {plant}: {value} %"),
                        component=component,
                        plant=model.title(one.plant, self.lang),
                        value=self.text.percent(float(share)),
                    )

    def _unit_results(self, model: ChainModel, result: Simulation) -> None:
        """What the unit models report: power, residence times."""
        rows = []
        for _, unit, quantity, value, uom in result.unit_results.iter_rows():
            word = REPORTED.get(quantity, quantity)
            name = self.text.phrase(word) if isinstance(word, Phrase) else self.text(word)
            shown = (value * 100, "%") if uom == "frac" else (value, uom)
            rows.append(
                [model.title(unit, self.lang), name, self.text.number(shown[0], 2), uom_words(shown[1], self.text)]
            )
        self.table([tr("unit"), tr("quantity"), tr("value"), tr("unit of measure")], rows)

    def _grade(self, fraction: float | None, uom: str) -> str:
        """A grade in per cent or in g/t."""
        if fraction is None:
            return "–"
        return self.text.number(fraction * 1e6, 2) if uom == "g/t" else self.text.percent(fraction, 3)

    def totals(self, found: PeriodTotals, patterns: Sequence[str], *, as_json: bool) -> None:
        """Masses of a period, and published figures beside the simulated ones."""
        table, model = found.period_totals, found.model
        names = table["stream"].unique(maintain_order=True)
        for pattern in patterns:
            if not any(fnmatchcase(one, pattern) for one in names):
                raise DataError("no stream is named '{pattern}'", pattern=pattern, near=near_match(pattern, names))
        chosen = [
            one
            for one in names
            if (any(fnmatchcase(one, each) for each in patterns) if patterns else _is_outer(model, one))
        ]
        table = table.filter(pl.col("stream").is_in(chosen))
        if as_json:
            self.json({"period_totals": table.to_dicts(), "published_totals": found.published_totals.to_dicts()})
            return
        shown = model.chain.components[:_SHOWN_COMPONENTS]
        masses = {(row[1], row[2]): row[3] for row in table.iter_rows()}
        self.table(
            [tr("stream"), tr("dry mass, t"), *(f"{one}, {self.text(tr('t'))}" for one in shown)],
            [
                [
                    model.title(one, self.lang),
                    *(self.text.number(masses[one, key], 1 if abs(masses[one, key]) < _SMALL_T else 0)
                      for key in ("solids", *shown)),
                ]
                for one in chosen
            ],
        )  # fmt: skip
        self._published(found)

    def _published(self, found: PeriodTotals) -> None:
        """Published figures of the period."""
        rows = [
            [
                found.model.title(row["id"], self.lang),
                self.text.number(row["stated_t"], 1 if row["stated_t"] < _SMALL_T else 0),
                self.text.number(row["simulated_t"], 1 if row["simulated_t"] < _SMALL_T else 0),
                self.text.percent(row["ratio"] - 1, 1),
            ]
            for row in found.published_totals.iter_rows(named=True)
        ]
        if rows:
            self.line("")
            self.table([tr("published figure"), tr("published, t"), tr("simulated, t"), tr("difference, %")], rows)

    def foundry(self, found: FoundryNeeds, *, as_json: bool) -> None:
        """What the foundry has to cast in a year, and how full its work centres are."""
        for one in found.doubts:
            typer.echo(self.text.fault(one), err=True)
        if as_json:
            self.json({"foundry_needs": found.needs.to_dicts(), "foundry_loads": found.loads.to_dicts()})
            return
        table, model = found.needs, found.model
        sums = table.group_by("product", maintain_order=True).agg(
            pl.sum("need_t_y", "pieces_y", "made_t_y", "load_h_y"), pl.col("driver").unique(maintain_order=True)
        )
        rows = [
            [
                model.title(row["product"], self.lang),
                ", ".join(model.title(one, self.lang) for one in row["driver"]),
                *(self.text.number(row[key], 0) for key in ("need_t_y", "pieces_y", "made_t_y", "load_h_y")),
            ]
            for row in sums.iter_rows(named=True)
        ]
        head = [tr("product"), tr("worn by"), tr("need, t/year"), tr("pieces a year")]
        self.table([*head, tr("made with rejects, t/year"), tr("hours a year")], rows)
        self.say(tr("in all: {mass} t a year"), mass=self.text.number(float(table["need_t_y"].sum()), 0))
        self._customers(found)
        self._loads(found)

    def _customers(self, found: FoundryNeeds) -> None:
        """Tonnes by customer."""
        sums = found.needs.group_by("customer", maintain_order=True).agg(pl.sum("need_t_y"))
        self.line("")
        self.table(
            [tr("customer"), tr("need, t/year")],
            [[found.model.title(one, self.lang), self.text.number(mass, 0)] for one, mass in sums.iter_rows()],
        )

    def _loads(self, found: FoundryNeeds) -> None:
        """Hours of work centres beside those they have."""
        self.line("")
        self.table(
            [tr("work centre"), tr("load, h/year"), tr("available, h/year"), tr("load, %")],
            [
                [
                    found.model.title(row["work_centre"], self.lang),
                    self.text.number(row["load_h_y"], 0),
                    self.text.number(row["available_h_y"], 0),
                    self.text.percent(row["share_frac"], 1),
                ]
                for row in found.loads.iter_rows(named=True)
            ],
        )


def grade_uoms(grades: Iterable[tuple[str, float | None]]) -> dict[str, str]:
    """Per cent, or g/t for a component whose grades are all small."""
    largest: dict[str, float] = {}
    for component, grade in grades:
        largest[component] = max(largest.get(component, 0.0), grade or 0.0)
    return {one: UOM_OF_KIND[grade_kind(size)] for one, size in largest.items()}


def _is_outer(model: ChainModel, stream: str) -> bool:
    """Whether a stream joins different sections or the outside."""
    one = model.streams[stream]
    return bool(model.place_of(one.source) != model.place_of(one.target))
