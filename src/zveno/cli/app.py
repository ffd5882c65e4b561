"""Commands of ``zveno``. Heavy rooms are imported inside the commands: ``--help`` must answer at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from zveno.cli.diagnosed import (
    Components,
    Degrees,
    Diagnosis,
    Explain,
    FreeKeys,
    ScenarioNames,
    Specifications,
    show_diagnosis,
)
from zveno.cli.known import AsKnown, as_known
from zveno.cli.languages import asked_language, language, require_language, translate, with_language
from zveno.cli.places import STORE_VARIABLE, store_folder
from zveno.cli.scenarios import (
    Asked,
    CasesPath,
    DrawCount,
    Grid,
    OutFile,
    Processes,
    ResultNames,
    Seed,
    Sensitivity,
    Sweeps,
    Vary,
    show_scenarios,
)
from zveno.cli.spoken import SpokenCommand, SpokenGroup
from zveno.cli.tested import Correction, Each, Exchange, Lasting, ProblemFile, Robust, Suspected, Tests
from zveno.cli.typed import assignment
from zveno.errors import DataError, StoreError, ZvenoError, refusal
from zveno.text.mark import tr

app = typer.Typer(
    name="zveno",
    cls=SpokenGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help=tr("One description of a copper producer: simulate it, reconcile it, check its rules."),
)

ChainFolder = Annotated[
    str,
    typer.Option("--chain", "-c", metavar="FOLDER", help=tr("Folder of the description, or the name of an example.")),
]
StorePlace = Annotated[
    str | None,
    typer.Option("--store", metavar="STORE", help=tr("Folder or postgresql:// address of the store, or ZVENO_STORE.")),
]
Lang = Annotated[
    str, typer.Option("--lang", metavar="en|ru|kk", help=tr("Language of what is shown (also ZVENO_LANG)."))
]
AsJson = Annotated[bool, typer.Option("--json", help=tr("Print the answer as JSON."))]
DataPath = Annotated[
    Path | None,
    typer.Option("--data", metavar="PATH", help=tr("Read these files instead of the store; nothing is kept.")),
]
PeriodText = Annotated[
    str | None,
    typer.Argument(
        metavar="[PERIOD]", help=tr("2026, 2026-03, 2026-03-07 or START/END (END not in it); all data if left out.")
    ),
]
VersionAsked = Annotated[
    str,
    typer.Option(
        "--version", metavar="N|draft|now",
        help=tr("Version of the period; if left out that in force, else a draft, else what is known now."),
    ),
]  # fmt: skip
HERE = "."


def run(arguments: Sequence[str]) -> int:
    """Run a command line; every error becomes a message and an exit code, never a traceback."""
    asked, rest = asked_language(arguments)
    lang = language(asked)
    command: Any = typer.main.get_command(app)
    if lang != "en":
        translate(command, lang)
    try:
        require_language(asked)
        code = command.main(args=with_language(command, rest, lang), prog_name="zveno", standalone_mode=False)
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 0
    except ZvenoError as error:
        return _fail(error, lang)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if error.filename is None:
            return _unexpected(error, lang)
        message = tr("'{path}' cannot be used: {problem}. Give another place")
        return _fail(StoreError(message, path=str(error.filename), problem=refusal(error)), lang)
    except Exception as error:  # noqa: BLE001 - the last door: a user gets a sentence, not a traceback
        return _misused(error, lang) if hasattr(error, "format_message") else _unexpected(error, lang)
    return code if isinstance(code, int) else 0


def _fail(error: ZvenoError, lang: str) -> int:
    """Show an error in the language."""
    from zveno.text.catalogue import catalogue

    typer.echo(catalogue(lang).error(error), err=True)
    return error.exit_code


def _misused(error: Any, lang: str) -> int:
    """Say what is wrong with the command line."""
    from zveno.cli.misuse import told
    from zveno.text.catalogue import catalogue

    typer.echo(told(error, catalogue(lang)), err=True)
    return int(getattr(error, "exit_code", 2))


def _unexpected(error: Exception, lang: str) -> int:
    """A fault of the program itself: say so; the traceback only where it was asked for."""
    from zveno.text.catalogue import catalogue

    if os.environ.get("ZVENO_DEBUG"):
        raise error
    message = tr("a fault inside Zveno: {kind}: {problem}. Set ZVENO_DEBUG=1 to see where, and report it")
    typer.echo(catalogue(lang)(message, kind=type(error).__name__, problem=str(error)), err=True)
    return 70


def open_chain(folder: str, store: str | None) -> Any:
    """The chain of a folder, or of an example by name (its store then lies in ``out/``)."""
    from zveno.chain import example, example_names, load

    store = store or os.environ.get(STORE_VARIABLE)
    if not (Path(folder) / "chain.yaml").is_file() and folder in example_names():
        return load(example(folder), store=store or Path("out") / folder / "store")
    return load(folder, store=store)


def _screen(lang: str) -> Any:
    from zveno.cli.answers import Answers

    return Answers.of(lang or language())


def _show_version(asked: bool) -> None:
    """Print the version and stop."""
    if asked:
        from importlib.metadata import version

        typer.echo(f"zveno {version('zveno')}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help=tr("Show the version."))
    ] = False,
) -> None:
    """Options of the program itself."""


@app.command(cls=SpokenCommand, help=tr("Start a new description from an example."))
def new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help=tr("Folder to make."))],
    template: Annotated[str, typer.Option(metavar="NAME", help=tr("Example to copy."))] = "one_concentrator",
    lang: Lang = "",
) -> None:
    from zveno.chain import new as make

    screen = _screen(lang)
    make(folder, template)
    screen.say(
        tr("made '{folder}' from '{template}'; next: zveno validate -c {folder}"), folder=folder, template=template
    )


@app.command(cls=SpokenCommand, help=tr("Check a description and list every fault with file and line."))
def validate(chain: ChainFolder = HERE, lang: Lang = "", as_json: AsJson = False) -> None:
    screen = _screen(lang)
    facade = open_chain(chain, None)
    found = facade.model
    parts = {
        "units": len(found.chain.units),
        "streams": len(found.chain.streams),
        "meters": len(found.chain.meters),
        "tags": len(found.chain.tags),
        "rules": len(found.rulebook.rules),
        "mappings": len(found.mappings.layouts),
        "cases": facade.require_rule_cases(),
    }
    if as_json:
        screen.json(parts)
        return
    screen.say(tr("no faults: {units} units, {streams} streams, {meters} meters, {tags} tags, {rules} rules"), **parts)
    if parts["mappings"]:
        screen.say(tr("mappings of report layouts: {mappings}"), mappings=parts["mappings"])
    if parts["cases"]:
        screen.say(tr("examples of rules that find what they should: {cases}"), cases=parts["cases"])


@app.command(cls=SpokenCommand, help=tr("Steady state of the chain: what it will make."))
def simulate(
    chain: ChainFolder = HERE,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help=tr("Change a feed or parameter; repeatable.")),
    ] = None,
    stream: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help=tr("Show these streams only; * allowed."))
    ] = None,
    units: Annotated[bool, typer.Option("--units", help=tr("Also show power, residence times and the like."))] = False,
    day: Annotated[str, typer.Option(metavar="DATE", help=tr("Day on which dated figures are read: 2026-03-07."))] = "",
    period: Annotated[
        str, typer.Option(metavar="PERIOD", help=tr("Masses of a whole period: 2019, 2026-03; published ones beside."))
    ] = "",
    sweep: Sweeps = None,
    grid: Grid = False,
    cases: CasesPath = None,
    draws: DrawCount = 0,
    seed: Seed = 1,
    sensitivity: Sensitivity = False,
    vary: Vary = None,
    result: ResultNames = None,
    explain: Explain = "",
    component: Components = None,
    specification: Specifications = None,
    free: FreeKeys = None,
    dof: Degrees = False,
    scenario: ScenarioNames = None,
    processes: Processes = 0,
    out: OutFile = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    screen = _screen(lang)
    common = dict(assignment(one) for one in changes or ())
    asked = Asked(sweep, grid, cases, draws, seed, sensitivity, vary, result, processes, out)
    diagnosis = Diagnosis(explain, component, scenario, specification, free, dof)
    facade = open_chain(chain, None)
    if period and (day or units or asked or diagnosis):
        raise DataError("--period gives masses of a whole period: leave --day, --units and all scenarios out")
    if period:
        screen.totals(facade.simulate_period(period, common), stream or [], as_json=as_json)
        return
    on = facade.period(day).start.date() if day else None
    if diagnosis:
        diagnosis.require_sense(asked, shown=bool(stream or units))
        show_diagnosis(screen, facade, diagnosis, asked, common, day=on, as_json=as_json)
        return
    asked.require_sense()
    if asked and not asked.steady:
        if stream or units:
            raise DataError("--stream and --units show one steady state: name results with --result instead")
        show_scenarios(screen, facade, asked, common, day=on, as_json=as_json)
        return
    found = facade.simulate({"scenario": common} if common else None, day=on)
    screen.save_steady(facade.model, found, out)
    screen.simulation(facade.model, found, stream or [], units=units, as_json=as_json)


@app.command(cls=SpokenCommand, help=tr("What the foundry has to cast at this throughput, and how full it is."))
def foundry(
    chain: ChainFolder = HERE,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help=tr("Change a feed or parameter; repeatable.")),
    ] = None,
    day: Annotated[str, typer.Option(metavar="DATE", help=tr("Day on which dated figures are read: 2026-03-07."))] = "",
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    screen = _screen(lang)
    scenario = dict(assignment(one) for one in changes or ())
    facade = open_chain(chain, None)
    on = facade.period(day).start.date() if day else None
    screen.foundry(facade.foundry_needs({"scenario": scenario} if scenario else None, day=on), as_json=as_json)


@app.command(cls=SpokenCommand, help=tr("Play the chain as a real plant and write what it would write."))
def emulate(
    period: Annotated[
        str, typer.Argument(metavar="PERIOD", help=tr("2026, 2026-03, 2026-03-07 or START/END (END not in it)."))
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help=tr("Folder for the plant's files and the hidden truth."))],
    chain: ChainFolder = HERE,
    seed: Annotated[int, typer.Option(metavar="NUMBER", help=tr("The same seed gives the same plant."))] = 1,
    lang: Lang = "",
) -> None:
    screen = _screen(lang)
    facade = open_chain(chain, None)
    with screen.progress(tr("playing the plant")) as advance:
        facade.emulate(period, out, seed=seed, lang=screen.lang, progress=advance)
    screen.say(
        tr("the plant's files are in {plant}, the hidden truth in {truth}"), plant=out / "plant", truth=out / "truth"
    )


@app.command(
    cls=SpokenCommand, help=tr("Reconcile flows and assays: what the chain made, with uncertainty and suspects.")
)
def reconcile(
    period: PeriodText = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    data: DataPath = None,
    each: Each = "",
    problem: ProblemFile = None,
    correction: Correction = "",
    robust: Robust = "",
    suspect: Suspected = None,
    lasting: Lasting = "",
    known: AsKnown = "",
    exchange: Exchange = False,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    from zveno.chain import Scrutiny, solve_problem

    screen = _screen(lang)
    asked = Tests(each, lasting, correction, robust, tuple(suspect or ()), exchange)
    places = (("PERIOD", period), ("--chain", chain != HERE), ("--store", store), ("--data", data))
    asked.require_sense(problem, places)
    scrutiny = Scrutiny(correction or "sidak", robust or None, asked.suspects, exchange)  # type: ignore[arg-type]
    if problem is not None:
        screen.problem(solve_problem(problem, scrutiny), as_json=as_json)
        return
    facade = with_data(as_known(open_chain(chain, store), known, data), data, screen)
    span = facade.period(period)
    if lasting == "month":
        screen.lasting(facade.model, facade.lasting_errors(span, asked=asked.suspects), as_json=as_json)
    elif lasting:
        screen.drifts(facade.model, facade.drifts(span, lasting), as_json=as_json)
    elif each:
        screen.series(facade.model, facade.reconcile_each(span, each), as_json=as_json)
    else:
        balance = facade.reconcile(span, scrutiny=scrutiny)
        screen.balance(facade.model, balance, facade.overdue(balance), as_json=as_json)


def with_data(facade: Any, data: Path | None, screen: Any) -> Any:
    """The chain over files given on the command line, if any."""
    if data is None:
        return facade
    other, done = facade.with_data([data])
    screen.read(done)
    return other


@app.command(cls=SpokenCommand, help=tr("Check the rules: breaches with unit, shift, crew and role."))
def check(
    period: PeriodText = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    data: DataPath = None,
    lang: Lang = "",
    as_json: AsJson = False,
) -> None:
    screen = _screen(lang)
    facade = with_data(open_chain(chain, store), data, screen)
    screen.breaches(facade.model, facade.check(facade.period(period)), as_json=as_json)


@app.command(cls=SpokenCommand, help=tr("Write a report as HTML, workbook and PDF."))
def report(
    asked: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help=tr("Which report: metal_balance (if left out), or link for each plant.")),
    ] = None,
    period: PeriodText = None,
    chain: ChainFolder = HERE,
    store: StorePlace = None,
    data: DataPath = None,
    name: Annotated[str, typer.Option(metavar="NAME", help=tr("Which report, as an option."))] = "",
    link: Annotated[
        str, typer.Option(metavar="PLANT", help=tr("Plant of the report link; a file for each if left out."))
    ] = "",
    out: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE|FOLDER",
            help=tr("File to write (.html, .xlsx or .pdf), or a folder for all three; repeatable."),
        ),
    ] = None,
    known: AsKnown = "",
    version: VersionAsked = "",
    lang: Lang = "",
) -> None:
    from zveno.cli.written import require_one_source, results_of, write_reports

    if asked and asked[:1].isdigit():
        if period is not None:
            raise DataError("'{period}' and '{other}' cannot both be the period", period=asked, other=period)
        asked, period = None, asked
    if asked and name and asked != name:
        raise DataError("'{name}' and '{other}' cannot both be the report", name=asked, other=name)
    require_one_source(version, data)
    screen = _screen(lang)
    facade = with_data(as_known(open_chain(chain, store), known, data), data, screen)
    span, wanted = facade.period(period), name or asked or "metal_balance"
    facade.require_report(wanted, link)
    results = results_of(facade, None if data or known else store_folder(chain, store), span, version)
    write_reports(screen, facade, wanted, span, link=link, out=out or [], results=results)


@app.command(
    cls=SpokenCommand, help=tr("The whole month of the example: play it, import it, balance it, check it, report it.")
)
def demo(
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help=tr("Folder for everything the demonstration writes."))
    ] = Path("out"),
    seed: Annotated[int, typer.Option(metavar="NUMBER", help=tr("The same seed gives the same plant."))] = 1,
    lang: Lang = "",
) -> None:
    from zveno.cli.demo import play_demo

    play_demo(_screen(lang), out, seed)


@app.command(cls=SpokenCommand, help=tr("JSON Schemas of the description files, for editors."))
def schema(
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help=tr("Folder to write the schema files into."))
    ] = None,
    lang: Lang = "",
) -> None:
    import json

    from zveno.chain import schemas

    screen = _screen(lang)
    found = schemas()
    if out is None:
        screen.json(found)
        return
    out.mkdir(parents=True, exist_ok=True)
    for name, content in found.items():
        path = out / f"{name.removesuffix('.yaml')}.schema.json"
        path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        screen.say(tr("written: {path}"), path=path)
