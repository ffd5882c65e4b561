"""Size classes: sieves, mills, classifiers, screens, and what an ore states by size."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.linalg import expm

from zveno import example, load
from zveno.errors import DataError, ModelError, SolveError
from zveno.model.chain import ChainModel
from zveno.model.types import Figure
from zveno.simulate import simulate
from zveno.simulate.basis import Basis, basis_of
from zveno.simulate.build import build
from zveno.simulate.scenario import read_scenarios
from zveno.simulate.sizing import mean_sizes, passing, retained, size_at
from zveno.simulate.solve import solve
from zveno.simulate.units.breakage import austin, broadbent_callcott
from zveno.simulate.units.column import Column
from zveno.simulate.units.kinetics import mixed_cells_recovery
from zveno.simulate.units.nageswararao_cyclone import NageswararaoCyclone
from zveno.simulate.units.perfect_mixing_mill import PerfectMixingMill
from zveno.simulate.units.plitt_cyclone import PlittCyclone
from zveno.simulate.units.reid_mill import ReidMill, batch_grinding
from zveno.simulate.units.screen import Screen

SIEVES = np.array([1000.0, 500.0, 250.0, 125.0])
FEED = np.array([[30.0, 25.0, 20.0, 15.0, 10.0, 40.0]])


def quartz(sg: float = 2.65) -> Basis:
    """One mineral in five size classes, and water."""
    count = len(SIEVES) + 1
    return basis_of(
        [("quartz", "non")] * count, sg=[sg] * count, k_per_min=[0.0] * count, groups=["gangue"] * count,
        sizes=(SIEVES, range(count)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def line() -> ChainModel:
    return load(example("grinding_by_size")).model


def rebuilt(model: ChainModel, **keys: object) -> ChainModel:
    """The description with keys of chain.yaml replaced."""
    chain = model.chain.model_copy(update=keys)
    return ChainModel(chain=chain, parameters=model.parameters)


def changed(model: ChainModel, **figures: Figure | None) -> ChainModel:
    """The description with figures added, replaced or, as None, taken away; ``__`` stands for a dot."""
    named = {name.replace("__", "."): one for name, one in figures.items()}
    kept = {**model.parameters, **named}
    return ChainModel(chain=model.chain, parameters={name: one for name, one in kept.items() if one is not None})


@pytest.mark.parametrize("law", ["broadbent_callcott", "austin"])
def test_fragments_are_all_there_and_never_coarser_than_their_parent(law: str) -> None:
    one = np.ones(1)
    found = (
        broadbent_callcott(SIEVES) if law == "broadbent_callcott" else austin(SIEVES, 0.4 * one, 0.7 * one, 4 * one)[0]
    )
    assert found.sum(axis=0) == pytest.approx(1, rel=1e-14)
    assert (found >= 0).all()
    assert (np.triu(found, 1) == 0).all()


def test_a_plug_flow_mill_grinds_as_the_matrix_exponential_says_even_where_rates_are_alike() -> None:
    """Reid's own formula divides by differences of rates."""
    fragments = broadbent_callcott(SIEVES)
    for rates in (np.array([3.0, 3.0, 3.0, 3.0, 0.0]), np.array([40.0, 2.0, 1.0, 0.5, 0.0]), np.zeros(5)):
        wanted = expm((fragments - np.eye(5)) * rates)
        assert batch_grinding(rates, fragments) == pytest.approx(wanted, rel=1e-12, abs=1e-14)


def test_a_mixed_mill_is_a_plug_flow_mill_averaged_over_exponential_times() -> None:
    """The perfectly mixed product is the batch product weighted by the residence time distribution of a mixer."""
    basis = quartz()
    given = {"pulp_m3": 6.0, "solids": 0.7, "rate_per_min": 1.5, "rate_exponent": 0.8}
    mixed, plug = PerfectMixingMill(**given), ReidMill(**given)  # type: ignore[arg-type]
    drivers = mixed.observe(FEED, basis)
    nodes, weights = np.polynomial.laguerre.laggauss(60)
    wanted = sum(
        weight * plug.products(FEED, drivers * np.array([1, 1 / time]), basis)[0]
        for time, weight in zip(nodes, weights, strict=True)
    )
    assert mixed.run(FEED, basis)["product"] == pytest.approx(wanted, rel=1e-6)


