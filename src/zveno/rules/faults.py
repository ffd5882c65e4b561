"""What is wrong in a rulebook, found on loading and told with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import pairwise

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from zveno.errors import DataError, Fault, QuantityError, RuleError, fault
from zveno.model.chain import ChainModel
from zveno.model.checks import near_match
from zveno.model.rulebook import ALWAYS, Rule, Version
from zveno.quantities import uom_of
from zveno.rules.kinds import RULE_KINDS
from zveno.rules.kinds.kind import COUNT, MINUTES, MOST_MINUTES, WORDS, KindParams
from zveno.rules.numbers import cut_days, named_numbers, number_on, numbers_on
from zveno.rules.patterns import beside, matching, star_of
from zveno.rules.result import role_of
from zveno.text.mark import LANGUAGES, tr

_WAYS = ("direct", "model")


def rule_faults(model: ChainModel) -> list[Fault]:
    """Everything in the rulebook that does not hold together with itself or with the chain.

    Each fault names the file and line of the rule (``model.places``, by ``id`` and ``id/key``).
    """
    checks: tuple[Callable[[ChainModel, Rule], Iterator[Fault]], ...] = (
        _kind_faults,
        _source_faults,
        _text_faults,
        _tag_faults,
        _signal_faults,
        _unit_faults,
        _role_faults,
        _gate_faults,
        _effect_faults,
        _version_faults,
        _param_faults,
        _table_faults,
    )
    repeated = [
        fault("rule '{rule}' stands more than once: give every rule its own id", _where(model, id_), rule=id_)
        for id_ in model.rulebook.repeated
    ]
    shared = [*_people_faults(model), *_gates_faults(model)]
    found = [one for rule in model.rulebook.rules for check in checks for one in check(model, rule)]
    return repeated + shared + found


def _people_faults(model: ChainModel) -> Iterator[Fault]:
    """Roles stand in people.yaml; one fault for all rules where there is none."""
    if model.people is None and model.rulebook.rules:
        yield fault(
            "people.yaml is missing: rule '{rule}' names '{role}', and roles and shifts stand there",
            _where(model, model.rulebook.rules[0].id, "owner_role"),
            rule=model.rulebook.rules[0].id,
            role=model.rulebook.rules[0].owner_role,
        )


def _gates_faults(model: ChainModel) -> Iterator[Fault]:
    """A gate that names a tag names one that exists; without a tag it stands for what the chain cannot tell."""
    for gate in model.chain.gates:
        if gate.tag and not matching(gate.tag, model.tags):
            yield fault(
                "gate '{gate}' reads '{tag}', which is no tag: name one, or leave 'tag' out where there is no signal",
                model.places.get(f"{gate.id}/tag") or model.places.get(gate.id, ""),
                gate=gate.id,
                tag=gate.tag,
                near=near_match(gate.tag, model.tags),
            )


def _signal_faults(model: ChainModel, rule: Rule) -> Iterator[Fault]:
    """A rule on a unit of this chain watches tags of it, and its exceptions read tags that there are.

    A rule on a unit that the chain does not hold stays unjudged.
    """
    here = bool(_plants(model, rule))
    if here or rule.unit in {*model.units, *model.sections}:
        yield from (_unknown(model, rule, "tag", tag, model.tags) for tag in rule.tags if not matching(tag, model.tags))
    for name in sorted({one.when.tag for version in rule.versions for one in version.exceptions}) if here else ():
        if not matching(name, model.tags):
            yield _unknown(model, rule, "versions", name, model.tags)


def _where(model: ChainModel, rule: str, key: str = "") -> str:
    """Place of a key of a rule, else of the rule."""
    return model.places.get(f"{rule}/{key}") or model.places.get(rule, "")


def _unknown(model: ChainModel, rule: Rule, key: str, name: str, known: Iterable[str]) -> Fault:
    """A name that leads nowhere."""
    return fault(
        "'{key}' of rule '{rule}' names '{name}', which does not exist",
        _where(model, rule.id, key),
        key=key,
        rule=rule.id,
        name=name,
        near=near_match(name, known),
    )


def _kind_faults(model: ChainModel, rule: Rule) -> Iterator[Fault]:
    """The kind is known, and there are as many tags as it watches."""
    if rule.kind not in RULE_KINDS:
        yield fault(
            "rule '{rule}' is of the kind '{kind}', which is not known: use one of {known}",
            _where(model, rule.id, "kind"),
            rule=rule.id,
            kind=rule.kind,
            known=", ".join(RULE_KINDS),
            near=near_match(rule.kind, RULE_KINDS),
        )
        return
    fewest, most = RULE_KINDS[rule.kind].tags
    if not fewest <= len(rule.tags) <= most:
        yield fault(
            "rule '{rule}' names {n} tags, but the kind '{kind}' watches {wanted}",
            _where(model, rule.id, "tag"),
            rule=rule.id,
            n=len(rule.tags),
            kind=rule.kind,
            wanted=str(most) if fewest == most else f"{fewest}-{most}",
        )


def _source_faults(model: ChainModel, rule: Rule) -> Iterator[Fault]:
    """Every version says where it comes from, and who accepts a number that nobody has verified."""
    where = _where(model, rule.id, "versions")
    for version in rule.versions:
        if not version.source.strip():
            message = tr("rule '{rule}', version {version}: no source is named: give 'source', where it comes from")
            yield fault(message, where, rule=rule.id, version=version.version)
        if version.temporary and version.end is None:
            message = tr("rule '{rule}', version {version} is temporary, but has no end: give 'to', the day it ends")
            yield fault(message, where, rule=rule.id, version=version.version)
        if version.accepted_by and model.people is not None and version.accepted_by not in model.roles:
            yield _unknown(model, rule, "accepted_by", version.accepted_by, model.roles)


def _text_faults(model: ChainModel, rule: Rule) -> Iterator[Fault]:
    """Clauses and reasons of exceptions stand in all languages."""
    for version in rule.versions:
        for text in (version.text, *(one.why for one in version.exceptions)):
            missing = sorted(set(LANGUAGES) - {lang for lang, words in text.items() if words.strip()})
            if missing:
                yield fault(
                    "rule '{rule}', version {version}: the text is missing in {langs}",
                    _where(model, rule.id, "versions"),
                    rule=rule.id,
                    version=version.version,
                    langs=", ".join(missing),
                )


def _tag_faults(model: ChainModel, rule: Rule) -> Iterator[Fault]:
    """The unit of measure is known and fits the tags, each by itself and all together."""
    where = _where(model, rule.id, "uom")
    try:
        uom_of(rule.uom)
        if rule.kind not in RULE_KINDS or not rule.tags:
            return
        for tag in matching(rule.tags[0], model.tags):
            RULE_KINDS[rule.kind].turned(rule.uom, model.tags[tag].uom)
            others = [found[0] for one in rule.tags[1:] if (found := matching(beside(tag, one), model.tags))]
            uoms = tuple(model.tags[one].uom for one in (tag, *others))
            for params in _sound_params(model, rule) if len(uoms) == len(rule.tags) else ():
                params.require_uoms(rule.uom, uoms)
    except QuantityError as error:
        yield Fault(error.faults[0].message, error.faults[0].fields, where)


def _sound_params(model: ChainModel, rule: Rule) -> Iterator[KindParams]:
    """Parameters of the versions that can be read; the faults of the others are told of them."""
    for version in rule.versions:
        try:
            yield RULE_KINDS[rule.kind].model_validate(numbers_on(model, rule, version.params, version.start))
        except (ValidationError, DataError):
            continue


def _unit_faults(model: ChainModel, rule: Rule) -> Iterator[Fault]:
    """The unit or section exists, where the chain has the tags of the rule at all."""
    known = {*model.units, *model.sections}
    plants = _plants(model, rule)
    names = {f"{plant}.{rule.unit[2:]}" for plant in plants} if rule.unit.startswith("*.") else {rule.unit}
    for name in sorted(names - known) if plants else ():
        yield _unknown(model, rule, "unit", name, known)


def _role_faults(model: ChainModel, rule: Rule) -> Iterator[Fault]:
    """Owner and approver are roles of people.yaml; a role with a star exists in every plant concerned."""
    if model.people is None:
        return
    plants = _plants(model, rule) or _plants_of_unit(model, rule) or {plant.id for plant in model.chain.plants}
    for plant in sorted(plants) if rule.owner_role.startswith("*.") else [""]:
        role = role_of(model, rule.owner_role, plant)
        if role not in model.roles:
            yield _unknown(model, rule, "owner_role", role, model.roles)
    for role in sorted({version.approver_role for version in rule.versions} - {"", *model.roles}):
        yield _unknown(model, rule, "approver_role", role, model.roles)


def _plants(model: ChainModel, rule: Rule) -> set[str]:
    """Plants that hold the tags of a rule."""
    tags = {tag for pattern in rule.tags for tag in matching(pattern, model.tags)}
    return {plant for tag in tags if (plant := model.plant_of(model.tags[tag].unit))}


def _plants_of_unit(model: ChainModel, rule: Rule) -> set[str]:
    """Plants that have the unit or section which a rule binds, whatever it watches there."""
    return {model.plant_of(name) for name in matching(rule.unit, (*model.units, *model.sections))}


def _gate_faults(model: ChainModel, rule: Rule) -> Iterator[Fault]:
    """The gate exists; a gate or condition that reads a tag has a level."""
    gates = {gate.id: gate for gate in model.chain.gates}
    if rule.gate not in {ALWAYS, *gates}:
        yield _unknown(model, rule, "gate", rule.gate, (ALWAYS, *gates))
    elif rule.gate in gates and gates[rule.gate].tag:
        gate = gates[rule.gate]
        if gate.above is None and gate.below is None:
            yield fault(
                "gate '{gate}' has neither 'above' nor 'below': give a level of its tag",
                model.places.get(gate.id, ""),
                gate=gate.id,
            )
    if rule.gate != ALWAYS and rule.kind == "checklist" and any(one.params.get("every") for one in rule.versions):
        message = tr("rule '{rule}': a list that is due every so often is due in every state: leave 'gate' out")
        yield fault(message, _where(model, rule.id, "gate"), rule=rule.id)
    for version in rule.versions:
        for one in version.exceptions:
            if one.when.above is None and one.when.below is None and one.when.equals is None:
                yield fault(
                    "an exception of rule '{rule}' has neither 'above' nor 'below': give a level of its tag",
                    _where(model, rule.id, "versions"),
                    rule=rule.id,
                )


def _effect_faults(model: ChainModel, rule: Rule) -> Iterator[Fault]:
    """A breach moves a parameter that exists, by a way that is named, or the rule says why not."""
    acts = rule.acts_on
    where = _where(model, rule.id, "acts_on")
    if acts.not_priced:
        return
    if not acts.parameter or bool(acts.via) == bool(acts.slope):
        yield fault(
            "rule '{rule}' must say what a breach acts on: 'parameter' with 'via' or 'slope', or 'not_priced'",
            where,
            rule=rule.id,
        )
        return
    if not matching(acts.parameter, model.parameters):
        yield _unknown(model, rule, "acts_on", acts.parameter, model.parameters)
    if acts.via and acts.via not in {*_WAYS, *model.parameters}:
        yield _unknown(model, rule, "acts_on", acts.via, (*_WAYS, *model.parameters))


def _version_faults(model: ChainModel, rule: Rule) -> Iterator[Fault]:
    """Versions follow each other without gap or overlap, each number once."""
    where = _where(model, rule.id, "versions")
    ordered = sorted(rule.versions, key=lambda one: one.start)
    if len({one.version for one in ordered}) < len(ordered):
        yield fault("rule '{rule}' has two versions of the same number", where, rule=rule.id)
    for one in ordered:
        if one.end is not None and one.end <= one.start:
            yield fault(
                "rule '{rule}', version {version} ends on {end}, before it begins on {start}",
                where,
                rule=rule.id,
                version=one.version,
                end=one.end,
                start=one.start,
            )
    for before, after in pairwise(ordered):
        yield from _seam_faults(rule, before, after, where)


def _seam_faults(rule: Rule, before: Version, after: Version, where: str) -> Iterator[Fault]:
    """One version ends on the day the next begins."""
    if before.end == after.start:
        return
    message = (
        tr("rule '{rule}': versions {first} and {second} are both in force from {start}: end the first on that day")
        if before.end is None or before.end > after.start
        else tr("rule '{rule}': no version is in force from {end} to {start}, between versions {first} and {second}")
    )
    fields: dict[str, str | int | date | None] = {
        "rule": rule.id,
        "first": before.version,
        "second": after.version,
        "end": before.end,
        "start": after.start,
    }
    yield Fault(message, dict(fields), where)


def _param_faults(model: ChainModel, rule: Rule) -> Iterator[Fault]:
    """Parameters are those of the kind and make sense, on every day of a version and with every exception too."""
    if rule.kind not in RULE_KINDS:
        return
    where = _where(model, rule.id, "versions")
    kind = RULE_KINDS[rule.kind]
    levels = kind.levels()
    for version in rule.versions:
        lacking = list(_number_faults(model, rule, version, where))
        yield from lacking
        if lacking:
            continue
        for day in (version.start, *cut_days(model, rule, version)):
            params = numbers_on(model, rule, version.params, day)
            yield from _value_faults(rule, version, params, where)
            for one in version.exceptions if kind.excepts else ():
                if set(one.params) <= levels:
                    yield from _value_faults(rule, version, {**params, **one.params}, where)
        yield from _exception_faults(rule, version, kind, where)


def _exception_faults(rule: Rule, version: Version, kind: type[KindParams], where: str) -> Iterator[Fault]:
    """Exceptions move levels, where the kind has any to move."""
    if version.exceptions and not kind.excepts:
        message = tr("rule '{rule}', version {version}: rules of the kind '{kind}' take no exceptions")
        yield fault(message, where, rule=rule.id, version=version.version, kind=rule.kind)
        return
    levels = kind.levels()
    for one in version.exceptions:
        for name in sorted(set(one.params) - levels):
            yield fault(
                "an exception of rule '{rule}' changes '{param}': it may change only {known}",
                where,
                rule=rule.id,
                param=name,
                known=", ".join(sorted(levels)),
                near=near_match(name, levels),
            )


def _number_faults(model: ChainModel, rule: Rule, version: Version, where: str) -> Iterator[Fault]:
    """A level that is taken from a dated number has one on every day on which the version is in force."""
    for param, name in named_numbers(rule, version.params).items():
        about = {"rule": rule.id, "version": version.version, "param": param}
        if name not in model.parameters and name not in model.rulebook.by_id:
            message = tr("rule '{rule}', version {version}: '{param}' is '{got}', but must be a number")
            near = near_match(name, (*model.parameters, *model.rulebook.by_id))
            yield fault(message, where, **about, got=name, near=near)
            continue
        try:
            days = (version.start, *cut_days(model, rule, version))
            missing = [day for day in days if number_on(model, name, day, rule.uom) is None]
        except QuantityError as error:
            yield Fault(error.faults[0].message, error.faults[0].fields, where)
            continue
        if missing:
            message = tr("rule '{rule}', version {version}: '{param}' is that of '{name}', which has no value on {day}")
            yield fault(message, where, **about, name=name, day=missing[0])


def _table_faults(model: ChainModel, rule: Rule) -> Iterator[Fault]:
    """Levels by name belong to a tag with a star, and each name is one that the star stands for in this chain."""
    if rule.kind not in RULE_KINDS or len(rule.tags) != 1:
        return
    tables = RULE_KINDS[rule.kind].tables()
    tag, where = rule.tags[0], _where(model, rule.id, "versions")
    stands = {star_of(tag, name).casefold() for name in matching(tag, model.tags)}
    for version in rule.versions:
        for key in sorted(tables & set(version.params)):
            given = version.params[key]
            if "*" not in tag:
                message = tr("rule '{rule}' gives '{param}', but its tag '{tag}' has no * that could choose among them")
                yield fault(message, where, rule=rule.id, param=key, tag=tag)
            elif stands and isinstance(given, dict):
                for name in (one for one in given if str(one).casefold() not in stands):
                    message = tr(
                        "rule '{rule}', version {version}: '{param}' gives a limit for '{name}', but no tag '{tag}' is "
                        "named so: the chain has {known}"
                    )
                    about = {"rule": rule.id, "version": version.version, "param": key, "name": name, "tag": tag}
                    yield fault(message, where, **about, known=", ".join(sorted(stands)))


def _value_faults(rule: Rule, version: Version, params: dict[str, object], where: str) -> Iterator[Fault]:
    """Faults of one set of parameters."""
    kind = RULE_KINDS[rule.kind]
    try:
        kind.model_validate(params).require_sense()
    except RuleError as error:
        for one in error.faults:
            yield Fault(one.message, one.fields, where)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            yield _detail_fault(rule, version, detail, where)


def _detail_fault(rule: Rule, version: Version, detail: ErrorDetails, where: str) -> Fault:
    """One parameter that is missing, not known or out of range."""
    fields, name = RULE_KINDS[rule.kind].model_fields, str(detail["loc"][0])
    about = {"rule": rule.id, "version": version.version, "param": name}
    if detail["type"] == "missing":
        return fault("rule '{rule}', version {version}: the parameter '{param}' is missing", where, **about)
    if detail["type"] == "extra_forbidden":
        return fault(
            "rule '{rule}', version {version}: the kind '{kind}' has no parameter '{param}'",
            where,
            **about,
            kind=rule.kind,
            near=near_match(name, fields),
        )
    return fault(_wanted(RULE_KINDS[rule.kind], detail), where, **about, got=detail["input"], most=MOST_MINUTES)


def _wanted(kind: type[KindParams], detail: ErrorDetails) -> str:
    """What a parameter with a wrong value must be."""
    name, extra = str(detail["loc"][0]), kind.model_fields[str(detail["loc"][0])].json_schema_extra
    if name in kind.tables() and len(detail["loc"]) == 1:
        return tr("rule '{rule}', version {version}: '{param}' is '{got}', but must be numbers by name: {{As: 5}}")
    if extra == COUNT:
        if detail["type"] == "greater_than_equal" and (detail.get("ctx") or {}).get("ge") == 0:
            return tr("rule '{rule}', version {version}: '{param}' is '{got}', but must be a whole number from 0")
        return tr("rule '{rule}', version {version}: '{param}' is '{got}', but must be a whole number from 1")
    if extra == WORDS:
        return tr("rule '{rule}', version {version}: '{param}' is '{got}', but must be text")
    if extra == MINUTES:
        return tr("rule '{rule}', version {version}: '{param}' is '{got}', but must be minutes from 0 to {most}")
    return tr("rule '{rule}', version {version}: '{param}' is '{got}', but must be a number")
