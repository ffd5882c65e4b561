"""Enthalpies of species against cantera, from whose files they were copied, and against independent tables."""

from __future__ import annotations

import numpy as np
import pytest

from zveno.errors import DataError
from zveno.simulate.basis import element_basis
from zveno.simulate.thermo import REFERENCE_K, SPECIES, enthalpies, enthalpy, enthalpy_of
from zveno.simulate.thermo.nasa import NASA
from zveno.simulate.thermo.sources import LINES

SHOMATE = {
    ("SiO2", 1500.0): (58.75340, 10.27925, -0.131384, 0.025210, 0.025601, -929.3292, -910.8568),
    ("Fe3O4", 1500.0): (200.8320, 1.586435e-7, 0.0, 0.0, 0.0, -1174.135, -1120.894),
    ("FeO", 1500.0): (45.75120, 18.78553, -5.952201, 0.852779, -0.081265, -286.7429, -272.0441),
    ("MgO", 1500.0): (47.25995, 5.681621, -0.872665, 0.104300, -1.053955, -619.1316, -601.2408),
    ("CaO", 1500.0): (49.95403, 4.887916, -0.352056, 0.046187, -0.825097, -652.9718, -635.0894),
    ("Al2O3", 1500.0): (102.4290, 38.74980, -15.91090, 2.628181, -3.007551, -1717.930, -1675.690),
    ("Fe2O3", 900.0): (93.43834, 108.3577, -50.86447, 25.58683, -1.611330, -863.2094, -825.5032),
    ("SO2(g)", 1500.0): (57.48188, 1.009328, -0.076290, 0.005174, -4.045401, -324.4140, -296.8422),
    ("Cu", 1500.0): (32.84450, 0.0, 0.0, 0.0, 0.0, -1.804901, 0.0),  # liquid, above solid copper at 298 K
}
"""NIST WebBook (Chase 1998), coefficients recalled: kJ/mol from T in 1000 K."""
JANAF = {
    ("N2(g)", 1000.0): 21.463, ("N2(g)", 1500.0): 38.405, ("O2(g)", 1000.0): 22.703, ("O2(g)", 1500.0): 40.599,
    ("CO2(g)", 1000.0): 33.397, ("CO2(g)", 1500.0): 61.705, ("H2O(g)", 1000.0): 26.000, ("SO2(g)", 1000.0): 34.428,
}  # fmt: skip
"""H(T) - H(298.15 K), kJ/mol, JANAF tables (recalled)."""


@pytest.mark.parametrize("name", NASA)
def test_every_piece_is_canteras(name):
    """To 1e-6 of RT: what rounding of ten digits leaves."""
    cantera = pytest.importorskip("cantera", reason="cantera is not installed")
    file = "nasa_gas.yaml" if name.endswith("(g)") else "nasa_condensed.yaml"
    found = {one.name: one.thermo for one in cantera.Species.list_from_file(file)}[name.removesuffix("(g)")]
    for low, high, a in NASA[name]:
        for temp in np.linspace(low, min(high, 3000.0), 7)[1:-1]:
            ours = sum(a[n] * temp**n / (n + 1) for n in range(5)) + a[5] / temp
            theirs = found.h(float(temp)) / (cantera.gas_constant * temp)
            assert ours == pytest.approx(theirs, abs=1e-6)
        assert high <= found.max_temp + 1e-6


@pytest.mark.parametrize(("name", "temp"), SHOMATE)
def test_heat_contents_are_those_of_the_nist_webbook(name, temp):
    """Within 1 %: the two sets differ by 0.1 to 0.4 %, tables give about 1 % themselves."""
    a, b, c, d, e, f, h = SHOMATE[name, temp]
    t = temp / 1000
    want = a * t + b * t**2 / 2 + c * t**3 / 3 + d * t**4 / 4 - e / t + f - h
    assert enthalpy(name, temp) - enthalpy(name) == pytest.approx(want, rel=0.01)


@pytest.mark.parametrize(("name", "temp"), JANAF)
def test_heat_contents_of_gases_are_those_of_janaf(name, temp):
    assert enthalpy(name, temp) - enthalpy(name) == pytest.approx(JANAF[name, temp], rel=0.005)