def test_many_mixers_in_series_approach_plug_flow() -> None:
    basis = quartz()
    given = {"solids": 0.7, "rate_per_min": 1.5, "rate_exponent": 0.8}
    flow = FEED
    for _ in range(1000):
        flow = PerfectMixingMill(pulp_m3=6.0 / 1000, **given).run(flow, basis)["product"]  # type: ignore[arg-type]
    plug = ReidMill(pulp_m3=6.0, **given).run(FEED, basis)["product"]  # type: ignore[arg-type]
    assert flow == pytest.approx(plug, rel=0.03)


def test_rates_of_a_mill_may_be_given_sieve_by_sieve(line: ChainModel) -> None:
    base = simulate(line)
    grain = mean_sizes(np.array(line.chain.sieves_um)) / 1000
    rates = 0.6 * grain**0.75 / (1 + (grain / 9) ** 3)
    names = [*(f"{one:g}" for one in line.chain.sieves_um), "0"]
    unit = next(one for one in line.chain.units if one.id == "mill")
    parameters = {name: one for name, one in unit.parameters.items() if name not in ("rate_exponent", "rate_peak_um")}
    ready = unit.model_copy(update={"parameters": {**parameters, "rate_per_min": "measured"}})
    units = tuple(ready if one.id == "mill" else one for one in line.chain.units)
    figures = {
        f"measured__{name}": Figure(value=float(one), uom="1/min") for name, one in zip(names, rates, strict=True)
    }
    model = changed(rebuilt(line, units=units), **figures)
    found = simulate(model, scenarios={"as measured": {}, "one faster": {"measured.600": 2 * float(rates[4])}})
    # the peak at 9 mm takes a little of every rate; it is 1e6 um where rates are measured
    assert found.size_at("overflow")[0] == pytest.approx(base.size_at("overflow")[0], rel=1e-6)
    assert found.by_size("overflow")[0] == pytest.approx(base.by_size("overflow")[0], rel=1e-6, abs=1e-9)
    assert found.size_at("overflow")[1] < found.size_at("overflow")[0]
    lacking = changed(model, measured__75=None)
    with pytest.raises(ModelError, match=r"rate_per_min.*measured\.75"):
        simulate(lacking)


def test_the_circuit_agrees_with_substitution_through_the_public_units(line: ChainModel) -> None:
    """The same flows without the engine: every unit is run again and again until nothing changes."""
    made = build(line, read_scenarios(line, None, None, None))[0]
    circuit, names = made.circuit, made.streams
    flows = {n: np.zeros((1, len(circuit.basis))) for n in range(len(names))}
    flows.update(circuit.feeds)
    for _ in range(3000):
        before = {n: one.copy() for n, one in flows.items()}
        for number, unit in enumerate(circuit.units):
            feed = sum(flows[n] for n, one in enumerate(circuit.links) if one.target == number)
            products = unit.run(feed, circuit.basis)
            for n, link in circuit.outlets(number):
                flows[n] = products[unit.outlets[link.outlet]]
        if max(np.abs(one - before[n]).max() for n, one in flows.items()) < 1e-12:
            break
    else:
        pytest.fail("substitution did not settle")
    found = solve(circuit)
    for n, flow in flows.items():
        assert found.streams.of(n) == pytest.approx(flow, rel=1e-8, abs=1e-9), names[n]


def test_solids_and_elements_close_over_the_circuit_and_sizes_over_each_stream(line: ChainModel) -> None:
    found = simulate(line)
    for quantity in ("solids", "Cu", "Fe", "S"):
        out = found.component("conc", quantity) + found.component("tail", quantity)
        assert out == pytest.approx(found.component("feed", quantity), rel=1e-12)
    for stream in found.streams:
        assert found.by_size(stream).sum(axis=1)[0] == pytest.approx(
            [found.component(stream, one)[0] for one in ("solids", *found.components)], rel=1e-12, abs=1e-15
        )
    table = found.stream_sizes.filter(stream="overflow", component="solids").sort("size_um")
    assert table["finer_frac"].to_list()[1:] == pytest.approx(found.passing("overflow")[0][::-1].tolist())


