"""``python -m benchmarks.plain_months``: a bias of 3 % that four feed belts share, in months as the textbook has them.

One concentrator of 1 Mt a month, masses read to 0.5 % and assays to 0.3 %, nothing stored, nothing lasting but the
bias: with copper only, with sulphur and iron, and with the receipts of the smelter besides. How often it is
flagged, and what is named; months without it beside. On the demonstration chain, whose meters are described with
biases and whose stocks are surveyed to some per cent, see ``benchmarks.detection``.
"""

from __future__ import annotations

import argparse
from collections import Counter

import numpy as np

from zveno.model.network import MASS, NetCommon, NetNode, NetReading, NetStream, Network
from zveno.reconcile import NetworkResult, solve_network

MASS_SD, ASSAY_SD, BIAS = 0.005, 0.003, 0.03
BELTS = tuple(f"belt{k}" for k in range(1, 5))
FEED_T, CU_RECOVERY = 1e6, 0.87
FEED, CONCENTRATE = {"Cu": 0.01, "S": 0.035, "Fe": 0.06}, {"Cu": 0.24, "S": 0.32, "Fe": 0.28}
CASES = (("Cu only", ("Cu",), False), ("Cu, S, Fe", ("Cu", "S", "Fe"), False),
         ("Cu, S, Fe and receipts", ("Cu", "S", "Fe"), True))  # fmt: skip


def month(seed: int, bias: float, parts: tuple[str, ...], *, receipts: bool) -> Network:
    """One month's readings."""
    rng = np.random.default_rng(seed)
    conc = FEED_T * FEED["Cu"] * CU_RECOVERY / CONCENTRATE["Cu"]
    tail = {one: (FEED_T * FEED[one] - conc * CONCENTRATE[one]) / (FEED_T - conc) for one in parts}
    truth = [(one, MASS, FEED_T / len(BELTS), MASS_SD) for one in BELTS] + [("conc", MASS, conc, MASS_SD)]
    grades = {"feed": FEED, "conc": CONCENTRATE, "tail": tail}
    if receipts:
        truth.append(("received", MASS, conc, MASS_SD))
        grades["received"] = CONCENTRATE
    truth += [(stream, one, by[one], ASSAY_SD) for stream, by in grades.items() for one in parts]
    readings = [
        NetReading(
            stream, quantity, value * (1 + sd * rng.standard_normal()) * (1 + bias * (stream in BELTS)), sd * value
        )
        for stream, quantity, value, sd in truth
    ]
    streams = (
        *(NetStream(one, None, "bin") for one in BELTS), NetStream("feed", "bin", "mill"),
        NetStream("conc", "mill", "yard"), NetStream("tail", "mill", None), NetStream("received", "yard", None),
    )  # fmt: skip
    shared = NetCommon("belts", tuple((k, readings[k].value or 0.0) for k in range(len(BELTS))))
    nodes = (NetNode("bin"), NetNode("mill"), NetNode("yard"))
    return Network(nodes, streams, tuple(readings), parts, common=(shared,))


def said(result: NetworkResult) -> str | None:
    """What the loudest class names; None where nothing is flagged."""
    if not result.suspect_classes:
        return "only the global test" if (result.p_value or 1.0) < 0.05 else None
    named = [one for one in result.suspect_classes[0].everything if one.kind != "loss"]
    if any(one.kind == "common" for one in named):
        alone = all(one.kind == "common" or one.stream in BELTS for one in named)
        return "the belts and nothing else" if alone else "the belts tied with others"
    return "another single reading" if len(named) == 1 else "another class"


def main() -> None:
    """Run all cases."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plain_months", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    seeds = parser.parse_args().seeds
    for name, parts, receipts in CASES:
        for bias in (BIAS, 0.0):
            found = [said(solve_network(month(seed, bias, parts, receipts=receipts))) for seed in range(seeds)]
            flagged = Counter(one for one in found if one is not None)
            count = sum(flagged.values())
            shares = ", ".join(f"{one} {many / count:.0%}" for one, many in flagged.most_common())
            print(f"{name}, bias {bias:.0%}: flagged {count / seeds:.1%} ({shares})", flush=True)


if __name__ == "__main__":
    main()
