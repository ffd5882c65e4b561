"""Words of the trade in headings of reports, in three languages: what a column is, which material, which quantity."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ROLE_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("cumulative", ("с начала", "нараст", "month to date", "ай басынан")),
    ("plan", ("план", "plan", "жоспар")),
    ("total", ("итого", "всего", "за сутки", "барлығы", "total", "тәулікте")),
    ("person", ("мастер", "ф.и.о", "фио", "начальник", "шебер", "оператор", "foreman", "сдал", "принял")),
    (
        "note",
        (
            "примечан",
            "замечан",
            "причина",
            "ескерту",
            "себебі",
            "note",
            "remark",
            "основание",
            "способ",
            "comment",
            "грузоотправ",
            "владелец",
            "consignor",
            "owner",
        ),
    ),
    ("uom", ("ед. изм", "ед.изм", "единиц", "unit of", "өлш")),
    ("date", ("дата", "число", "күні", "date", "day", "прибытие", "соңы", "конец смены", "время", "уақыты")),
    ("shift", ("смена", "ауысым", "shift")),
    (
        "id",
        ("№", "номер", "накладная", "wagon", "вагон", "партия", "lot", "зав.", "нөмір", "топтама", "точка уч", "лаб."),
    ),
    (
        "derived",
        ("извлеч", "recovery", "бөліп алу", "выход", "yield", "шығым", "current efficiency", "действительно до"),
    ),
)
"""Roles of columns and the beginnings of words that tell them, the surest first."""
PARTS: tuple[tuple[str, str, str], ...] = (
    ("xanthate", "", ".reagent.xanthate"),
    ("frother", "", ".reagent.frother"),
    ("lime", "", ".reagent.lime"),
    ("balls", "", ".balls"),
    ("", "pass_74um", ".grind"),
    ("", "pH", ".pulp"),
    ("", "run_hours", ""),
    ("", "downtime", ""),
    ("", "current", ".tank"),
    ("", "voltage", ".tank"),
    ("", "cells", ".tank"),
)
"""Parts of a line or plant that are no streams: by what a heading speaks of, or its quantity, the end of the point."""
MOSCOW = ("московск", "мәскеу", "moscow", "мск")
"""Words for the time of railways."""
LOT, WAGON = ("партия", "парт", "лот", "lot", "топтама"), ("вагон", "wagon")
OPENING, CLOSING = ("начало", "басын", "open", "start"), ("конец", "соңын", "clos", "end of")
STOCKTAKE = ("инвентариз", "остатк", "запас", "нзп", "түгенде", "қалдықтар актісі", "stocktake", "stocks", "inventory")
"""Words of titles of acts that count what lies."""
ROSTER = ("дежурств", "график", "табель", "кезекші", "roster", "timesheet", "duty")
"""Words of titles of sheets that hold hours of persons."""
STANDARD = ("соп", "гсо", "со ", "стандартн", "crm", "standard", "сертифицир")
"""Beginnings of names of certified samples."""
SERIAL, VERIFIED = (
    ("зав.", "заводск", "serial", "зауыт №", "зауыттық"),
    ("поверк", "verif", "calibr", "тексеру", "салыстырып"),
)
INSTRUMENT_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("valid_until", ("действ", "valid", "годен", "жарамды")),
    ("verified_on", ("дата последней пов", "дата пов", "поверен", "verified", "last verif", "салыстырып тексеру күні")),
    ("interval", ("мпи", "межповер", "interval", "аралы")),
    ("accuracy_class", ("класс", "accuracy", "class", "дәлдік")),
)
"""Columns of a register of instruments."""
MELTS = frozenset({"matte", "slag", "blister", "anode", "cathode", "scrap", "gas"})
"""Materials that hold no water: their mass is dry without being called so."""
END_OF_SHIFT = ("соңы", "конец", "end of")
WET, DRY = ("влажн", "wet", "ылғалды салм"), ("сух", "dry", "құрғақ")
MOISTURE = ("влага", "влажность", "влаги", "moisture", "ылғалды")
"""Words for moisture, that are not those for what is wet."""
EXPRESS = ("экспр", "xrf", "рфа", "жедел", "express")
CHECK_SIGNS = ("(контр.)", "(дубл.)", "(бақылау)", "(control)", "(duplicate)")
"""Signs in the name of a sample that was analysed a second time."""
SHARE_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("so2", ("so2",)),
    ("mass_uncertainty", ("погрешность", "қателік", "uncertainty")),
    ("moisture", ("влага", "влажн", "moisture", "ылғал")),
)
"""Quantities in per cent that words tell."""
COUNT_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ladles", ("ковш", "шөміш", "ladle")),
    ("cells", ("ванн в работе", "ванн, шт", "ванн в раб", "cells in", "жұмыстағы ванна")),
)
"""Things that are counted."""
MASS_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("mass_gross", ("брутто", "gross")),
    ("mass_tare", ("тара", "tare")),
    ("mass_wet", ("нетто", "net")),
    ("counter_start", ("на начало", "at start")),
    ("counter_end", ("на конец", "at end")),
)
"""Masses with names of their own."""
STOPPED, RUNNING = ("просто", "остан", "тоқтау", "down", "idle", "stop"), ("ход", "работ", "жұмыс", "run", "work")
BY_UOM: Mapping[str, str] = MappingProxyType(
    {"C": "temp", "mm": "level", "kA": "current", "A": "current", "V": "voltage", "mV": "voltage", "m3": "volume",
     "Nm3": "volume", "kNm3": "volume", "MWh": "power", "kWh": "power", "t/m3": "bulk_density", "pcs": "pieces",
     "g/t": "dose", "pH": "pH"}
)  # fmt: skip
"""Quantity that a unit of measure alone tells."""


def holds(text: str, words: tuple[str, ...]) -> bool:
    """Whether a word of a text begins like one of the words.

    >>> holds("Простой, ч", STOPPED), holds("Концентрат, т", ("трат",))
    (True, False)
    """
    low = " " + text.lower().replace("/", " ").replace("(", " ").replace(",", " ")
    return any(" " + one in low for one in words)