def test_a_finer_circuit_needs_a_harder_working_mill(line: ChainModel) -> None:
    found = simulate(
        line, scenarios={"base": {}, "harder ore": {"ore.breakage": 0.7}, "more feed": {"line.feed_tph": 320.0}}
    )
    base, hard, more = found.size_at("overflow")
    assert hard > base
    assert more > base
    assert (found.recovery("Cu", "conc")[1:] < found.recovery("Cu", "conc")[0]).all()


def test_a_grain_that_breaks_takes_the_floatability_of_its_new_size(line: ChainModel) -> None:
    """Shares of the classes are given by size: whatever reaches a size by breaking has the ore's shares there."""
    made = build(line, read_scenarios(line, None, None, None))[0]
    basis = made.circuit.basis
    mill = made.circuit.units[made.circuit.ids.index("mill")]
    feed = np.zeros((1, len(basis)))
    coarse = [n for n, one in enumerate(basis.minerals) if one == "chalcopyrite" and basis.sizing.at[n] == 1]
    feed[0, coarse] = [5.0, 3.0, 2.0]
    product = mill.run(feed, basis)["product"][0]
    for size in range(2, len(basis.sizing)):
        at = [n for n, one in enumerate(basis.minerals) if one == "chalcopyrite" and basis.sizing.at[n] == size]
        assert product[at] / product[at].sum() == pytest.approx(basis.sizing.class_share[0, at], rel=1e-12)


def test_a_bank_floats_each_size_at_its_own_rate(line: ChainModel) -> None:
    found = simulate(line, scenarios={"base": {"float.entrain": 0.0}})
    made = build(line, read_scenarios(line, {"base": {"float.entrain": 0.0}}, None, None))[0]
    solution = solve(made.circuit)
    basis, names = made.circuit.basis, made.streams
    feed = solution.streams.of(names.index("overflow")) + solution.streams.of(names.index("column_tail"))
    conc = solution.streams.of(names.index("rougher_conc"))
    minutes = found.unit_result("rougher", "residence_time")[0] / line.number("rougher.cells", "-")
    for n, (mineral, name) in enumerate(zip(basis.minerals, basis.classes, strict=True)):
        if mineral == "chalcopyrite" and name == "fast" and feed[0, n] > 1e-9:
            size = [*(f"{one:g}" for one in line.chain.sieves_um), "0"][basis.sizing.at[n]]
            rate = line.number(f"float.chalcopyrite.k_fast.{size}", "1/min")
            wanted = mixed_cells_recovery(np.array([rate * minutes]), np.array([7.0]))[0]
            assert conc[0, n] / feed[0, n] == pytest.approx(wanted, rel=1e-9)


def test_entrainment_falls_with_size_to_a_fifth_at_the_stated_one(line: ChainModel) -> None:
    basis = build(line, read_scenarios(line, {"base": {"float.entrainment_um": 10.0}}, None, None))[0].circuit.basis
    quartz_at = [n for n, one in enumerate(basis.minerals) if one == "quartz"]
    pan = [n for n in quartz_at if basis.sizing.at[n] == len(basis.sizing) - 1]
    assert basis.sizing.grain_um[pan] == pytest.approx(10.0)
    assert basis.entrainment[0, pan] == pytest.approx(0.2)
    assert (np.diff(basis.entrainment[0, quartz_at[: len(basis.sizing)]]) >= 0).all()


def test_a_screen_averages_its_curve_over_the_size_class() -> None:
    screen = Screen(aperture_um=300.0, wire_um=100.0, trials=12.0)
    shares = screen.split(np.zeros((1, 1)), quartz())[0, 0, :-1]
    low, high = [500.0, 250.0, 125.0], [1000.0, 500.0, 250.0]

    def stays(log_size: float) -> float:
        chance = max(300.0 - np.exp(log_size), 0.0) / 400.0
        return float((1 - chance**2) ** 12)

    for share, a, b in zip(shares[1:4], low, high, strict=True):
        wanted = quad(stays, np.log(a), np.log(b), points=[np.log(300.0)], epsabs=1e-12)[0] / np.log(b / a)
        assert share == pytest.approx(wanted, rel=1e-9)
    assert shares[0] == pytest.approx(1.0)


