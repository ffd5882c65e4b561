"""A description folder read into a frozen :class:`ChainModel`; every fault is reported at once.

This is the only file of the model that touches the file system.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from zveno.errors import Fault, ModelError, fault
from zveno.model.asked import asked_faults
from zveno.model.chain import ChainModel
from zveno.model.checks import chain_faults, figures_are_missing
from zveno.model.contract_checks import contract_faults
from zveno.model.crews import people_faults
from zveno.model.foundry import FoundryFile
from zveno.model.foundry_checks import foundry_faults
from zveno.model.mapping import CalendarsFile, LayoutMapping, Mappings, mapping_faults
from zveno.model.people import People
from zveno.model.play import Play
from zveno.model.quality import QualityFile
from zveno.model.quality_checks import quality_faults
from zveno.model.roster import DutyFile, RosterFile
from zveno.model.rounding import Rounding
from zveno.model.rulebook import Rulebook, RulesFile
from zveno.model.types import ChainFile, ParametersFile
from zveno.model.validation import validation_faults
from zveno.model.values import value_faults
from zveno.model.yamlfile import YamlFile, expand, read_yaml
from zveno.text.mark import tr

Kind = TypeVar("Kind", bound=BaseModel)
PLAY = "data/play.yaml"
ROSTER = "roster.yaml"
MAPPINGS, CALENDARS = "mappings", "mappings/calendars.yaml"


def load_description(folder: Path) -> ChainModel:
    """Read ``chain.yaml`` with its parts and the other files of a folder, such as ``parameters.yaml``.

    Raises
    ------
    ModelError
        With every fault found: file, line, key, what is wrong, what to do.
    """
    model, faults = read_description(folder)
    if faults or model is None:
        raise ModelError(faults)
    return model


def load_play(folder: Path, name: str = PLAY) -> Play:
    """How the description is played: variations, stops and planted events.

    Raises
    ------
    ModelError
        If the file is missing or has faults, each with its line.
    """
    play, _, faults = read_play(folder, name)
    if faults:
        raise ModelError(faults)
    if play is None:
        raise ModelError("'{name}' is missing: it says how the description is played as a plant", name=name)
    return play


def read_play(folder: Path, name: str = PLAY) -> tuple[Play | None, dict[str, str], list[Fault]]:
    """A play file (None where it is missing or does not parse), the places of its ids and keys, and its faults."""
    places: dict[str, str] = {}
    faults: list[Fault] = []
    play = _file(folder / name, name, Play, faults, places, hashlib.sha256())
    return play, places, faults


def read_rounding(path: Path) -> Rounding:
    """Last places of published figures.

    Raises
    ------
    ModelError
        If the file is missing or has faults, each with its line.
    """
    faults: list[Fault] = []
    found = _file(path, path.name, Rounding, faults, {}, hashlib.sha256())
    if faults:
        raise ModelError(faults)
    if found is None:
        raise ModelError("'{path}' does not exist: it says to which last place figures are published", path=str(path))
    return found


def read_description(folder: Path) -> tuple[ChainModel | None, list[Fault]]:
    """Read a folder; the model (None where the files do not parse) and all faults."""
    if not (folder / "chain.yaml").is_file():
        message = tr("no chain.yaml in '{folder}': give the folder of a description, or make one with 'zveno new'")
        return None, [fault(message, folder=str(folder))]
    faults: list[Fault] = []
    places: dict[str, str] = {}
    digest = hashlib.sha256()
    files = sorted((folder / "rules").glob("*.yaml")) if (folder / "rules").is_dir() else []
    chain = _file(folder / "chain.yaml", "chain.yaml", ChainFile, faults, places, digest)
    parameters = _file(folder / "parameters.yaml", "parameters.yaml", ParametersFile, faults, places, digest)
    people = _file(folder / "people.yaml", "people.yaml", People, faults, places, digest)
    foundry = _file(folder / "foundry.yaml", "foundry.yaml", FoundryFile, faults, places, digest)
    quality = _file(folder / "quality.yaml", "quality.yaml", QualityFile, faults, places, digest)
    books: list[RulesFile] = []
    for path in files:
        book = _file(path, f"rules/{path.name}", RulesFile, faults, places, digest)
        books += [book] if book else []
    mappings = _mappings(folder, faults, digest)
    roster = _roster(folder, faults, places, digest)
    duty = _file(folder / "duty.yaml", "duty.yaml", DutyFile, faults, places, digest)
    if chain is None or faults:
        return None, faults
    model = ChainModel(
        chain=chain,
        parameters=parameters.parameters if parameters else {},
        people=people,
        rulebook=Rulebook.of(books),
        foundry=foundry,
        mappings=mappings,
        quality=quality,
        roster=roster or RosterFile(),
        duty=duty or DutyFile(),
        places=places,
        hash=digest.hexdigest(),
    )
    checks = (chain_faults, asked_faults, people_faults, foundry_faults, contract_faults, quality_faults, value_faults)
    found = [one for check in checks for one in check(model)]
    return None if figures_are_missing(model) else model, found


def _file(
    path: Path,
    name: str,
    kind: type[Kind],
    faults: list[Fault],
    places: dict[str, str],
    digest: Any,
) -> Kind | None:
    """Read and validate one file, if it is there; note its faults and the places of its ids."""
    if not path.is_file():
        return None
    digest.update(name.encode() + b"\0" + path.read_bytes())
    read = read_yaml(path, name)
    if isinstance(read, Fault):
        faults.append(read)
        return None
    if not isinstance(read.data, dict):
        faults.append(fault("the file holds no keys: 'zveno schema' writes what belongs in it", f"{name}:1"))
        return None
    parts = _parts(path.parent, read, faults, digest) if kind is ChainFile else []
    for part in parts:
        read = read.joined(part)
    file = expand(read)
    _note_places(file, places)
    try:
        return kind.model_validate(file.data)
    except ValidationError as error:
        faults += validation_faults(error, file, kind)
        return None


def _mappings(folder: Path, faults: list[Fault], digest: Any) -> Mappings:
    """Mappings of report layouts with their calendars; faults are noted."""
    places: dict[str, str] = {}
    own = hashlib.sha256()
    file = _file(folder / CALENDARS, CALENDARS, CalendarsFile, faults, places, own)
    calendars = {one.id: one for one in file.calendars} if file else {}
    layouts: list[LayoutMapping] = []
    hashes: dict[str, str] = {}
    for path in sorted((folder / MAPPINGS).glob("*.yaml")):
        name = f"{MAPPINGS}/{path.name}"
        if name == CALENDARS:
            continue
        each = own.copy()
        layout = _file(path, name, LayoutMapping, faults, {}, each)
        if layout is None:
            continue
        read = read_yaml(path, name)
        if isinstance(read, YamlFile):
            faults += mapping_faults(layout, calendars, read.where)
        if layout.id in hashes:
            faults.append(fault("two mappings are called '{layout}': give each a name of its own", f"{name}:1",
                                layout=layout.id))  # fmt: skip
        hashes[layout.id] = each.hexdigest()
        layouts.append(layout)
    digest.update("".join(hashes.values()).encode())
    return Mappings(layouts=tuple(layouts), calendars=calendars, hashes=hashes)


def _roster(folder: Path, faults: list[Fault], places: dict[str, str], digest: Any) -> RosterFile | None:
    """roster.yaml and the files under roster/, such as one a month, as one; None where there is none."""
    names = [ROSTER] if (folder / ROSTER).is_file() else []
    names += [f"roster/{path.name}" for path in sorted((folder / "roster").glob("*.yaml"))]
    whole = YamlFile(ROSTER, {}, {})
    for name in names:
        digest.update(name.encode() + b"\0" + (folder / name).read_bytes())
        read = read_yaml(folder / name, name)
        if isinstance(read, Fault):
            faults.append(read)
            return None
        data = read.data if isinstance(read.data, dict) else {"": None}
        wrong = [key for key, entries in data.items() if key != "format" and not isinstance(entries, list)]
        if wrong:
            message = tr("a roster holds lists, such as posts or absences: '{key}' is none")
            faults += [fault(message, read.where((key,)), key=str(key)) for key in wrong]
            return None
        lists = {key: entries for key, entries in data.items() if key != "format"}
        whole = whole.joined(YamlFile(read.name, lists, read.places))
    file = expand(whole)
    _note_places(file, places)
    try:
        return RosterFile.model_validate(file.data)
    except ValidationError as error:
        faults += validation_faults(error, file, RosterFile)
        return None


def _parts(folder: Path, file: YamlFile, faults: list[Fault], digest: Any) -> list[YamlFile]:
    """Files that chain.yaml names under ``parts``: each holds lists that are added to those of chain.yaml."""
    names = file.data.get("parts")
    found: list[YamlFile] = []
    for n, name in enumerate(names if isinstance(names, list) else ()):
        path, where = folder / str(name), file.where(("parts", n))
        if not path.is_file():
            faults.append(fault("the part '{name}' is not there: write it beside chain.yaml", where, name=str(name)))
            continue
        digest.update(str(name).encode() + b"\0" + path.read_bytes())
        part = read_yaml(path, str(name))
        if isinstance(part, Fault):
            faults.append(part)
            continue
        keys = part.data if isinstance(part.data, dict) else {"": None}
        wrong = [key for key, entries in keys.items() if not isinstance(entries, list)]
        faults += [
            fault("a part of chain.yaml holds lists only, such as meters or tags: '{key}' is none",
                  part.where((key,)), key=str(key))
            for key in wrong
        ]  # fmt: skip
        found += [] if wrong else [part]
    return found


def _note_places(file: YamlFile, places: dict[str, str]) -> None:
    """Remember where each id and each of its keys stands: ``id`` and ``id/key``, also as ``streams/id`` ..."""
    if not isinstance(file.data, dict):
        return
    for key, entries in file.data.items():
        places.setdefault(key, file.where((key,)))
        if not isinstance(entries, (dict, list)):
            continue
        pairs = entries.items() if isinstance(entries, dict) else enumerate(entries)
        for index, entry in pairs:
            id_ = index if isinstance(entries, dict) else (entry or {}).get("id") if isinstance(entry, dict) else None
            names = [str(id_), f"{key}/{id_}"] if id_ is not None else [f"{key}/{index}"]
            for name in names:
                places.setdefault(name, file.where((key, index)))
                _note_inner(file, places, name, (key, index), entry)


def _note_inner(file: YamlFile, places: dict[str, str], name: str, path: tuple[str | int, ...], entry: Any) -> None:
    """Remember where everything inside an entry stands: ``id/key``, ``id/key/0/inner``."""
    inner = entry.items() if isinstance(entry, dict) else enumerate(entry) if isinstance(entry, list) else ()
    for key, value in inner:
        places.setdefault(f"{name}/{key}", file.where((*path, key)))
        _note_inner(file, places, f"{name}/{key}", (*path, key), value)
