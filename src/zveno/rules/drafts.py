"""What is wrong in a draft of an amendment, found before anybody signs it: every fault with its line in the draft."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from zveno.errors import Fault, fault
from zveno.model.amendment import DraftFile
from zveno.model.chain import ChainModel
from zveno.model.overlay import Overlay, overlaid
from zveno.rules.cases import case_faults
from zveno.rules.faults import rule_faults
from zveno.text.mark import LANGUAGES, tr


@dataclass(frozen=True)
class Drafted:
    """A draft laid over a rulebook, with everything that is wrong in it."""

    overlay: Overlay
    faults: tuple[Fault, ...]


def book_faults(model: ChainModel) -> list[Fault]:
    """Everything that is wrong in the rulebook of a description, its examples included."""
    found = rule_faults(model)
    return found or case_faults(model)


def draft_faults(model: ChainModel, draft: DraftFile, numbers: Mapping[str, int] | None = None) -> Drafted:
    """A draft over the rulebook of a description, and what is wrong in it.

    What is wrong in the rulebook as it is without the draft is not told again.
    """
    laid = overlaid(model.rulebook, draft.amendment, draft.where, numbers=numbers)
    places = {**model.places, **_places(laid, draft)}
    amended = model.model_copy(update={"rulebook": laid.book, "places": places})
    known = {_said(one) for one in rule_faults(model)}
    found = [_placed(one, laid, draft) for one in rule_faults(amended) if _said(one) not in known]
    found = [*laid.faults, *_text_faults(draft), *found, *_unaccepted(laid, draft)]
    if not found:
        touched = [one for one in laid.book.rules if one.id in draft.amendment.touched or one.kind == "parameter"]
        small = amended.model_copy(update={"rulebook": laid.book.model_copy(update={"rules": tuple(touched)})})
        found = case_faults(small)
    return Drafted(laid, tuple({str(one): one for one in found}.values()))


def _said(one: Fault) -> str:
    """A fault without its place."""
    return str(replace(one, where=""))


def _places(laid: Overlay, draft: DraftFile) -> dict[str, str]:
    """Where the draft gives what faults of its rules are about."""
    found: dict[str, str] = {}
    for n, rule in enumerate(draft.amendment.rules):
        found[rule.id] = draft.where("rules", n)
        for path, place in draft.places.items():
            if path[:2] == ("rules", n) and len(path) > 2:
                found["/".join((rule.id, *map(str, path[2:])))] = place
    for (rule_id, _), path in laid.laid.items():
        if path[0] == "rules":
            continue
        amended = laid.book.by_id.get(rule_id)
        found[f"{rule_id}/versions"] = draft.where(*path)
        for key in ("tag", "uom", "kind"):  # what a version does not fit to
            found.setdefault(f"{rule_id}/{key}", draft.where(*path))
        for at in range(len(amended.cases) if amended else 0):
            found[f"{rule_id}/cases/{at}"] = draft.where(*path, "cases")
    return found


def _placed(one: Fault, laid: Overlay, draft: DraftFile) -> Fault:
    """A fault of a version at the line of this version, and of its parameter where it has one."""
    rule, fields = str(one.fields.get("rule", "")), one.fields
    path = next(
        (laid.laid[rule, int(str(fields[key]))] for key in ("version", "second", "first")
         if key in fields and (rule, int(str(fields[key]))) in laid.laid), None,
    )  # fmt: skip
    if path is None or path[0] == "rules":
        return one
    return replace(one, where=draft.where(*path, "params", str(fields.get("param", ""))))


def _text_faults(draft: DraftFile) -> Iterator[Fault]:
    """Title, reason and the reasons of ends stand in all languages."""
    amendment = draft.amendment
    texts = [("title", amendment.title, ("title",)), ("reason", amendment.reason, ("reason",))]
    texts += [("why", one.why, ("ends", n, "why")) for n, one in enumerate(amendment.ends)]  # type: ignore[misc]
    for key, text, path in texts:
        missing = sorted(set(LANGUAGES) - {lang for lang, words in text.items() if words.strip()})
        if missing:
            yield fault("'{key}' is missing in {langs}", draft.where(*path), key=key, langs=", ".join(missing))


def _unaccepted(laid: Overlay, draft: DraftFile) -> Iterator[Fault]:
    """Nobody signs a number that nobody has verified, unless a named role accepts it."""
    message = tr(
        "rule '{rule}', version {version}: its number is unverified: give 'accepted_by', the role that accepts it, or "
        "a source that was read"
    )
    for (rule, number), path in laid.laid.items():
        versions = laid.book.by_id[rule].versions if rule in laid.book.by_id else ()
        for one in versions:
            if one.version == number and one.status == "unverified" and not one.accepted_by:
                yield fault(message, draft.where(*path, "status"), rule=rule, version=number)