def test_plitt_divides_the_pulp_as_his_equations_say() -> None:
    """The equations written out by hand, once more and in other words."""
    basis = quartz(3.2)
    cyclone = PlittCyclone(
        cyclones=2, diameter_mm=400.0, inlet_mm=110.0, vortex_finder_mm=150.0, spigot_mm=80.0, vortex_height_mm=1200.0,
        sharpness=2.0, split_factor=1.3, d50c_factor=0.9, density_exponent=0.5,
    )  # fmt: skip
    feed = np.array([[5.0, 15.0, 40.0, 50.0, 60.0, 250.0]])
    told = cyclone.report(feed, cyclone.observe(feed, basis), basis)
    solids_m3h = 170 / 3.2
    cv = 100 * solids_m3h / (solids_m3h + 250)
    litres = (solids_m3h + 250) / 2 * 1000 / 60
    pressure = 1.88 * litres**1.78 * np.exp(0.0055 * cv) / (40**0.37 * 11**0.94 * 120**0.28 * (64 + 225) ** 0.87)
    assert told["pressure"][0][0] == pytest.approx(pressure, rel=1e-12)
    d50c = 0.9 * 39.7 * 40**0.46 * 11**0.6 * 15**1.21 * np.exp(0.063 * cv) / (8**0.71 * 120**0.38 * litres**0.45)
    assert told["cut_size"][0][0] == pytest.approx(d50c, rel=1e-12)
    pulp_sg = (170 + 250) / (solids_m3h + 250)
    ratio = 1.3 * 1.9 * (8 / 15) ** 3.31 * 120**0.54 * (64 + 225) ** 0.36 * np.exp(0.0054 * cv)
    ratio /= 40**1.11 * (pressure / 9.81 / pulp_sg) ** 0.24
    flows = cyclone.run(feed, basis)
    volumes = [(flow / basis.sg).sum() for flow in (flows["underflow"], flows["overflow"])]
    assert volumes[0] / volumes[1] == pytest.approx(ratio, rel=1e-9)
    # a grain as heavy as these is cut finer than one of 2.6 t/m3
    x = mean_sizes(SIEVES)[2] / (d50c / (2.2 / 1.6) ** 0.5)
    whiten = 1 - (np.exp(2) - 1) / (np.exp(2 * x) + np.exp(2) - 2)
    water = flows["underflow"][0, -1] / 250
    assert flows["underflow"][0, 2] / 40 == pytest.approx(water + (1 - water) * whiten, rel=1e-9)


def test_a_spigot_that_is_too_small_ropes_and_says_so() -> None:
    cyclone = PlittCyclone(
        cyclones=1, diameter_mm=400.0, inlet_mm=110.0, vortex_finder_mm=150.0, spigot_mm=35.0, vortex_height_mm=1200.0,
        sharpness=2.0,
    )  # fmt: skip
    feed = np.array([[60.0, 60.0, 60.0, 20.0, 10.0, 150.0]])
    told = cyclone.report(feed, cyclone.observe(feed, quartz()), quartz())
    assert told["underflow_volume_solids"][0][0] == pytest.approx(1.0)


def test_nageswararao_by_hand() -> None:
    basis = quartz(2.6)
    cyclone = NageswararaoCyclone(
        cyclones=3, diameter_mm=500.0, inlet_mm=150.0, vortex_finder_mm=180.0, spigot_mm=100.0, cylinder_mm=450.0,
        cone_deg=20.0, sharpness=2.5, kd=1e-4, kq=450.0, kw=20.0,
    )  # fmt: skip
    feed = np.array([[10.0, 50.0, 100.0, 120.0, 110.0, 600.0]])
    told = cyclone.report(feed, cyclone.observe(feed, basis), basis)
    volume = 390 / 2.6 + 600
    cv, density = 150 / volume, (390 + 600) / volume
    pressure = told["pressure"][0][0]
    flow = 450 * 0.25 * np.sqrt(pressure / density) * 0.36**0.68 * 0.3**0.45 * 0.9**0.2 / (20**0.1 * 0.5**0.1)
    assert flow == pytest.approx(volume / 3, rel=1e-12)
    head = pressure / (density * 9.81 * 0.5)
    settling = 10 ** (1.82 * cv) / (8.05 * (1 - cv) ** 2)
    cut = 1e-4 * 0.36**0.52 * 0.2**-0.47 * head**-0.22 * 0.3**-0.5 * 0.9**0.2 * 20**0.15 * settling**0.93 * 0.5**-0.65
    assert told["cut_size"][0][0] == pytest.approx(cut * 0.5e6, rel=1e-12)
    water = 20 * 0.36**-1.19 * 0.2**2.4 * head**-0.53 * 0.3**-0.5 * 0.9**0.22 * 20**-0.24 * settling**0.27
    assert told["underflow_water"][0][0] == pytest.approx(water, rel=1e-12)
    assert cyclone.run(feed, basis)["underflow"][0, -1] == pytest.approx(600 * water, rel=1e-12)


