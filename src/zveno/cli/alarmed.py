"""How the health of alarms is shown on a screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from zveno.chain.alarms import METRICS, TOP
from zveno.cli.imported import ImportedAnswers
from zveno.text.mark import tr

if TYPE_CHECKING:
    from zveno.chain import ChainModel
    from zveno.chain.alarms import Alarms

VERDICT_WORDS = {
    "pass": tr("meets the target"),
    "manageable": tr("manageable"),
    "fail": tr("above the target"),
    "": "–",
}
TARGET_MARKS = {"verified": tr("verified"), "unverified": tr("unverified"), "": "–"}
_MOST_FLOODS = 10
_SHOWN_BY_TWO = 0.1


class AlarmedAnswers(ImportedAnswers):
    """A screen that knows how alarms are shown."""

    def alarms(self, model: ChainModel, found: Alarms, *, units: bool, as_json: bool) -> None:
        """Metrics beside their targets, floods, the most frequent alarms."""
        health = found.health
        if as_json:
            names = ("metrics", "floods", "actors", "days")
            self.json({"period": health.period.name, **{name: getattr(health, name).to_dicts() for name in names}})
            return
        for (scope, name), rows in health.metrics.group_by("scope", "name", maintain_order=True):
            if units or scope != "unit":
                self._metrics(model, str(scope), str(name), rows)
        self._floods(model, health.floods)
        self._top(model, health.actors)
        if found.short:
            self.say(tr("the period is shorter than 30 days: the targets are meant for longer ones"))
        if not found.suppression_known:
            self.say(
                tr("the source does not tell which alarms were shelved or suppressed: all are counted as announced")
            )
        if found.journal is not None and found.journal.lonely:
            self.say(tr("returns of alarms that the journal never raised: {n}"), n=found.journal.lonely)
        if found.journal is not None and found.journal.again:
            self.say(tr("raised again before they had returned: {n}"), n=found.journal.again)
        self.say(tr("unverified: remembered from ISA-18.2 / IEC 62682, not read; sources: --json or --out"))

    def _metrics(self, model: ChainModel, scope: str, name: str, rows: pl.DataFrame) -> None:
        """A table of a scope."""
        heads = {"all": tr("all alarms"), "position": tr("operator position: {name}"), "unit": tr("unit: {name}")}
        self.say(heads[scope], name=model.title(name, self.lang) if name else "")
        self.table(
            (tr("metric"), tr("value"), tr("target"), tr("verdict"), tr("target is")),
            [self._row(row) for row in rows.iter_rows(named=True)],
        )
        self.line()

    def _row(self, row: Mapping[str, Any]) -> list[str]:
        target = METRICS[row["metric"]]
        uom = "" if row["uom"] == "-" else f" {self.text(row['uom'])}"
        digits = _digits(row["value"])
        wanted = "–" if row["target"] is None else f"≤ {self.text.number(row['target'], 0)}"
        if row["most"] is not None:
            wanted += f" (≤ {self.text.number(row['most'], 0)})"
        return [
            self.text(target.words), self.text.number(row["value"], digits) + uom, wanted,
            self.text(VERDICT_WORDS[row["verdict"]]), self.text(TARGET_MARKS[row["status"]]),
        ]  # fmt: skip

    def _floods(self, model: ChainModel, floods: pl.DataFrame) -> None:
        """The largest floods."""
        if floods.is_empty():
            self.say(tr("floods: none"))
            return
        largest = floods.sort("alarms", descending=True).head(_MOST_FLOODS).sort("start")
        self.table(
            (tr("flood at"), tr("start"), tr("end"), tr("alarms"), tr("most in 10 minutes")),
            [
                [model.title(row["position"], self.lang) or "–",
                 *(self.text.moment(row[key].astimezone(model.tz)) for key in ("start", "end")),
                 self.text.number(row["alarms"], 0), self.text.number(row["peak"], 0)]
                for row in largest.iter_rows(named=True)
            ],
        )  # fmt: skip
        if floods.height > _MOST_FLOODS:
            self.say(tr("the {n} largest of {all} floods"), n=_MOST_FLOODS, all=floods.height)

    def _top(self, model: ChainModel, actors: pl.DataFrame) -> None:
        """The ten most frequent alarms."""
        self.line()
        self.table(
            (tr("alarm"), tr("unit"), tr("alarms"), tr("share, %"), tr("chattering"), tr("fleeting"), tr("stale"),
             tr("active, h")),
            [
                [row["alarm"], model.title(row["unit"], self.lang) or "–", self.text.number(row["alarms"], 0),
                 self.text.percent(row["share_frac"], 1),
                 *(self.text.number(row[key], 0) for key in ("chattering", "fleeting", "stale")),
                 self.text.number(row["active_h"], 1)]
                for row in actors.filter(pl.col("alarms") > 0).head(TOP).iter_rows(named=True)
            ],
        )  # fmt: skip
        self.line()


def _digits(value: float | None) -> int:
    """Decimals of a figure: none of a whole number, else two, more where two would show nothing."""
    if value is None or value == round(value):
        return 0
    return 2 if abs(value) >= _SHOWN_BY_TWO else 4
