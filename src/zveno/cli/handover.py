"""The commands ``zveno handover``, ``zveno orders`` and ``zveno shelve``: the desk of the shift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from zveno.cli.acting import By, OfPeriod, Reason, Words
from zveno.cli.app import HERE, AsJson, ChainFolder, Lang, StorePlace, app
from zveno.cli.office import Office
from zveno.cli.spoken import SpokenCommand, SpokenGroup
from zveno.cli.typed import typed_day
from zveno.errors import DataError
from zveno.text.mark import tr

if TYPE_CHECKING:
    from zveno.cli.shifted import ShiftedAnswers

handover = typer.Typer(cls=SpokenGroup, no_args_is_help=True, rich_markup_mode=None)
orders = typer.Typer(cls=SpokenGroup, no_args_is_help=True, rich_markup_mode=None)
shelve = typer.Typer(cls=SpokenGroup, no_args_is_help=True, rich_markup_mode=None)
app.add_typer(handover, name="handover", help=tr("What a shift leaves to the next one, and who took over."))
app.add_typer(orders, name="orders", help=tr("Standing orders: given, read by each shift, ended."))
app.add_typer(shelve, name="shelve", help=tr("Alarms that are shelved for a time, with the reason."))

Plant = Annotated[str, typer.Argument(metavar="PLANT", help=tr("Plant, such as balk_conc."))]
PlantName = Annotated[str, typer.Option("--plant", metavar="PLANT", help=tr("Plant, such as balk_conc."))]
ShiftName = Annotated[
    str,
    typer.Option("--shift", metavar="SHIFT", help=tr("Shift, such as '2026-03-07 day'; the one at work if left out.")),
]
Out = Annotated[
    list[str] | None, typer.Option("--out", metavar="UNIT=WHY", help=tr("Equipment out of work; repeatable."))
]
Notes = Annotated[str, typer.Option("--notes", metavar="TEXT", help=tr("What the next shift must know."))]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help=tr("Number of the record."))]
Remarks = Annotated[str, typer.Option("--remarks", metavar="TEXT", help=tr("What the next shift says of it."))]
Role = Annotated[str, typer.Option("--role", metavar="ROLE", help=tr("Role that it is to; all of them if left out."))]
Until = Annotated[str, typer.Option("--until", metavar="DATE", help=tr("Last day of it: 2026-04-20."))]
All = Annotated[bool, typer.Option("--all", help=tr("Also those that are over."))]
RuleId = Annotated[str, typer.Argument(metavar="RULE", help=tr("Rule whose alarm it is, such as BC-08."))]
TagId = Annotated[str, typer.Option("--tag", metavar="TAG", help=tr("Only this signal; all of the rule if left out."))]
HoursLong = Annotated[float, typer.Option("--hours", metavar="H", min=0, help=tr("For how many hours at most."))]


# ---- handover --------------------------------------------------------------------------------------------------------


@handover.command(
    cls=SpokenCommand, help=tr("State and sign what a shift leaves: breaches, alarms, orders, equipment.")
)
def leave(
    plant: Plant,
    by: By,
    shift: ShiftName = "",
    out: Out = None,
    notes: Notes = "",
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    from zveno.chain.shiftwork import Left

    office, screen = _office(chain, store, lang)
    work = office.shiftwork
    at_work = work.shift(plant, shift, office.now)
    work.require_leavable(plant, at_work, office.now)
    said = Left(tuple(_pair(one) for one in out or ()), notes)
    screen.statement(work.statement(plant, at_work, said, office.now))
    screen.left(work.leave(plant, at_work, said, office.signer(by), office.now))


@handover.command(cls=SpokenCommand, help=tr("Sign that the next shift has read a handover and takes over."))
def take(
    number: Number,
    by: By,
    remarks: Remarks = "",
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    office, screen = _office(chain, store, lang)
    screen.statement(office.shiftwork.require_takable(number, by).statement)
    screen.taken(office.shiftwork.take(number, remarks, office.signer(by), office.now))


@handover.command("list", cls=SpokenCommand, help=tr("Every shift of a plant: handed over, taken, late or missing."))
def list_(
    plant: Plant,
    period: OfPeriod,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    office, screen = _office(chain, store, lang)
    office.shiftwork.shift(plant, "", office.now)
    span = office.closing.chain.period(period)
    screen.handovers(office.shiftwork.shifts(plant, span, office.now), as_json=as_json)


@handover.command(cls=SpokenCommand, help=tr("One handover as it was signed."))
def show(
    number: Number, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = "", as_json: AsJson = False
) -> None:
    from zveno.duty.handover import handovers

    office, screen = _office(chain, store, lang)
    found = handovers(enumerate(office.closing.log.records)).get(number)
    if found is None:
        raise DataError("record {number} of the log hands over no shift: zveno handover list", number=number)
    screen.handover(found, as_json=as_json)


# ---- orders ----------------------------------------------------------------------------------------------------------


@orders.command(cls=SpokenCommand, help=tr("Give a standing order until a day."))
def give(
    by: By,
    text: Words,
    until: Until,
    plant: PlantName = "",
    role: Role = "",
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    office, screen = _office(chain, store, lang)
    body = {"plant": plant, "role": role, "text": text.strip(), "from": office.now.isoformat(),
            "until": typed_day(until).isoformat()}  # fmt: skip
    office.shiftwork.require_order(body, office.now.date())
    screen.ordered(office.shiftwork.order(body, office.signer(by), office.now))


@orders.command("list", cls=SpokenCommand, help=tr("Standing orders, and how many shifts have read each."))
def orders_list(
    everything: All = False,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    office, screen = _office(chain, store, lang)
    today = office.now.date()
    found = [one for one in office.shiftwork.orders() if everything or one.in_force(office.now, today)]
    screen.orders(found, as_json=as_json)


@orders.command(cls=SpokenCommand, help=tr("Sign that a shift has read an order."))
def read(
    number: Number,
    by: By,
    plant: PlantName,
    shift: ShiftName = "",
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    office, screen = _office(chain, store, lang)
    at_work = office.shiftwork.shift(plant, shift, office.now)
    signed = office.shiftwork.read_order(number, plant, at_work, office.signer(by), office.now)
    screen.say(tr("order {number} is read with the shift (record {record})"), number=number, record=signed.record)


@orders.command("end", cls=SpokenCommand, help=tr("End an order before its day."))
def orders_end(
    number: Number, by: By, reason: Reason, chain: ChainFolder = HERE, store: StorePlace = None, lang: Lang = ""
) -> None:
    office, screen = _office(chain, store, lang)
    office.shiftwork.end_order(number, reason, office.signer(by), office.now)
    screen.say(tr("order {number} is ended"), number=number)


# ---- shelving --------------------------------------------------------------------------------------------------------


@shelve.command(
    cls=SpokenCommand, help=tr("Shelve the alarm of a rule for some hours; its breaches are found all the same.")
)
def start(
    rule: RuleId,
    by: By,
    reason: Reason,
    hours: HoursLong,
    tag: TagId = "",
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    office, screen = _office(chain, store, lang)
    asked = office.shiftwork.require_shelvable(rule, tag, hours, reason, (by, office.now))
    found = office.shiftwork.shelve(asked, office.signer(by), office.now)
    screen.say(tr("{rule} is shelved until {until} (record {number}); its breaches are found and marked"),
               rule=found.rule, until=screen.text.moment(found.until), number=found.number)  # fmt: skip


@shelve.command(cls=SpokenCommand, help=tr("Put a shelved alarm back in force before its time."))
def end(
    number: Number,
    by: By,
    reason: Reason,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
) -> None:
    office, screen = _office(chain, store, lang)
    office.shiftwork.unshelve(number, reason, office.signer(by), office.now)
    screen.say(tr("shelving {number} is ended: the alarm is in force again"), number=number)


@shelve.command("list", cls=SpokenCommand, help=tr("Alarms that are shelved now, or ever were."))
def shelved(
    everything: All = False,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    office, screen = _office(chain, store, lang)
    found = [one for one in office.shiftwork.shelvings() if everything or one.holds(office.now)]
    screen.shelvings(found, office.now, as_json=as_json)


# ---- inside ----------------------------------------------------------------------------------------------------------


def _office(chain: str, store: str | None, lang: str) -> tuple[Office, ShiftedAnswers]:
    from zveno.cli.shifted import ShiftedAnswers

    office = Office(chain, store, lang)
    return office, ShiftedAnswers(office.screen.text)


def _pair(text: str) -> tuple[str, str]:
    """``UNIT=WHY`` as it was typed."""
    unit, sign, why = text.partition("=")
    if not sign or not why.strip():
        raise DataError("'{text}' says no reason: write it as UNIT=WHY", text=text)
    return unit.strip(), why.strip()
