"""A description folder read into a frozen :class:`ChainModel`; every fault is reported at once.

This is the only file of the model that touches the file system.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from zveno.errors import Fault, ModelError, Phrase, fault
from zveno.model.chain import ChainModel
from zveno.model.checks import chain_faults, near_match
from zveno.model.play import Play
from zveno.model.rulebook import Rulebook, RulesFile
from zveno.model.types import ChainFile, ParametersFile, People
from zveno.model.validation import validation_faults
from zveno.model.yamlfile import YamlFile, expand, read_yaml
from zveno.text.mark import tr

Kind = TypeVar("Kind", bound=BaseModel)


def load_description(folder: Path) -> ChainModel:
    """Read ``chain.yaml``, ``parameters.yaml``, ``people.yaml`` and ``rules/*.yaml`` of a folder.

    Raises
    ------
    ModelError
        With every fault found: file, line, key, what is wrong, what to do.
    """
    model, faults = read_description(folder)
    if faults or model is None:
        raise ModelError(faults)
    return model


def load_play(folder: Path, name: str = "data/play.yaml") -> Play:
    """How the description is played: variations, stops and planted events.

    Raises
    ------
    ModelError
        If the file is missing or has faults, each with its line.
    """
    faults: list[Fault] = []
    play = _file(folder / name, name, Play, faults, {}, hashlib.sha256())
    if faults:
        raise ModelError(faults)
    if play is None:
        raise ModelError("'{name}' is missing: it says how the description is played as a plant", name=name)
    return play


def require_links(model: ChainModel, play: Play, name: str = "data/play.yaml") -> None:
    """Refuse a play that names stocks, streams, meters or tags which the chain has not; lists them all."""
    tags = list(model.tags)
    stocks, streams, meters = Phrase("stocks"), Phrase("streams"), Phrase("meters")
    links: list[tuple[Phrase, str, Mapping[str, object]]] = []
    links += [(stocks, one.stock, model.stocks) for one in play.dispatches]
    links += [(streams, one.stream, model.streams) for one in play.dispatches]
    links += [(streams, one.feed, model.streams) for one in play.trains]
    for one in play.events:
        if one.kind == "bias":
            links.append((meters, one.meter, model.meters))
        elif one.kind == "swap":
            links += [(meters, each, model.meters) for each in one.meters]
        elif not any(fnmatchcase(tag, one.tags) for tag in tags):
            links.append((Phrase("signals"), one.tags, model.tags))
    missing = [
        fault("'{id}' is named, but the chain has no such thing among its {group}", name,
              id=id_, group=group, near=near_match(id_, known))
        for group, id_, known in links if id_ not in known
    ]  # fmt: skip
    if missing:
        raise ModelError(missing)


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
    books: list[RulesFile] = []
    for path in files:
        book = _file(path, f"rules/{path.name}", RulesFile, faults, places, digest)
        books += [book] if book else []
    if chain is None or faults:
        return None, faults
    model = ChainModel(
        chain=chain,
        parameters=parameters.parameters if parameters else {},
        people=people,
        rulebook=Rulebook.of(books),
        places=places,
        hash=digest.hexdigest(),
    )
    return model, chain_faults(model)


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
    file = expand(read)
    _note_places(file, places)
    try:
        return kind.model_validate(file.data)
    except ValidationError as error:
        faults += validation_faults(error, file, kind)
        return None


def _note_places(file: YamlFile, places: dict[str, str]) -> None:
    """Remember where each id and each of its keys stands: ``id`` and ``id/key``."""
    if not isinstance(file.data, dict):
        return
    for key, entries in file.data.items():
        places.setdefault(key, file.where((key,)))
        pairs = entries.items() if isinstance(entries, dict) else enumerate(entries or ())
        if not isinstance(entries, (dict, list)):
            continue
        for index, entry in pairs:
            id_ = index if isinstance(entries, dict) else (entry or {}).get("id") if isinstance(entry, dict) else None
            name = str(id_) if id_ is not None else f"{key}/{index}"
            places.setdefault(name, file.where((key, index)))
            for inner in entry if isinstance(entry, dict) else ():
                places.setdefault(f"{name}/{inner}", file.where((key, index, inner)))
