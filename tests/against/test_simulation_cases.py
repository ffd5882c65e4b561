"""Published and exact cases of simulation.

Every circuit is solved by the engine, not by the closed form it is compared with. The source of each case
stands in its file; so does the tolerance, unless a comment says why another is used.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks import circuit as eight_nodes

from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.model.types import ChainFile, Figure
from zveno.simulate import (
    bond_work_index,
    klimpel_recovery,
    mixed_cells_recovery,
    plug_flow_recovery,
    sensitivities,
    simulate,
)
from zveno.simulate.basis import basis_of
from zveno.simulate.solve import solve
from zveno.simulate.units.bank import Bank
from zveno.simulate.units.mill import Mill

DATA = Path(__file__).parents[2] / "../shared/data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data with the cases is absent")

FLOAT_MODEL = "fixed_recovery"


@cache
def case(name: str) -> dict[str, Any]:
    return json.loads((DATA / "simulation" / f"{name}.json").read_text())


def rel(name: str) -> float:
    return float(case(name)["tolerance"]["rel"])


def two_mineral_model(units: dict[str, dict[str, Any]], streams: dict[str, tuple[str, str]]) -> ChainModel:
    """1000 t/h of an ore with 1 % of a value mineral that is all copper."""
    chain = ChainFile.model_validate(
        {
            "format": "zveno/chain-1",
            "id": "case",
            "title": {"en": "case"},
            "timezone": "UTC+05:00",
            "components": ["Cu"],
            "minerals": [
                {"id": "value", "sg": 4.0, "composition": {"Cu": 1.0}, "group": "cu_sulphide"},
                {"id": "gangue", "sg": 3.0, "composition": {}, "group": "gangue"},
            ],
            "ores": [
                {
                    "id": "ore",
                    "grade": "grade",
                    "moisture": "dry",
                    "copper": {"value": "all"},
                    "minerals": {},
                    "balance": "gangue",
                }
            ],
            "plants": [{"id": "plant", "kind": "concentrator", "sections": [{"id": "mill"}]}],
            "boundaries": [{"id": "mine"}, {"id": "market"}, {"id": "pond"}],
            "units": [{"id": name, "section": "mill", **given} for name, given in units.items()],
            "streams": [
                {
                    "id": name,
                    "from": source,
                    "to": target,
                    **({"ore": "ore", "feed": 1000.0} if source == "mine" else {}),
                }
                for name, (source, target) in streams.items()
            ],
        }
    )
    figures = {
        "grade": Figure(value=0.01, uom="frac"),
        "dry": Figure(value=0, uom="frac"),
        "all": Figure(value=1, uom="frac"),
    }
    return ChainModel(chain=chain, parameters=figures)


def stage(value: float = 0.5, gangue: float = 0.0) -> dict[str, Any]:
    return {"model": FLOAT_MODEL, "parameters": {"cu_sulphide": value, "gangue": gangue}}


def rougher_scavenger_cleaner(**given: dict[str, Any]) -> ChainModel:
    return two_mineral_model(
        {name: given.get(name, stage()) for name in ("rougher", "scavenger", "cleaner")},
        {
            "feed": ("mine", "rougher"),
            "rc": ("rougher:conc", "cleaner"),
            "rt": ("rougher:tail", "scavenger"),
            "sc": ("scavenger:conc", "rougher"),
            "ct": ("cleaner:tail", "rougher"),
            "conc": ("cleaner:conc", "market"),
            "tail": ("scavenger:tail", "pond"),
        },
    )


def test_bank_of_mixed_cells_recovers_what_first_order_kinetics_say() -> None:
    given, wanted = case("flot-bank-first-order")["inputs"], case("flot-bank-first-order")["expected"]
    ore = basis_of(
        [("m", "fast"), ("m", "non")], sg=[4.0, 4.0], k_per_min=[given["k_per_min"], 0.0], groups=["cu_sulphide"] * 2
    )
    feed = np.array([95.0, 5.0, 200.0]) * given["r_inf"] / 0.95
    pulp = ore.volume(feed)

    def recovery(cells: float) -> float:
        volume = given["total_residence_min"] / 60 * pulp / cells
        bank = Bank(cells=cells, cell_m3=volume, effective_volume=1.0, conc_solids=0.3)
        return float(ore.solids(bank.run(feed, ore)["conc"])[0] / ore.solids(feed))

    assert recovery(given["cells"]) == pytest.approx(wanted["recovery"], rel=rel("flot-bank-first-order"))
    kt = given["k_per_min"] * given["total_residence_min"]
    tolerance = rel("flot-bank-first-order")
    mixed = mixed_cells_recovery(np.array([kt / given["cells"]]), np.array([given["cells"]]))
    assert given["r_inf"] * mixed[0] == pytest.approx(wanted["recovery"], rel=tolerance)
    assert given["r_inf"] * plug_flow_recovery(kt)[0] == pytest.approx(wanted["plug_flow_limit"], rel=tolerance)
    assert given["r_inf"] * klimpel_recovery(kt)[0] == pytest.approx(wanted["klimpel_batch"], rel=tolerance)
    # plug flow is the limit of many cells: with a thousand million the difference is below 1e-9
    assert recovery(1e9) == pytest.approx(wanted["plug_flow_limit"], rel=1e-8)


def test_rougher_cleaner_with_closed_tailings() -> None:
    given, wanted = case("flot-rougher-cleaner-closed")["inputs"], case("flot-rougher-cleaner-closed")["expected"]
    model = two_mineral_model(
        {"rougher": stage(given["rougher_recovery"]), "cleaner": stage(given["cleaner_recovery"])},
        {
            "feed": ("mine", "rougher"),
            "rc": ("rougher:conc", "cleaner"),
            "ct": ("cleaner:tail", "rougher"),
            "conc": ("cleaner:conc", "market"),
            "tail": ("rougher:tail", "pond"),
        },
    )
    step = 1e-5
    at = {"base": 0.0, "up": step, "down": -step}
    found = simulate(
        model, scenarios={name: {"cleaner.cu_sulphide": given["cleaner_recovery"] + by} for name, by in at.items()}
    )
    recovery = found.recovery("Cu", "conc")
    assert recovery[0] == pytest.approx(wanted["circuit_recovery"], rel=rel("flot-rougher-cleaner-closed"))
    load = (found.component("feed", "Cu") + found.component("ct", "Cu")) / found.component("feed", "Cu")
    assert load[0] == pytest.approx(wanted["rougher_feed_over_fresh"], rel=rel("flot-rougher-cleaner-closed"))
    # a central difference is good to step squared
    slope = (recovery[1] - recovery[2]) / (2 * step)
    assert slope == pytest.approx(wanted["d_recovery_d_cleaner"], rel=1e-8)
    common = {"cleaner.cu_sulphide": given["cleaner_recovery"]}
    told = sensitivities(model, ["recovery.Cu:conc"], ["cleaner.cu_sulphide"], common=common)
    error = told.sensitivities["derivative_error"][0]
    derivative = told.derivative("recovery.Cu:conc", "cleaner.cu_sulphide")
    assert derivative == pytest.approx(wanted["d_recovery_d_cleaner"], rel=rel("flot-rougher-cleaner-closed"))
    assert abs(derivative - wanted["d_recovery_d_cleaner"]) < error < 1e-6


def test_rougher_scavenger_cleaner() -> None:
    name = "flot-rougher-scavenger-cleaner"
    minerals, wanted = case(name)["inputs"]["minerals"], case(name)["expected"]
    model = rougher_scavenger_cleaner(
        **{one: stage(minerals["value"][one], minerals["gangue"][one]) for one in ("rougher", "scavenger", "cleaner")}
    )
    found = simulate(model)
    for mineral in ("value", "gangue"):
        fed, got = found.minerals("feed")[mineral][0], found.minerals("conc")[mineral][0]
        assert fed == pytest.approx(minerals[mineral]["feed_tph"])
        assert got / fed == pytest.approx(wanted["circuit_recovery"][mineral], rel=rel(name))
        rougher = sum(found.minerals(one)[mineral][0] for one in ("feed", "sc", "ct"))
        assert rougher == pytest.approx(wanted["rougher_feed_tph"][mineral], rel=rel(name))
    assert found.grade("conc", "Cu")[0] == pytest.approx(wanted["conc_grade_value"], rel=rel(name))


def test_equal_separation_probability() -> None:
    name = "flot-rsc-equal-p"
    chances = [*case(name)["inputs"]["p"], 0.5 - 1e-5, 0.5 + 1e-5]
    keys = [f"{unit}.cu_sulphide" for unit in ("rougher", "scavenger", "cleaner")]
    found = simulate(rougher_scavenger_cleaner(), scenarios={str(p): dict.fromkeys(keys, p) for p in chances})
    recovery = found.recovery("Cu", "conc")
    assert recovery[:-2] == pytest.approx(case(name)["expected"]["circuit_recovery"], rel=rel(name))
    slope = (recovery[-1] - recovery[-2]) / 2e-5
    assert slope == pytest.approx(case(name)["expected"]["slope_at_half"], rel=1e-8)
    told = sensitivities(rougher_scavenger_cleaner(), ["recovery.Cu:conc"], ["*.cu_sulphide"])
    assert told.derivative("recovery.Cu:conc", "*.cu_sulphide") == pytest.approx(
        case(name)["expected"]["slope_at_half"], rel=1e-9
    )


def test_counter_current_line_of_five_stages() -> None:
    name = "flot-line-5-stage"
    given = case(name)["inputs"]
    last = given["stages"]
    streams = {"feed": ("mine", f"s{given['feed_stage']}")}
    for n in range(1, last + 1):
        streams[f"c{n}"] = (f"s{n}:conc", f"s{n + 1}" if n < last else "market")
        streams[f"t{n}"] = (f"s{n}:tail", f"s{n - 1}" if n > 1 else "pond")
    model = two_mineral_model({f"s{n}": stage() for n in range(1, last + 1)}, streams)
    keys = [f"s{n}.cu_sulphide" for n in range(1, last + 1)]
    found = simulate(model, scenarios={str(p): dict.fromkeys(keys, p) for p in given["p"]})
    assert found.recovery("Cu", f"c{last}") == pytest.approx(case(name)["expected"]["circuit_recovery"], rel=rel(name))


def test_two_product_figures_give_back_the_assays() -> None:
    name = "flot-two-product-nptel"
    given, wanted = case(name)["inputs"], case(name)["expected"]
    recovery, pull, head = wanted["recovery_pct"] / 100, wanted["mass_pull"], given["feed_pct_cu"] / 100
    model = two_mineral_model(
        {"cell": stage(recovery, (pull - recovery * head) / (1 - head))},
        {"feed": ("mine", "cell"), "conc": ("cell:conc", "market"), "tail": ("cell:tail", "pond")},
    )
    found = simulate(model, scenarios={"nptel": {"grade": head}})
    assert found.grade("conc", "Cu")[0] * 100 == pytest.approx(given["conc_pct_cu"], rel=rel(name))
    assert found.grade("tail", "Cu")[0] * 100 == pytest.approx(given["tail_pct_cu"], rel=rel(name))
    ratio = found.grade("conc", "Cu")[0] / found.grade("feed", "Cu")[0]
    assert ratio == pytest.approx(wanted["enrichment_ratio"], rel=rel(name))


def test_bond_energy_and_mill_power() -> None:
    name = "comm-bond-energy"
    given, wanted = case(name)["inputs"], case(name)["expected"]
    ore = basis_of([("rock", "non")], sg=[3.0], k_per_min=[0.0], groups=["gangue"])
    mill = Mill(
        work_index_kwh_t=given["work_index_kwh_per_short_ton"] * 1.102,
        f80_um=given["f80_um"],
        p80_um=given["p80_um"],
        p80_design_um=given["p80_um"],
        solids=0.7,
    )
    feed = np.array([[given["tonnage_tph"], 10.0]])
    told = mill.report(feed, mill.observe(feed, ore), ore)
    assert told["specific_energy"][0][0] == pytest.approx(wanted["kwh_per_tonne"], rel=rel(name))
    assert told["power"][0][0] == pytest.approx(wanted["power_kw_metric"], rel=rel(name))


def test_work_index_from_grindability() -> None:
    name = "comm-bond-gbp-200mesh"
    given, wanted = case(name)["inputs"], case(name)["expected"]
    found = bond_work_index(np.array(given["gbp"]), given["pi_um"])
    assert found == pytest.approx(wanted["work_index"], rel=rel(name))
    with pytest.raises(DataError, match="above zero"):
        bond_work_index(0.0, 74.0)


def test_rod_mill_ball_mill_and_cyclone() -> None:
    name = "comm-rod-ball-cyclone-nptel"
    given, wanted = case(name)["inputs"], case(name)["expected"]
    sizes = given["pct_250um"]
    load = (sizes["rod_mill_discharge"] - sizes["cyclone_feed"]) / (
        sizes["cyclone_feed"] - sizes["ball_mill_discharge"]
    )
    mill = {"work_index_kwh_t": 14.0, "f80_um": 2000.0, "p80_um": 200.0, "p80_design_um": 200.0, "solids": 1.0}
    solids = given["cyclone_feed_pct_solids"] / 100
    model = two_mineral_model(
        {
            "rod": {"model": "mill", "parameters": mill},
            "ball": {"model": "mill", "parameters": {**mill, "circulating_load": load}},
            "sump": {"model": "conditioner", "parameters": {"solids": solids}},
            "cyclone": {
                "model": "cyclone",
                "parameters": {"circulating_load": load, "overflow_solids": 0.3, "underflow_solids": 0.7},
            },
        },
        {
            "feed": ("mine", "rod"),
            "discharge": ("rod", "sump"),
            "pulp": ("sump", "cyclone"),
            "under": ("cyclone:underflow", "ball"),
            "ground": ("ball", "sump"),
            "over": ("cyclone:overflow", "market"),
        },
    )
    figures = {**model.parameters, "grade": Figure(value=0.0, uom="frac")}
    found = simulate(model.model_copy(update={"parameters": figures}), feeds={"feed": given["fresh_dry_tph"]})
    assert found.solids("pulp")[0] == pytest.approx(wanted["cyclone_feed_dry_tph"], rel=rel(name))
    assert found.water("pulp")[0] == pytest.approx(wanted["water_m3h"], rel=rel(name))
    assert found.solids("pulp")[0] / 3.0 == pytest.approx(wanted["solids_m3h"], rel=rel(name))
    assert found.solids("under")[0] == pytest.approx(wanted["ball_mill_dry_tph"], rel=1e-9)


def _substituted(given: dict[str, Any], feed: np.ndarray, scale: float) -> dict[str, np.ndarray]:
    """The same circuit by direct substitution, from the equations of the case alone."""
    rho, k, ent = (np.array(given[one]) for one in ("rho", "k", "ent"))
    inflow = {one["id"]: np.zeros_like(feed) for one in given["nodes"]}
    for _ in range(4000):
        out = {}
        for node in given["nodes"]:
            m = inflow[node["id"]] + (feed if node["id"] == given["feed_to"] else 0)
            if node["type"] == "mix":
                added = np.zeros_like(m)
                added[-1] = node["wash"] * m[:-1].sum()
                out[node["id"], 0] = m + added
                continue
            tau = 60 * node["V"] * scale * node["eff"] / max((m / rho).sum(), 1e-30)
            floated = 1 - (1 + k * node["kmul"] / node["N"] * tau) ** -node["N"]
            carried = (m * floated)[:-1].sum() * (1 / node["cs"] - 1)
            water = carried / max(carried + m[-1], 1e-30)
            share = floated + (1 - floated) * ent * water
            share[-1] = water
            out[node["id"], 0], out[node["id"], 1] = m * share, m * (1 - share)
        new = {one: np.zeros_like(feed) for one in inflow}
        for source, port, target in given["links"]:
            new[target] += out[source, port]
        moved = max(np.abs(new[one] - inflow[one]).max() for one in inflow)
        inflow = new
        if moved < 1e-12:
            break
    return {name: out[source, port] for name, (source, port) in given["products"].items()}


def test_eight_nodes_agree_with_direct_substitution() -> None:
    definition = eight_nodes.read(DATA / eight_nodes.DEFINITION)
    table = eight_nodes.drawn(definition, 50)
    given, circuit = case("circuit-8-node")["circuit"], eight_nodes.circuit_of(definition, table)
    found = solve(circuit)
    assert found.converged.all()
    products = dict(zip(given["products"], (-2, -1), strict=True))
    for row in range(0, 50, 7):
        wanted = _substituted(given, table.feed_tph[row], float(table.volume_factor[row]))
        for name, stream in products.items():
            assert found.flows[stream, row] == pytest.approx(wanted[name], rel=1e-9)
    solids = (found.flows[-2] + found.flows[-1] - circuit.feeds[0])[:, :-1]
    assert np.abs(solids).max() <= 1e-12 * circuit.feeds[0].sum(axis=1).max()
