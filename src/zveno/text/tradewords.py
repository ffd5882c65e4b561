"""Words of the trade in headings of reports, in three languages: what a column is, which material, which quantity."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ROLE_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("cumulative", ("с начала", "нараст", "month to date", "ай басынан")),
    ("plan", ("план", "plan", "жоспар")),
    ("total", ("итого", "всего", "за сутки", "барлығы", "total", "тәулікте")),
    ("person", ("мастер", "ф.и.о", "фио", "начальник", "шебер", "оператор", "foreman", "сдал", "принял")),
    ("note", ("примечан", "замечан", "причина", "ескерту", "note", "remark", "основание", "способ", "comment")),
    ("uom", ("ед. изм", "ед.изм", "единиц", "unit of", "өлш")),
    ("date", ("дата", "күні", "date", "прибытие", "соңы", "конец смены", "время", "уақыты")),
    ("shift", ("смена", "ауысым", "shift")),
    ("id", ("№", "номер", "накладная", "wagon", "партия", "lot", "зав.", "нөмір")),
    ("derived", ("извлечение", "извлеч.", "recovery", "бөліп алу", "выход по току", "current efficiency")),
)
"""Roles of columns and the beginnings of words that tell them, the surest first."""
MATERIAL_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (".reagent.lime", ("известь", "әк", "lime")),
    (".reagent.xanthate", ("ксантогенат", "xanthate")),
    (".reagent.frother", ("вспениватель", "көбіктендіргіш", "frother")),
    (".balls", ("шары", "шарлар", "balls")),
    (".tail", ("хвост", "хв.", "қалдық", "tail")),
    (".conc", ("концентрат", "конц", "к-т", "кек", "conc", "cake")),
    (".feed", ("руда", "руды", "питани", "кен", "ore", "feed")),
    (".matte", ("штейн", "matte")),
    (".slag", ("шлак", "қож", "slag")),
    (".blister", ("черновая", "черновой", "қара мыс", "blister")),
    (".scrap", ("скрап", "scrap")),
    (".anode", ("анод", "anode")),
    (".cathode", ("катод", "cathode")),
    (".slimes", ("шлам", "slime")),
    (".electrolyte", ("электролит", "electrolyte")),
)
"""What a value is of, as the end of a point, and the beginnings of words that tell it."""
OUT, IN = ("отгруж", "отправ", "жөнелт", "loaded", "dispatch"), ("поступ", "принято", "received", "қабылд")
"""Words for what leaves and for what comes."""
END_OF_SHIFT = ("соңы", "конец", "end of")
WET, DRY = ("влажн", "wet", "ылғалды салм"), ("сух", "dry", "құрғақ")
EXPRESS = ("экспр", "xrf", "рфа", "жедел", "express")
CHECK_SIGNS = ("(контр.)", "(дубл.)", "(бақылау)", "(control)", "(duplicate)")
"""Signs in the name of a sample that was analysed a second time."""
SHARE_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("so2", ("so2",)),
    ("mass_uncertainty", ("погрешность", "қателік", "uncertainty")),
    ("pass_74um", ("класс", "-0,074", "-74")),
    ("moisture", ("влага", "влажн", "moisture", "ылғал")),
)
"""Quantities in per cent that words tell."""
MASS_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("mass_gross", ("брутто", "gross")),
    ("mass_tare", ("тара", "tare")),
    ("mass_wet", ("нетто", "net")),
    ("counter_start", ("на начало", "at start")),
    ("counter_end", ("на конец", "at end")),
)
"""Masses with names of their own."""
STOPPED, RUNNING = ("просто", "тоқтау", "down", "idle"), ("ход", "работ", "жұмыс", "run", "work")
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