def test_sizes_are_read_from_sieves_and_not_beyond_them() -> None:
    sieves = np.array([200.0, 100.0])
    assert retained(np.array([[0.7, 0.4]])) == pytest.approx(np.array([[0.3, 0.3, 0.4]]))
    assert passing(np.array([[3.0, 3.0, 4.0]])) == pytest.approx(np.array([[0.7, 0.4]]))
    assert np.isnan(passing(np.zeros((1, 3)))).all()
    assert np.isnan(size_at(0.8, np.array([[0.7, 0.4], [0.95, 0.85]]), sieves)).all()
    assert size_at(0.8, np.array([[1.0, 0.8], [0.8, 0.1]]), sieves) == pytest.approx([100.0, 200.0])


def test_results_by_size_have_names(line: ChainModel) -> None:
    found = simulate(line)
    table = found.table(["overflow:p80", "overflow:passing.75", "overflow:p50"])
    assert table["overflow:p80"][0] == pytest.approx(found.size_at("overflow")[0])
    assert table["overflow:passing.75"][0] == pytest.approx(found.passing("overflow")[0, 8])
    assert table["overflow:p50"][0] < table["overflow:p80"][0]
    between = found.table(["overflow:passing.74"])["overflow:passing.74"][0]
    assert found.passing("overflow")[0, 9] < between < found.passing("overflow")[0, 8]
    size = found.size_at("overflow")[0]
    assert found.table([f"overflow:passing.{size:.9f}"]).item(0, -1) == pytest.approx(0.8, abs=1e-6)
    with pytest.raises(DataError, match=r"passing\.10'.*there is no '10'"):
        found.table(["overflow:passing.10"])


def test_sizes_given_sieve_by_sieve_are_taken_as_they_are(line: ChainModel) -> None:
    shares = np.linspace(0.95, 0.1, len(line.chain.sieves_um))
    given = {f"ore__size__passing__{one:g}": Figure(value=float(share), uom="frac")
             for one, share in zip(line.chain.sieves_um, shares, strict=True)}  # fmt: skip
    model = changed(line, ore__size__p80_um=None, ore__size__slope=None, **given)
    assert simulate(model).passing("feed")[0] == pytest.approx(shares, rel=1e-12)
    rising = changed(model, ore__size__passing__75=Figure(value=0.99, uom="frac"))
    with pytest.raises(ModelError, match="less passes the sieve of 106 um"):
        simulate(rising)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"ore__size__slope": None}, r"sizes.*lack 1 figures, first 'ore\.size\.slope'"),
        ({"ore__size__slope": Figure(value=0.0, uom="-")}, r"'ore\.size\.slope' of 'ore' must be above 0"),
        ({"float__chalcopyrite__k_fast__75": None}, r"lack 1 figures, first 'float\.chalcopyrite\.k_fast\.75'"),
        ({"ore__breakage": Figure(value=-1.0, uom="-")}, "cannot be less than 0"),
        ({"float__entrainment_um": Figure(value=0.0, uom="um")}, r"entrainment"),
    ],
)
def test_what_an_ore_lacks_by_size_is_named(line: ChainModel, change: dict[str, Figure | None], told: str) -> None:
    with pytest.raises(ModelError, match=told):
        simulate(changed(line, **change))


