"""Labels of rows in a report never seen before: the points they probably mean, found among those of the chain."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from zveno.model.chain import ChainModel
from zveno.model.mapping import Mappings
from zveno.sources.guesses import material_of
from zveno.sources.patterns import alike, caught
from zveno.text.sheetwords import is_total, tidy
from zveno.text.tradewords import CHECK_SIGNS

_LINE = re.compile(r"(?<!\d)(?<!\d[.,-])(\d)\s*$")
_STEM = 6
_NUMBERED = re.compile(r"\d")
_LATIN = str.maketrans(
    {**dict(zip("абвгдезийклмнопрстуфхыэәғқңөұүһі", "abvgdeziyklmnoprstufhyeagqnouuhi", strict=True)),
     "ж": "zh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "ъ": "", "ь": "", "ю": "yu", "я": "ya", "ё": "e"}
)  # fmt: skip


def slug(text: str) -> str:
    """A name of small Latin letters.

    >>> slug("Склад кварца")
    'sklad_kvartsa'
    """
    latin = text.lower().translate(_LATIN)
    return re.sub(r"[^a-z0-9]+", "_", latin).strip("_")[:40] or "part"


def likely_plants(title: str, model: ChainModel) -> list[str]:
    """Plants that a title speaks of: by their names, else by words that mostly stand in names of their parts."""
    words = _stems(title)
    scores = {}
    for plant in model.chain.plants:
        named = [_stems(one) for one in plant.title.values()]
        scores[plant.id] = max((len(words & one) / max(1, len(one)) for one in named), default=0.0)
    best = max(scores.values(), default=0.0)
    if best >= 0.5:
        return [one for one in scores if scores[one] >= best - 0.01]
    shares = _shares(words, model)
    best = max(shares.values(), default=0.0)
    return [one for one in shares if shares[one] == best] if best else []


def _stems(text: str) -> set[str]:
    """Beginnings of the words of a text: their endings change with the case."""
    return {word[:_STEM] for word in re.split(r"[\s.,:;()-]+", alike(text)) if word}


def _shares(words: set[str], model: ChainModel) -> dict[str, float]:
    """By plant: how much of the names of its units has each of the words."""
    found: dict[str, float] = {}
    for plant in model.chain.plants:
        titles = [
            _stems(text)
            for name, unit in model.units.items() if name.startswith(f"{plant.id}.")
            for lang, text in unit.title.items() if lang == "ru"
        ]  # fmt: skip
        found[plant.id] = sum(len(words & one) > 0 for one in titles) / len(titles) if titles else 0.0
    return found


def learn_labels(labels: Iterable[str], plants: Sequence[str], model: ChainModel) -> dict[str, str]:
    """Patterns of labels and the points they mean; a point that is not of the chain begins with a dot.

    A number at the end is that of a line; marks that other mappings know, such as ``(контр.)``, are no part of a label.
    """
    marks = {*CHECK_SIGNS, *(sign for one in model.mappings.layouts for sign in one.marks)}
    found: dict[str, str] = {}
    known = {**model.streams, **model.stocks}
    for label in dict.fromkeys(tidy(one) for one in labels):
        bare = label
        for sign in marks:
            bare = bare.replace(sign, "").strip()
        if is_total(bare) or any(caught(pattern, bare) is not None for pattern in found):
            continue
        pattern, point = _of_title(bare, model)
        if not point:
            pattern, point = _of_words(bare, plants, known)
        if not point:
            pattern, point = _known(model.mappings, bare, plants)
        found[pattern or bare] = point or f".{slug(bare)}"
    return found


def _of_title(label: str, model: ChainModel) -> tuple[str, str]:
    """A stock or stream that is called like the label."""
    said = alike(label)
    for things in (model.chain.stocks, model.chain.streams):
        for one in things:
            if any(alike(text) == said for text in one.title.values()):
                return label, one.id
    return "", ""


def _of_words(label: str, plants: Sequence[str], known: Mapping[str, object]) -> tuple[str, str]:
    """A point of the plant by the material and the line that a label names."""
    end, line = material_of((label,)), _LINE.search(label)
    pattern = label[: line.start(1)] + "{line}" if line else label
    for plant in plants:
        begins = {
            name.removesuffix(end) for name in known if name.startswith(f"{plant}.") and name.endswith(end or " ")
        }
        numbered = f"{plant}.l{line[1]}" if line else ""
        if line and (numbered in begins or (not end and any(name.startswith(f"{numbered}.") for name in known))):
            return pattern, f"{plant}.l{{line}}{end}"
        own = {one for one in begins if re.fullmatch(rf"{re.escape(plant)}(\.l\d)?", one)}
        if end and not line and len(own) == 1:
            return label, f"{own.pop()}{end}"
    return "", ""


def _known(mappings: Mappings, label: str, plants: Sequence[str]) -> tuple[str, str]:
    """Pattern and point that another mapping has for a label of the same plant."""
    for layout in mappings.layouts:
        for table in layout.tables:
            for pattern, rule in table.rows.items():
                own = not plants or rule.point.split(".")[0] in (*plants, "stock", "lab")
                if rule.point and own and not rule.point.startswith(".") and caught(pattern, label) is not None:
                    return pattern, rule.point
    return "", ""
