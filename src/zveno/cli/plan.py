"""The commands ``zveno blend``, ``zveno schedule`` and ``zveno plan``, on self-contained problems."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from zveno.cli.app import AsJson, Lang, app
from zveno.cli.languages import language
from zveno.cli.spoken import SpokenCommand
from zveno.text.mark import tr

Problem = Annotated[Path, typer.Option("--problem", metavar="FILE.json", help=tr("The problem, as JSON."))]
TimeLimit = Annotated[
    float, typer.Option("--time-limit", metavar="SECONDS", min=0.1, help=tr("Stop then, with the best answer so far."))
]
Gap = Annotated[
    float, typer.Option("--gap", metavar="SHARE", min=0.0, help=tr("Stop when proven so near: 0.01 is one per cent."))
]
_STATUS = {
    "optimal": tr("proven"),
    "limit": tr("time was up before it was proven"),
    "infeasible": tr("there is no answer that keeps all limits"),
    "none": tr("no answer was found in time: give it more with --time-limit"),
}
_PROVEN = 1e-6
_LIMITS = {
    "mill": tr("capacity of the mill"),
    "ore": tr("ore that can be mined"),
    "heap's ground": tr("room for concentrate at the concentrator"),
    "way": tr("what the way carries"),
    "yard's ground": tr("room for concentrate at the smelter"),
    "most feed": tr("largest feed of the smelter"),
    "least feed": tr("smallest feed of the smelter"),
    "at most": tr("highest content in the blend"),
    "at least": tr("lowest content in the blend"),
    "load": tr("load of the plant"),
    "foundry": tr("capacity of the foundry"),
    "wear": tr("castings that the mills wear down"),
    "castings": tr("castings for the relining"),
    "offer": tr("concentrate offered"),
    "stand at once": tr("smelters that may stand at once"),
    "window": tr("window of the relining, in periods"),
}
"""Limits that may give way, in words."""


@app.command(cls=SpokenCommand, help=tr("The cheapest blend through tanks and heaps of unknown quality, proven."))
def blend(problem: Problem, time_limit: TimeLimit = 60.0, lang: Lang = "", as_json: AsJson = False) -> None:
    from zveno.chain.planned import solve_blend
    from zveno.cli.screen import Screen

    screen, report = Screen.of(lang or language()), solve_blend(problem, time_limit)
    if as_json:
        screen.json(report)
        return
    rows = [[f"{start} → {end}", screen.text.number(flow, 3)] for start, end, flow in report["flows"] if flow > 0]
    if rows:
        screen.table([tr("from, to"), tr("flow")], rows)
    _judged(screen, tr("cost"), report)


@app.command(cls=SpokenCommand, help=tr("The shortest order of the work of a shop, proven."))
def schedule(problem: Problem, time_limit: TimeLimit = 60.0, lang: Lang = "", as_json: AsJson = False) -> None:
    from zveno.chain.planned import solve_shop
    from zveno.cli.screen import Screen

    screen, report = Screen.of(lang or language()), solve_shop(problem, time_limit)
    if as_json:
        screen.json(report)
        return
    rows = [[str(j + 1), ", ".join(screen.text.number(one, 0) for one in row)] for j, row in enumerate(report["start"])]
    if rows:
        screen.table([tr("job"), tr("its operations begin at")], rows)
    _judged(screen, tr("time until the last operation ends"), report | {"objective": report["makespan"]}, 0)


@app.command(cls=SpokenCommand, help=tr("Plan a chain: what is milled, sent, smelted and relined, period by period."))
def plan(
    problem: Problem, time_limit: TimeLimit = 60.0, gap: Gap = 0.01, lang: Lang = "", as_json: AsJson = False
) -> None:
    from zveno.chain.planned import solve_plan
    from zveno.cli.screen import Screen

    screen, report = Screen.of(lang or language()), solve_plan(problem, time_limit, gap)
    if as_json:
        screen.json(report)
        return
    if "decisions" in report:
        _planned(screen, report["decisions"])
    for one in report.get("relaxation", ()):
        _gives_way(screen, one)
    _judged(screen, tr("margin"), report)
    if "accepted" in report:
        screen.say(
            tr("the checker accepts the plan") if report["accepted"] else tr("the checker does not accept the plan")
        )


def _planned(screen: Any, made: dict[str, Any]) -> None:
    """Feed by smelter, period and brand, and when furnaces are relined."""
    for smelter, running in made["on"].items():
        brands = [one for one in made["feed"] if one["smelter"] == smelter and max(one["by_period"]) > 0]
        screen.line(smelter)
        rows = [
            [str(t + 1), screen.text(tr("runs") if on else tr("stands")),
             *(screen.text.number(one["by_period"][t], 2) for one in brands)]
            for t, on in enumerate(running)
        ]  # fmt: skip
        screen.table([tr("period"), "", *(one["brand"] for one in brands)], rows)
    for name, start in made["start"].items():
        screen.say(tr("{name}: begins in period {period}"), name=name, period=start + 1)


def _gives_way(screen: Any, one: dict[str, Any]) -> None:
    """A limit that would have to give way."""
    message = tr("would have to give way: {limit} ({of}), by {size}")
    if one["period"] is not None:
        message = tr("would have to give way in period {period}: {limit} ({of}), by {size}")
    screen.say(message, limit=screen.text(_LIMITS[one["limit"]]), of=" ".join(one["of"]),
               period=(one["period"] or 0) + 1, size=screen.text.number(one["by"], 3))  # fmt: skip


def _judged(screen: Any, what: str, report: dict[str, Any], decimals: int = 2) -> None:
    """What the answer is worth, and how far it is proven."""
    if report["objective"] is not None:
        value, bound = (screen.text.number(report[key], decimals) for key in ("objective", "bound"))
        screen.say(tr("{what} {value}, bound {bound}"), what=screen.text(what), value=value, bound=bound)
    gap = report.get("gap") or 0.0
    if report["status"] == "optimal" and gap > _PROVEN:
        screen.say(tr("proven: no answer is better by more than {gap} %"), gap=screen.text.number(100 * gap, 3))
    else:
        screen.say(_STATUS[report["status"]])
