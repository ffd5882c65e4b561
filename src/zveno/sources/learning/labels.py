"""Labels of rows in a report never seen before: patterns of the ways in which they are spelt, and their points."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from zveno.sources.learning.columns import Place
from zveno.sources.learning.found import LearntRow, Rule
from zveno.sources.learning.points import Match
from zveno.sources.patterns import alike, caught
from zveno.text.sheetwords import is_total, plain, tidy
from zveno.text.tradeconcepts import category, concepts
from zveno.text.tradewords import CHECK_SIGNS, STANDARD

_LINE = re.compile(r"(?:(?P<word>[^\W\d_]{1,7})\.?\s*)?(?:№\s*)?(?P<number>\d{1,2})\s*$")
_STANDARD = re.compile(r"^(?P<word>[^\W\d_]+)\s+(?P<name>[\w.-]*\d[\w.-]*)(?P<rest>.*)$")
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


@dataclass
class Labels:
    """Labels of a table: each text with the cell where it stands first and the quantities of its rows."""

    texts: Mapping[str, str]
    quantities: Mapping[str, frozenset[str]]
    place: Place
    _found: dict[str, list[str]] = field(default_factory=dict)

    def bare(self) -> dict[str, list[str]]:
        """Labels without the signs of checks; totals are none."""
        found: dict[str, list[str]] = {}
        for text in self.texts:
            label = text
            for sign in CHECK_SIGNS:
                label = label.replace(sign, "").strip()
            if label and not is_total(label):
                found.setdefault(label, []).append(text)
        return found

    def rows(self) -> tuple[LearntRow, ...]:
        """Rows with their rules: spellings that mean one point together; those that are asked for by what they say."""
        known: dict[str, list[tuple[str, str]]] = {}
        asked: dict[frozenset[str], list[LearntRow]] = {}
        standards: dict[str, LearntRow] = {}
        for label, texts in self.bare().items():
            cell = self.texts[texts[0]]
            standard = _standard(label)
            if standard is not None:
                standards.setdefault(standard.pattern, replace(standard, cell=cell))
                continue
            match = self._match(label, texts)
            if match.sure and match.point:
                pattern, point = with_line(label, match.point)
                known.setdefault(point, []).append((pattern, cell))
            else:
                likely = tuple(dict.fromkeys([*self._as_known(label), *match.likely]))[:4]
                asked.setdefault(concepts(label), []).append(LearntRow(label, "", likely, cell))
        for small in sorted(asked, key=len):
            large = next((one for one in asked if small < one and asked[one][0].likely == asked[small][0].likely), None)
            if large is not None and small:
                asked[large] += asked.pop(small)
        rows = [
            LearntRow(_joined([one for one, _ in spelt]), point, cell=spelt[0][1]) for point, spelt in known.items()
        ]
        rows += [
            LearntRow(_joined([one.pattern for one in group]), "", group[0].likely, group[0].cell)
            for group in asked.values()
        ]
        return tuple(_ordered([*rows, *standards.values()]))

    def _as_known(self, label: str) -> Iterator[str]:
        """Points that other mappings have for a label."""
        for layout in self.place.index.model.mappings.layouts:
            for table in layout.tables:
                for pattern, rule in table.rows.items():
                    whole = rule.point and not rule.point.startswith(".") and "{" not in rule.point
                    if whole and caught(pattern, label) is not None:
                        yield rule.point

    def _match(self, label: str, texts: Sequence[str]) -> Match:
        quantities = frozenset().union(*(self.quantities.get(one, frozenset()) for one in texts))
        return self.place.match([label], quantities)


def _ordered(rows: Iterable[LearntRow]) -> list[LearntRow]:
    """Longer patterns first, so that a short one with a star takes nothing from them."""
    return sorted(rows, key=lambda one: "{" in one.pattern and "*" in one.pattern)


def _standard(label: str) -> LearntRow | None:
    """A certified sample of the laboratory, whatever its name."""
    found = _STANDARD.match(label)
    if found is None or not plain(label).startswith(tuple(map(plain, STANDARD))):
        return None
    rest = found["rest"].strip()
    tail = " (*" if rest.startswith("(") else " *" if rest else ""
    rule: Rule = {"point": "lab.crm.{crm}", "qualifier": "qc_standard", "period": "day"}
    return LearntRow(f"{found['word']} {{crm}}{tail}", rule)


def with_line(label: str, point: str) -> tuple[str, str]:
    """A label and its point with ``{line}`` for the number of a line that both end with.

    >>> with_line("Хвосты секц.1", "zhf.l1.tail"), with_line("Отсек 1", "stock.sm.pile.zhf")
    (('Хвосты с*{line}', 'zhf.l{line}.tail'), ('Отсек 1', 'stock.sm.pile.zhf'))
    """
    found = _LINE.search(label)
    if found is None:
        return label, point
    numbered = re.sub(rf"(?<![\d]){int(found['number'])}(?=\.|$)", "{line}", point, count=1)
    if numbered == point:
        return label, point
    head = label[: found.start()]
    word = found["word"] or ""
    if word and len(word) < 5:
        return f"{head}{word[0].lower()}*{{line}}", numbered
    return f"{label[: found.start('number')]}{{line}}", numbered


def _joined(patterns: Sequence[str]) -> str:
    """Alternatives once each."""
    return " | ".join({alike(one): one for one in reversed(patterns)}.values()) if len(patterns) > 1 else patterns[0]


def numbers_of(labels: Iterable[str]) -> dict[str, str]:
    """Labels that say a number and no material, such as sections of a plant, to the number.

    >>> numbers_of(["Секция №1", "Хвосты с.2"])
    {'Секция №1': '1'}
    """
    found = {}
    for label in labels:
        said = concepts(tidy(label))
        number = next((one[1:] for one in said if one.startswith("#")), "")
        if number and all(category(one) in ("number", "plant", "word") for one in said):
            found[label] = number
    return found


def line_rows(labels: Mapping[str, str], line: str) -> tuple[LearntRow, ...]:
    """A rule for labels that number lines."""
    patterns = []
    for label, number in labels.items():
        head, _, tail = label.rpartition(number)
        patterns.append(f"{head}{{line}}{tail}")
    return (LearntRow(_joined(patterns), line),)
