"""Options of ``zveno simulate`` that ask where something came from, or with what specifications are met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from zveno.errors import DataError
from zveno.text.mark import tr

if TYPE_CHECKING:
    from zveno.chain import Cases, Chain
    from zveno.cli.answers import Answers
    from zveno.cli.scenarios import Asked

Explain = Annotated[
    str, typer.Option("--explain", metavar="NAME", help=tr("Where the components of this stream or group came from."))
]
Components = Annotated[
    list[str] | None,
    typer.Option("--component", metavar="NAME", help=tr("Explain these: Cu, solids, water; repeatable.")),
]
ScenarioNames = Annotated[
    list[str] | None,
    typer.Option("--scenario", metavar="NAME", help=tr("Only these scenarios of --cases; repeatable.")),
]
Specifications = Annotated[
    list[str] | None,
    typer.Option("--spec", metavar="RESULT=VALUE", help=tr("A result that is wanted: conc:grade.Cu=18%; repeatable.")),
]
FreeKeys = Annotated[
    list[str] | None,
    typer.Option(
        "--free", metavar="KEY[=LOW:HIGH]", help=tr("What may move to meet --spec, and between what; repeatable.")
    ),
]
Degrees = Annotated[
    bool,
    typer.Option("--dof", help=tr("Count unknowns and degrees of freedom, and try --spec and --free without solving.")),
]


@dataclass(frozen=True)
class Diagnosis:
    """What the options ask for."""

    explain: str = ""
    components: Sequence[str] | None = None
    scenarios: Sequence[str] | None = None
    specifications: Sequence[str] | None = None
    free: Sequence[str] | None = None
    degrees: bool = False

    def __bool__(self) -> bool:
        """Whether any of this is asked for."""
        return any((self.explain, self.components, self.scenarios, self.specifications, self.free, self.degrees))

    def require_sense(self, asked: Asked, *, shown: bool) -> None:
        """Refuse options that do not go together; ``shown``: one steady state is to be shown as well."""
        meets = self.specifications or self.free or self.degrees
        if self.explain and meets:
            raise DataError("--explain and --spec, --free or --dof ask different things: use one")
        if self.components and not self.explain:
            raise DataError("--component says what --explain explains: add --explain STREAM")
        if self.scenarios and asked.cases is None:
            raise DataError("--scenario chooses among the scenarios of --cases: add --cases FILE")
        if bool(self.specifications) != bool(self.free) and not self.degrees:
            raise DataError("--spec says what is wanted, --free what may move for it: give both")
        others = asked.sources[1:] if asked.cases is not None else asked.sources
        if shown or others or asked.results or asked.vary or asked.grid or (asked.out and not self.specifications):
            raise DataError("--explain, --spec and --dof go with --set, --day, --cases and --scenario alone"
                            " (--spec also with --out)")  # fmt: skip
        if self.degrees and asked.cases is not None:
            raise DataError("--dof counts for one scenario: set it with --set instead of --cases")


def show_diagnosis(
    screen: Answers,
    chain: Chain,
    diagnosis: Diagnosis,
    asked: Asked,
    common: Mapping[str, float],
    *,
    day: date | None,
    as_json: bool,
) -> None:
    """Work out what the options ask for, and show it.

    Parameters
    ----------
    common
        What ``--set`` sets in every scenario.
    """
    asked.require_sense()
    wanted, free = diagnosis.specifications or (), diagnosis.free or ()
    if diagnosis.degrees:
        found = chain.degrees_of_freedom(wanted, free, common=common, day=day)
        screen.degrees_of_freedom(found, as_json=as_json)
    elif wanted:
        cases = None if asked.cases is None else _cases(chain, asked, diagnosis.scenarios or ())
        screen.met(chain.meet(wanted, free, cases, common=common, day=day), asked.out, as_json=as_json)
    else:
        from zveno.chain import with_common

        cases = with_common(chain.model, _cases(chain, asked, diagnosis.scenarios or ()), common)
        components = diagnosis.components or ()
        origins = chain.origins(diagnosis.explain, components, cases, day=day)
        screen.origins(chain.model, origins, components, as_json=as_json)


def _cases(chain: Chain, asked: Asked, names: Sequence[str]) -> Cases:
    """Scenarios of the file, those named of them; the description alone where there is no file."""
    from zveno.chain import Cases

    if asked.cases is None:
        return Cases.of(None)
    cases = chain.read_cases(asked.cases)
    return cases.named(names) if names else cases