def test_units_by_size_refuse_ores_without_sizes(line: ChainModel) -> None:
    ore = line.chain.ores[0].model_copy(update={"sizes": ""})
    bare = rebuilt(line, ores=(ore,))
    with pytest.raises(ModelError, match="'mill' works by size class, but ore 'ore'"):
        simulate(bare)
    unsieved = rebuilt(line, sieves_um=())
    with pytest.raises(ModelError, match="name the sieves"):
        simulate(unsieved)
    rising = rebuilt(line, sieves_um=(75.0, 150.0))
    with pytest.raises(ModelError, match="must fall"):
        simulate(rising)


def test_scenarios_by_size_give_alone_what_they_give_together(line: ChainModel) -> None:
    rng = np.random.default_rng(3)
    cases = {
        f"case {n}": {
            "line.feed_tph": float(rng.uniform(180, 320)), "ore.size.p80_um": float(rng.uniform(4000, 9000)),
            "ore.breakage": float(rng.uniform(0.85, 1.3)), "cyclone.spigot_mm": float(rng.uniform(100, 130)),
            "float.chalcopyrite.share_fast.75": float(rng.uniform(0.8, 0.95)),
            "float.entrainment_um": float(rng.uniform(15, 40)),
        }
        for n in range(5)
    }  # fmt: skip
    together = simulate(line, scenarios=cases)
    for n, (name, case) in enumerate(cases.items()):
        alone = simulate(line, scenarios={name: case})
        assert alone.by_size("conc")[0] == pytest.approx(together.by_size("conc")[n], rel=1e-9, abs=1e-12)


def test_a_column_carries_no_more_than_its_area_allows(line: ChainModel) -> None:
    """Where the froth is loaded to the full, more feed floats no more, and all minerals lose alike."""
    loads = (20.0, 2.2, 1.0, 0.3)
    found = simulate(line, scenarios={f"{one}": {"column.carrying_t_m2h": one} for one in loads})
    rate, carried = found.unit_result("column", "carrying_rate"), found.unit_result("column", "carried")
    assert carried[0] == 1.0
    assert rate[2:] == pytest.approx([1.0, 0.3], rel=1e-9)
    assert (np.diff(carried[1:]) < 0).all()
    assert (np.diff(found.recovery("Cu", "conc")) <= 1e-12).all()


def test_wash_water_keeps_entrained_gangue_out_of_the_concentrate(line: ChainModel) -> None:
    found = simulate(line, scenarios={f"{one}": {"column.wash_t_t": one} for one in (0.0, 0.5, 3.0)})
    quartz = found.minerals("conc")["quartz"]
    assert quartz[0] > quartz[1] > quartz[2]
    added = found.unit_result("column", "water_added")
    assert added == pytest.approx(np.array([0.0, 0.5, 3.0]) * found.solids("ground_conc"), rel=1e-12)
    water = found.water("conc") + found.water("column_tail")
    assert water == pytest.approx(found.water("ground_conc") + added, rel=1e-12)


@pytest.mark.parametrize("feed_solids", [0.54, 0.55, 0.56, 0.57])
def test_a_steady_state_that_would_not_last_is_not_given(line: ChainModel, feed_solids: float) -> None:
    """Between its neighbours this circuit has a second, fleeting state with eight times the load."""
    case = {
        "ore.breakage": 1.23, "mill.rate": 1.19, "mill.rate_exponent": 0.884, "cyclone.diameter_mm": 387.0,
        "cyclone.inlet_mm": 115.0, "cyclone.vortex_finder_mm": 139.0, "cyclone.spigot_mm": 142.0,
        "cyclone.vortex_height_mm": 1880.0, "cyclone.sharpness": 2.76, "cyclone.feed_solids": feed_solids,
    }  # fmt: skip
    made = build(line, read_scenarios(line, {"case": case}, None, None))[0]
    circuit = made.circuit
    mill, trommel, cyclones = (circuit.units[circuit.ids.index(one)] for one in ("mill", "trommel", "cyclones"))
    fed = new = circuit.feeds[0]
    for _ in range(2000):
        ground = trommel.run(mill.run(fed, circuit.basis)["product"], circuit.basis)
        fed, before = new + ground["oversize"] + cyclones.run(ground["undersize"], circuit.basis)["underflow"], fed
        if np.abs(fed - before).max() < 1e-10:
            break
    found = simulate(line, scenarios={"case": case})
    assert found.solids("discharge")[0] == pytest.approx(circuit.basis.solids(fed)[0], rel=1e-6)