def test_heats_of_formation_and_reaction_are_the_known_ones():
    """CODATA key values within their uncertainty (recalled); the reaction of slag blowing; fayalite from its oxides."""
    known = {"SO2(g)": -296.81, "CO2(g)": -393.51, "H2O(g)": -241.826, "H2O(l)": -285.83, "SiO2": -910.7}
    for name, value in known.items():
        assert enthalpy(name) == pytest.approx(value, abs=1.0)
    blow = enthalpy("FeO") + enthalpy("SO2(g)") - enthalpy("FeS")
    assert blow == pytest.approx(-467, abs=3)
    fayalite = enthalpy("Fe2SiO4") - 2 * enthalpy("FeO") - enthalpy("SiO2")
    assert -35 < fayalite < -20  # by which FeO (stoichiometric or wustite) decides


def test_copper_sulphide_takes_the_heat_that_was_measured():
    """RI 8305: two transitions of 3.62 and 1.17 kJ/mol and 12.85 of fusion show as steps."""
    for temp, step in ((376.0, 3.62), (720.0, 1.17), (1400.0, 12.85)):
        below, above = enthalpy("Cu2S", np.array([temp - 0.01, temp + 0.01]))
        assert above - below == pytest.approx(step, abs=0.05)


def test_liquids_meet_their_solids_where_they_melt():
    """Fusion, kJ/mol, recalled: Cu 13.1, FeO 24.1, FeS 31.5, Cu2O 64.8, fayalite 89.3."""
    assert enthalpy("Cu(l)", 1358.0) - enthalpy("Cu", 1357.9) == pytest.approx(13.1, abs=0.3)
    assert enthalpy("FeO(l)", 1650.0) - enthalpy("FeO", 1649.9) == pytest.approx(24.1, abs=0.3)
    assert enthalpy("Fe2SiO4(l)", 1490.0) - enthalpy("Fe2SiO4", 1490.0) == pytest.approx(89.3, abs=1.0)
    assert enthalpy("FeS(l)", 1463.0) - enthalpy("FeS", 1462.9) == pytest.approx(31.5, abs=1.0)


def test_outside_its_range_a_species_says_so():
    with pytest.raises(DataError, match=r"FeS2.*300.*1400.*1500"):
        enthalpy("FeS2", np.array([1000.0, 1500.0]))
    with pytest.raises(DataError, match="known from"):
        enthalpy("Cu(l)", 400.0)


def test_an_array_is_its_numbers():
    temps = np.array([298.15, 500.0, 900.0, 1300.0, 1600.0])
    for name, one in SPECIES.items():
        inside = temps[(temps >= one.low_k - 2) & (temps <= one.high_k)]
        assert enthalpy(name, inside) == pytest.approx([float(enthalpy(name, t)) for t in inside], rel=1e-14)


def test_every_number_has_a_source_and_a_status():
    for lines in LINES.values():
        for one in lines:
            assert one.source
            assert one.status in ("sourced", "recalled", "estimate")
            assert one.low_k < one.high_k


def test_elements_are_the_reference_state():
    """Zero at 298.15 K for every element in its stable form, by the rules of streams too."""
    assert REFERENCE_K == 298.15
    for name in ("Cu", "Fe", "S", "C", "O2(g)", "N2(g)"):
        assert enthalpy(name) == pytest.approx(0, abs=2e-3)
    basis = element_basis("Cu", "S", "O", "N", "C")
    for phase, element in (("metal", "Cu"), ("charge", "S"), ("gas", "O"), ("gas", "N"), ("fuel", "C")):
        flow = np.zeros((1, 6))
        flow[0, basis.elements[element]] = 1.0
        assert enthalpy_of(phase, flow, basis)[0] == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("name", SPECIES)
def test_every_species_refuses_a_temperature_outside_its_phase(name):
    """3 K below and above what is known: an error with the name and the range; inside, heat grows with temperature."""
    one = SPECIES[name]
    for temp in (one.low_k - 3.0, one.high_k + 3.0):
        with pytest.raises(DataError, match="known from") as raised:
            enthalpy(name, temp)
        assert name in str(raised.value)
        with pytest.raises(DataError, match="known from"):
            enthalpies((name,), np.array([temp, one.low_k]))
    inside = np.linspace(max(one.low_k, 298.15), min(one.high_k, 1900.0), 400)
    assert (np.diff(enthalpy(name, inside)) > 0).all()


def test_species_side_by_side_are_those_alone():
    names = ("FeO(l)", "Fe3O4", "SiO2(l)", "CaO", "MgO", "Al2O3", "Na2O", "PbO(l)", "SO2(g)", "ZnS")
    for temps in (np.array([1523.0]), np.linspace(1350.0, 1750.0, 90)):
        found = enthalpies(names, temps)
        for n, name in enumerate(names):
            assert found[:, n] == pytest.approx(enthalpy(name, temps), rel=1e-14)
