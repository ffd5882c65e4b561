"""Enthalpies that cantera's files lack: sulphides of copper, silicates, zinc; each number with its source.

A straight line H = H0 + cp (T - T0), kJ/mol and J/(mol K), relative to the elements at 298.15 K. Chalcopyrite,
bornite and zinc and iron silicates are needed cold only, or nearly so, and a mean heat capacity does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True)
class Line:
    """H0 at T0 and the heat capacity from ``low_k`` to ``high_k``; where the numbers come from and how sure they are.

    ``status``: *sourced* (read for this file), *recalled* (handbook value from memory), *estimate*.
    """

    h0_kj: float
    t0_k: float
    cp_j: float
    low_k: float
    high_k: float
    sd_kj: float
    status: Literal["sourced", "recalled", "estimate"]
    source: str


KLEPPA = "Cemič & Kleppa (1988), Phys. Chem. Minerals 16, 172-179 (abstract read)"
RI8305 = "US Bureau of Mines RI 8305 (1978), transitions and fusion of Cu2S (abstract read)"
ROBIE = "Robie & Hemingway (1995), USGS Bulletin 2131 (recalled)"
BERMAN = "Berman (1988), J. Petrol. 29, 445-522 (recalled)"
LANGE = "Lange & Carmichael: heat capacity of silicate liquids as the sum of oxides, as alphaMELTS has it (read)"
STEBBINS = "Stebbins, Carmichael & Moret (1984), Contrib. Mineral. Petrol. 86, 131-148 (recalled)"

LINES: Mapping[str, tuple[Line, ...]] = MappingProxyType({
    "CuFeS2": (Line(-194.93, 298.15, 103.0, 298.15, 820.0, 4.8, "sourced", f"{KLEPPA}; heat capacity recalled"),),
    "Cu5FeS4": (Line(-371.6, 298.15, 290.0, 298.15, 760.0, 2.1, "recalled", f"{ROBIE}; mean heat capacity"),),
    # heat capacities by Kubaschewski (recalled), transitions and fusion of RI 8305:
    # 39.25 + 0.1305 T to 376 K, + 3.62; 112.1 - 0.0308 T to 720 K, + 1.17; 84.5 to 1400 K, + 12.85; then 89.1
    "Cu2S": (
        Line(-80.21, 298.15, 83.2, 298.15, 376.0, 1.5, "sourced", f"{KLEPPA}; heat capacity recalled"),
        Line(-70.10, 376.0, 95.2, 376.0, 720.0, 1.6, "sourced", f"{RI8305}; heat capacity recalled"),
        Line(-36.18, 720.0, 84.5, 720.0, 1400.0, 2.0, "sourced", f"{RI8305}; heat capacity recalled"),
        Line(34.13, 1400.0, 89.1, 1400.0, 1900.0, 4.0, "sourced", f"{RI8305}; heat capacity of the liquid recalled"),
    ),
    "Cu2S(l)": (
        Line(34.13, 1400.0, 89.1, 1350.0, 1900.0, 4.0, "sourced", f"{RI8305}; heat capacity of the liquid recalled"),
    ),
    "S(matte)": (  # sulphur beyond Cu2S and FeS: -73 kJ/mol from FeS to Fe0.875S, heat content of liquid sulphur
        Line(-31.14, 1523.15, 31.9, 1350.0, 1900.0, 10.0, "estimate",
             f"{ROBIE}: 8/7 x (-97.5) against -101.0 kJ/mol for Fe0.875S and FeS"),
    ),
    "Fe2SiO4": (Line(-1479.4, 298.15, 179.4, 298.15, 1490.0, 2.0, "recalled", f"{BERMAN}, mean heat capacity"),),
    "Fe2SiO4(l)": (  # solid + 213.9 to 1490 K (Berman) + 89.3 of fusion; 2 x 78.8 + 82.6 J/K
        Line(-1176.2, 1490.0, 240.2, 1350.0, 2000.0, 4.0, "recalled", f"{BERMAN}; fusion {STEBBINS}; {LANGE}"),
    ),
    "CaSiO3": (Line(-1634.8, 298.15, 119.0, 298.15, 1398.0, 1.5, "recalled", f"{ROBIE}, mean heat capacity"),),
    "CaSiO3(l)": (  # pseudowollastonite -1627.4 + 182.0 to 1817 K + 57.3 of fusion; 89.8 + 82.6 J/K
        Line(-1388.1, 1817.0, 172.4, 1350.0, 2000.0, 5.0, "recalled", f"{BERMAN}; fusion {STEBBINS}; {LANGE}"),
    ),
    "Fe3O4(l)": (  # cantera's solid at 1870 K, -798.6, + 138.1 of fusion
        Line(-660.5, 1870.0, 213.4, 1350.0, 2000.0, 8.0, "recalled", "JANAF (1985), fusion of magnetite (recalled)"),
    ),
    "Fe": (Line(0.0, 298.15, 30.0, 298.15, 1000.0, 0.0, "recalled", "reference state; mean heat capacity"),),
    "ZnS": (Line(-204.1, 298.15, 52.0, 298.15, 1900.0, 1.5, "recalled", f"{ROBIE}, mean heat capacity; never melted"),),
    "ZnO": (Line(-350.5, 298.15, 51.5, 298.15, 1900.0, 0.3, "recalled", "CODATA; mean heat capacity; never melted"),),
})  # fmt: skip
"""Pieces by species, in order of temperature."""