def test_a_scenario_that_lets_nothing_out_is_marked_and_the_others_stand(line: ChainModel) -> None:
    cases = {"tiny cut": {"cyclones.d50c_factor": 0.01}, "as it is": {}}
    found = simulate(line, scenarios=cases, allow_unconverged=True)
    assert found.converged.tolist() == [False, True]
    assert found.size_at("overflow")[1] == pytest.approx(simulate(line).size_at("overflow")[0])
    with pytest.raises(SolveError, match="'tiny cut'"):
        simulate(line, scenarios=cases)


def test_an_idle_scenario_does_not_blur_its_neighbours(line: ChainModel) -> None:
    """Grinding for ever in an empty mill and for minutes in the next one."""
    found = simulate(line, scenarios={"idle": {"line.feed_tph": 0.0}, "base": {}})
    assert found.by_size("conc")[1] == pytest.approx(simulate(line).by_size("conc")[0], rel=1e-10, abs=1e-13)
    assert np.isnan(found.size_at("overflow")[0])
    assert np.isnan(simulate(line, scenarios={"idle": {"line.feed_tph": 0.0}}).size_at("overflow")[0])


def test_mixing_in_a_column_is_that_of_its_pulp_velocity() -> None:
    """Pe = u h / D by hand: 100 m3/h through 5 m2 with 15 % gas, 10 m high, D = 0.063 d m2/s at 1.6 cm/s."""
    diameter = np.sqrt(4 * 5 / np.pi)
    column = Column(columns=1, diameter_m=diameter, height_m=10.0, conc_solids=0.3)
    told = column.report(np.array([[0.0, 100.0]]), np.array([[100.0, 1.0, 0.0, 0.0]]), basis_of(
        [("quartz", "non")], sg=[2.65], k_per_min=[0.0], groups=["gangue"]))  # fmt: skip
    assert told["peclet"][0][0] == pytest.approx(100 / 3600 / (5 * 0.85) * 10 / (0.063 * diameter), rel=1e-12)
    assert told["residence_time"][0][0] == pytest.approx(60 * 5 * 10 * 0.85 / 100, rel=1e-12)


def test_minerals_whose_shares_are_not_given_by_size_keep_their_class(line: ChainModel) -> None:
    basis = build(line, read_scenarios(line, None, None, None))[0].circuit.basis
    redrawn = {one for one, drawn in zip(basis.minerals, basis.sizing.redrawn, strict=True) if drawn}
    assert redrawn == {"chalcopyrite"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"float__chalcopyrite__k_fast": Figure(value=0.01, uom="1/min")}, "given once, and by size class too"),
        ({"mill__rate__600": Figure(value=5.0, uom="1/min")}, "'mill.rate' is given once, and by size class too"),
        ({"ore__size__passing__75": Figure(value=0.5, uom="frac")}, "as a curve and sieve by sieve"),
        ({"float__chalcopyrite__k_fast__74": Figure(value=0.5, uom="1/min")}, r"k_fast\.74' belongs to no size class"),
    ],
)
def test_what_is_given_twice_is_refused(line: ChainModel, change: dict[str, Figure | None], told: str) -> None:
    with pytest.raises(ModelError, match=told):
        simulate(changed(line, **change))


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("ore.breakage", -1.0, "cannot be less than 0"),
        ("float.entrainment_um", -10.0, "cannot be less than 0"),
        ("float.entrainment_um", 0.0, "must be above 0"),
    ],
)
def test_impossible_values_by_size_are_refused_in_scenarios_too(
    line: ChainModel, key: str, value: float, told: str
) -> None:
    with pytest.raises(ModelError, match=told):
        simulate(line, scenarios={"a": {key: value}})


def test_a_size_moves_little_where_little_changes() -> None:
    sieves = np.array([200.0, 100.0])
    nearly = np.array([[1 - one, 0.6] for one in (0.0, 1e-12, 1e-5, 1e-4, 2e-4)])
    assert np.abs(np.diff(size_at(0.8, nearly, sieves))).max() < 1.0
    least = np.array([[0.9, one] for one in (0.0, 1e-12, 1e-5, 1e-4, 2e-4)])
    assert np.abs(np.diff(size_at(0.8, least, sieves))).max() < 1.0
