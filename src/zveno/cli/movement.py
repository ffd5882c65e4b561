"""How what moved is shown on a screen."""

from __future__ import annotations

from collections.abc import Iterator

from zveno.chain.moving import Moving
from zveno.cli.unfolded import UnfoldedAnswers
from zveno.explain import Cause, Moved
from zveno.reports.figures import figure_words
from zveno.text.mark import tr

_SHOWN, _ALL, _FIRST, _SLIGHT = 12, 10_000, 3, 0.005


class MovedAnswers(UnfoldedAnswers):
    """A screen that knows how what moved is shown."""

    def moved(self, moving: Moving, *, deep: bool, as_json: bool) -> list[Moved]:
        """Figures that moved with what moved them, the farthest first; returns them."""
        found = moving.with_causes(_ALL if deep else _SHOWN)
        if as_json:
            self.json({name: one.to_dicts() for name, one in moving.tables(found).items()})
            return found
        if not found:
            self.say(tr("nothing moved"))
            return found
        self._changed(moving)
        for one in found:
            self._one(moving, one, deep=deep)
        left = len(moving.figures) - len(found)
        if left:
            self.line()
            self.line(
                self.text.count("and {n} figure more: --deep shows it", "and {n} figures more: --deep shows them", left)
            )
        return found

    def _changed(self, moving: Moving) -> None:
        """What came in meanwhile."""
        rows = [
            [one.file, one.point, one.cells_words, self.text.number(one.count, 0), moving.person(one),
             "–" if one.known is None else self.text.moment(one.known.astimezone(moving.after.chain.model.tz))]
            for one in moving.causes.causes
        ]  # fmt: skip
        if rows:
            self.table([tr("file"), tr("point"), tr("cells"), tr("records"), tr("person"), tr("known since")], rows)
        else:
            self.say(tr("no record is new, changed or withdrawn: the description or what was carried over differs"))

    def _one(self, moving: Moving, one: Moved, *, deep: bool) -> None:
        """A figure: before, now, by whom."""
        figure = moving.figure(one)
        shown = [self.value(figure, value, None) for value in (one.before, one.after)]
        far = ""
        if one.in_sd is not None:
            far = " " + self.text("({sd} standard deviations)", sd=self.text.number(one.in_sd, 2))
        self.line()
        self.line(f"{one.address}  {figure_words(moving.after.chain.model, figure, self.text)}")
        self.line(f"  {shown[0]} → {shown[1]}: {self._signed(figure, one.moved)}{far}")
        contributions = one.contributions if deep else tuple(_weighty(one))[:_FIRST]
        for cause, by in contributions:
            person = moving.person(cause)
            named = ", ".join(filter(None, (cause.file, cause.point, cause.cells_words, person)))
            self.line(f"  {self._signed(figure, by):>12}  {named}")
        count = len(one.contributions) - len(contributions)
        if count:
            said = self.text.count("{n} other cause", "{n} other causes", count)
            left = one.named - sum(by for _, by in contributions)
            self.line(f"  {self._signed(figure, left):>12}  {said}")
        self.line(
            f"  {self._signed(figure, one.rest):>12}  {self.text(tr('rest: changed errors of readings, second order'))}"
        )


def _weighty(one: Moved) -> Iterator[tuple[Cause, float]]:
    """Causes that account for more than a rounding of what moved."""
    yield from ((cause, by) for cause, by in one.contributions if abs(by) > _SLIGHT * abs(one.moved))
