"""What words of reports and of descriptions speak of, in three languages: materials, ways, places, owners.

Words of one concept mean the same point of a chain: «к-т», «кек» and *concentrate* are one. Headings of reports are
matched with the titles of the description by concepts, so that the endings and the language of a word do not count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from zveno.text.sheetwords import MONTHS, plain
from zveno.text.words import as_latin, spoken

MATERIALS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "ore": ("руд", "питани", "переработ", "кен", "ore", "feed", "өңдел"),
    "conc": ("концентрат", "конц", "к-т", "кек", "conc", "cake"),
    "tail": ("хвост", "хв", "қалдық", "tail"),
    "middlings": ("промпродукт", "аралық өнім", "middling"),
    "matte": ("штейн", "matte"),
    "slag": ("шлак", "қож", "slag"),
    "blister": ("чернов", "черн", "қара мыс", "blister"),
    "scrap": ("скрап", "scrap"),
    "anode": ("анод", "anode"),
    "cathode": ("катод", "cathode"),
    "slimes": ("шлам", "slime"),
    "electrolyte": ("электролит", "electrolyte"),
    "flux": ("кварц", "флюс", "quartz", "flux", "silica"),
    "limestone": ("известняк", "әктас", "limestone"),
    "reverts": ("оборот", "айналым", "revert"),
    "dust": ("пыл", "шаң", "dust"),
    "gas": ("газ", "gas", "дуть", "blast"),
    "acid": ("кислот", "қышқыл", "acid"),
    "bleed": ("вывод", "шығарынды", "bleed"),
    "lime": ("известь", "извести", "әк", "lime"),
    "xanthate": ("ксантогенат", "xanthate"),
    "frother": ("вспенив", "көбіктен", "frother"),
    "balls": ("шар", "ball"),
})  # fmt: skip
WAYS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "out": ("отгру", "отправ", "сдач", "сдан", "жөнел", "тапсыр", "dispatch", "shipped", "loaded", "handed", "отпущ"),
    "in": ("поступ", "получен", "принят", "приход", "прибы", "түсім", "түскен", "қабылда", "receiv", "receipt"),
    "charge": ("загру", "шихт", "залит", "заливк", "подан", "подач", "charge", "салу", "салын"),
    "made": ("выпущ", "выпуск", "отлит", "отливк", "произвед", "образов", "выработ", "шығару", "шығарыл", "құю",
             "құйыл", "cast", "made", "produc", "formed", "түзіл"),
    "loss": ("потер", "шығын", "loss", "lost"),
})  # fmt: skip
PLACES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "store": ("склад", "қойма", "store", "warehouse", "stock"),
    "transit": ("в пути", "жолда", "on rails", "in transit", "on the way"),
    "pile": ("отсек", "штабел", "бөлік", "pile", "bin"),
    "cells": ("ванн", "cell", "астау"),
    "tankhouse": ("электролиз", "tankhouse"),
    "efurnace": ("электропеч", "эл печ", "электр пеш", "electric furnace", "рудно-термич", "рудотермич"),
    "anodefurnace": ("анодн печ", "анодной печ", "анодных печ", "анодные печ", "анод пеш", "anode furnace",
                     "огнев рафин", "огневое рафин", "огневого рафин", "отпен таза", "fire refin"),
    "converter": ("конверт", "конв", "conver"),
    "mixer": ("миксер", "mixer"),
    "ladle": ("ковш", "шөміш", "ladle"),
    "dump": ("отвал", "отв", "үйінді", "dump"),
    "toll": ("давал", "толлинг", "алыс-беріс", "toll"),
    "blend": ("общ", "усреднен", "blend", "жалпы"),
})  # fmt: skip
_NOTHING = (
    "кеніш", "рудник", "mine", "concentrator", "обогатит", "байыту", "фабрик", "собств", "меншік", "own",
    "конвейер", "влаж", "влаг", "moist", "сух", "wet", "dry", "құрғақ", "ылғал", "масс", "вес", "салмақ", "mass",
    "weight", "тонн", "колич", "кол-во", "мөлшер", "содерж", "құрам", "үлес", "анализ", "талдау", "экспр", "жедел",
    "рфа", "xrf", "показан", "таразы", "scale", "уровен", "деңгей", "level", "температ", "temp", "плотн", "насыпн",
    "тығызд", "density", "объем", "көлем", "volume", "погрешн", "қателік", "uncert", "просто", "тоқтау", "down",
    "idle", "врем", "работ", "ход", "жұмыс", "run", "work", "сағ", "hour", "тәулік", "day", "смен", "ауысым",
    "shift", "месяц", "ай", "month", "за", "на", "по", "из", "от", "для", "при", "до", "the", "of", "and", "to",
    "from", "in", "at", "by", "факт", "нақты", "actual", "лент", "нетто", "брутто", "net", "gross", "проб",
    "сынама", "sample", "цех", "завод", "зауыт", "отдел", "бөлімше", "участ", "plant", "shop", "smelter",
    "refinery", "лаб", "журнал", "сведен", "рапорт", "отчет", "report", "класс", "металл", "metal", "расход", "доз",
    "dose", "сток", "начал", "конец", "конц.", "всего", "секци", "секц", "line", "section", "лини", "желі", "техн",
    "полупрод", "договор", "дог", "шарт", "contract", "опробов", "маг", "хим", "продук", "өнім", "product", "матер",
    "material", "тыс", "мың", "certif", "сертиф", "паспорт", "качеств", "сапа", "quality", "энерг", "электр энерг",
    "электроэнерг", "power", "energy", "weigh", "взвеш", "өлше", "loading", "погруз", "массов", "накладн", "реестр",
    "ж.д", "вагон", "теміржол", "rail", "железнодор", "wagon", "лот", "парти", "lot", "фл", "флот", "медеэлектрол",
    "м00к", "м0к", "м1к", "м/э", "номер", "nr", "no", "ток", "напряж", "ом", "май", "main", "карт", "сутк", "суточ",
    "часов", "часы", "суха", "сухо", "сухи", "отд", "весов", "весы", "веса", "доля", "доли", "лабор", "химич",
    "товарн", "влажн", "хода", "лота", "общий вес",
)  # fmt: skip
"""Words that say nothing of which point is meant: quantities, measures, times, grammar; short ones are whole."""
_WEIGHTS = {"material": 3.0, "way": 2.0, "place": 2.0, "plant": 2.0, "number": 3.0, "code": 3.0, "word": 1.0}
_PARTS = re.compile(r"[^\W_]+(?:-[^\W_]+)*", re.UNICODE)
_CODE = re.compile(r"^(?=.*\d)(?=.*[^\W\d_])[^\W_]+(-[^\W_]+)*$")
_LINE_NUMBER = re.compile(
    rf"^(?:l|s|n|line|{'|'.join(map(plain, ('с', 'секц', 'сек')))})-?(\d{{1,2}})$"
    rf"|^(\d{{1,2}})-(?:{'|'.join(map(plain, ('секци', 'бөлі', 'лини', 'желі', 'я', 'й')))})\w*$"
)
_MONTH = "|".join(sorted((plain(one) for one in MONTHS), key=len, reverse=True))
_TIMES = re.compile(
    r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}[./-]20\d\d|\d{1,2}[:.]\d{2}(?!\d)"
    rf"|(?:\d{{1,2}} )?(?<![^\W\d_])(?:{_MONTH})(?![^\W\d_])|\b20\d\d\b"
)
"""Dates and times: their numbers are no lines."""
_STEM = 5
_SHORT_WORD = 3


@lru_cache(maxsize=1)
def _beginnings() -> tuple[tuple[tuple[str, ...], str], ...]:
    """Beginnings of words to their concepts, the longest first; an empty concept says nothing."""
    pairs = [(word, name) for group in (MATERIALS, WAYS, PLACES) for name, words in group.items() for word in words]
    pairs += [(word, "") for word in _NOTHING]
    split = [(tuple(plain(word).split(" ")), name) for word, name in pairs]
    return tuple(sorted(split, key=lambda one: (-len(one[0]), -sum(map(len, one[0])))))


@lru_cache(maxsize=1)
def _elements() -> frozenset[str]:
    """Names and symbols of elements, as patterns see them: they say a component, not a point."""
    words = {plain(one) for one in (*spoken("elements"), "SiO2", "CaO", "MgO", "Al2O3", "FeO", "SO2")}
    return frozenset({*words, *(plain(one) for one in ("меди", "мыс", "мысы", "серебра", "золота", "серы", "железа"))})


@lru_cache(maxsize=1)
def _uoms() -> frozenset[str]:
    """Units of measure, as patterns see them."""
    return frozenset(plain(one).replace("³", "3") for one in spoken("uoms")) | {"нм3", "м3"}


@lru_cache(maxsize=8192)
def concepts(text: str) -> frozenset[str]:
    """What a text speaks of: names of concepts, ``#1`` for a number of a line, codes and stems of other words.

    >>> sorted(concepts("Концентрат секц. 2, т сух.")), sorted(concepts("Отгружено анодов"))
    (['#2', 'conc'], ['anode', 'out'])
    >>> sorted(concepts("Давальч. дог. Т-17")), sorted(concepts("Шлак анодных печей, кг"))
    (['code:t-17', 'toll'], ['anodefurnace', 'slag'])
    """
    words = [_joined(one) for one in _PARTS.findall(_TIMES.sub(" ", plain(text)).replace("№", " ").replace("³", "3"))]
    found: set[str] = set()
    n = 0
    while n < len(words):
        took, name = _concept(words, n)
        if name:
            found.add(name)
        n += took
    return frozenset(found)


def _joined(word: str) -> str:
    return word.strip("-")


def _concept(words: list[str], n: int) -> tuple[int, str]:
    """How many words from a place on are one concept, and its name."""
    word = words[n]
    number = _LINE_NUMBER.match(word)
    if number or (word.isdigit() and len(word) <= 2):
        return 1, f"#{int((number[1] or number[2]) if number else word)}"
    if word.isdigit() or word in _elements() or word in _uoms():
        return 1, ""
    for parts, name in _beginnings():
        here = words[n : n + len(parts)]
        if len(here) == len(parts) and all(_begins(*pair, whole=not name) for pair in zip(here, parts, strict=True)):
            return len(parts), name
    if _CODE.match(word):
        return 1, f"code:{as_latin(word.upper()).lower()}"
    return 1, word.partition("-")[0][:_STEM] if len(word) > 1 else ""


def _begins(word: str, part: str, *, whole: bool) -> bool:
    """Whether a word begins with a part; short parts that say nothing, and those of two letters, must be the word."""
    return word == part or (
        word.startswith(part) and (len(part) > _SHORT_WORD if whole else len(part) > 2 or word[2:3] == "-")
    )


def category(concept: str) -> str:
    """Of which sort a concept is: material, way, place, plant, number, code, or another word."""
    if concept.startswith(("#", "code:", "plant:")):
        return {"#": "number", "c": "code", "p": "plant"}[concept[0]]
    for name, group in (("material", MATERIALS), ("way", WAYS), ("place", PLACES)):
        if concept in group:
            return name
    return "word"


def weight(concept: str) -> float:
    """How much a concept tells which point is meant."""
    return _WEIGHTS[category(concept)]
