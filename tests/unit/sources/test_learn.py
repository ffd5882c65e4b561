"""Mappings proposed for layouts that were never seen: how few lines a person has to edit until all is read right.

The mapping of a layout of the example is taken away, a file of the layout is learnt from, and what the proposal (after
the edits) makes of all files of the layout is compared with what the example's own mapping makes of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from zveno.sources.learn import learn, title_pattern

from zveno.chain import example, load
from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.model.mapping import LayoutMapping, Mappings
from zveno.model.yamlfile import YamlFile, read_yaml
from zveno.sources.books import is_book, open_book, text_books
from zveno.sources.mapped import read_mapped, recognise

WORKBOOKS = example("workbooks_march_2026") / "workbooks"
MODEL = load(example("workbooks_march_2026")).model
CASES = [
    ("dispatch", ["Concentrate dispatch March 2026.xlsx"], []),
    ("bof_shifts", ["Балхаш ОФ 2 декада.xlsx", "Балхаш ОФ 3 декада.xlsx"], []),
    ("gas", ["asutp_gaz_2026-03.csv"], [("point: new", "point: gas"), ("көлемі, *\": volume", "көлемі, *\": gas volume"),
                                        ("энергиясы, *\": power", "энергиясы, *\": sm.furnace power")]),
    ("refinery_journal", ["Электролиз журнал 03-2026.xlsm"], [
        ("\"Ток, *\": current", "\"Ток, *\": .tank current"),
        ("pieces", ".tank cells"), ("voltage", ".tank voltage"),
        ("шлам медеэлектролитный: ref.slimes", "шлам*: ref.slimes.out"),
        (".vyvod_elektrolita_kuporosnoe_otd", "ref.bleed"),
        ("загружено в ванны, *\": .anode", "загружено в ванны, *\": .charge"),
        ("\"Медь, *\": mass_dry", "\"Медь, *\": metal_Cu"),
    ]),
    ("zhf_daily", ["ЖОФ_суточный_21.03.2026.xlsx"], [("pass_74um", ".grind pass_74um")]),
    ("zhf_shift", ["ЖОФ_смена_01.03.26_I.xlsx"], [
        ("counter_", ".counter counter_"), ("влажной, *\": mass_wet", "влажной, *\": .feed mass_wet"),
        ("pass_74um", ".grind pass_74um"), ("pH: pH", "pH: .pulp pH"), ("pH: {", "pH: {point: .pulp, "),
    ]),
]  # fmt: skip


def without(layout: str) -> ChainModel:
    """The example without one of its mappings."""
    rest = tuple(one for one in MODEL.mappings.layouts if one.id != layout)
    return MODEL.model_copy(update={"mappings": Mappings(layouts=rest, calendars=MODEL.mappings.calendars)})


def taken(name: str, mappings: Mappings) -> dict[tuple[str, str], tuple[object, ...]]:
    """What becomes of every cell of a file that is no context."""
    content = (WORKBOOKS / name).read_bytes()
    for book in [open_book(content, name)] if is_book(content) else text_books(content):
        known = recognise(book, mappings)
        if known is not None:
            fates = read_mapped(book, name, known, mappings, MODEL.tz).fates
            return {(one.sheet, one.cell): (one.status, one.point, one.quantity, one.value, one.uom, one.start, one.end)
                    for one in fates if one.status == "imported"}  # fmt: skip
    return {}


def edited(text: str, edits: Sequence[tuple[str, str]]) -> tuple[str, int]:
    """A proposal after some edits, and how many of its lines they changed."""
    changed = text
    for old, new in edits:
        changed = changed.replace(old, new)
    return changed, sum(one != two for one, two in zip(text.splitlines(), changed.splitlines(), strict=True))


@pytest.mark.parametrize(("layout", "names", "edits"), CASES, ids=[case[0] for case in CASES])
def test_proposal_reads_a_layout_after_few_edits(layout, names, edits, tmp_path):
    model, lines, layouts = without(layout), 0, []
    for n, name in enumerate(names):
        text, changed = edited(learn(model, (WORKBOOKS / name).read_bytes(), name).text, edits)
        assert len(text.splitlines()) <= 60
        (tmp_path / "m.yaml").write_text(text.replace("id: ", f"id: learnt{n}_", 1), encoding="utf-8")
        read = read_yaml(tmp_path / "m.yaml", "m.yaml")
        assert isinstance(read, YamlFile), read
        layouts.append(LayoutMapping.model_validate(read.data))
        lines += changed
    mappings = Mappings(layouts=tuple(layouts), calendars=MODEL.mappings.calendars)
    assert (
        lines
        <= {"dispatch": 0, "bof_shifts": 0, "gas": 3, "refinery_journal": 7, "zhf_daily": 1, "zhf_shift": 5}[layout]
    )
    own = Mappings(
        layouts=tuple(one for one in MODEL.mappings.layouts if one.id == layout), calendars=mappings.calendars
    )
    for name in names:
        wanted = taken(name, own)
        assert len(wanted) > 30
        assert taken(name, mappings) == wanted


def test_what_is_not_sure_has_a_question_mark():
    found = learn(
        without("refinery_journal"), (WORKBOOKS / "Электролиз журнал 03-2026.xlsm").read_bytes(), "журнал.xlsm"
    )
    assert '"Скрап анодный, *": .scrap mass_dry  # ?' in found.text
    assert found.counts == {"imported": 366, "rejected": 94, "context": 125}  # 31 of a label whose point is asked for
    shown = {row["heading"]: row for row in found.columns()}
    assert shown["Ток, кА"]["values"] == ["22.02", "20.0329", "2026-12-19 00:00:00"]
    assert shown["Ток, кА"]["cell"] == "H5"


def test_layout_that_is_known_already_is_said():
    assert learn(MODEL, (WORKBOOKS / "asutp_gaz_2026-03.csv").read_bytes(), "gas.csv").known_as == "gas"


def test_file_without_a_table_is_refused():
    with pytest.raises(DataError, match="no table"):
        learn(MODEL, b"a letter without numbers", "letter.txt")


@pytest.mark.parametrize(
    ("title", "pattern"),
    [
        ("Журнал за март 2026", "Журнал за *"),
        ("Рапорт цеха", "Рапорт цеха"),
        ("1-я декада", "* декада"),
        ("2026", "2026"),
    ],
)
def test_what_changes_in_a_title_is_left_open(title, pattern):
    assert title_pattern(title) == pattern


def test_point_that_is_not_whole_takes_nothing():
    """A proposal that nobody edited must not bring values of points that the chain does not have."""
    model = without("stocks")
    name = "Инвентаризация НЗП на 31.03.2026.xlsx"
    found = learn(model, (WORKBOOKS / name).read_bytes(), name)
    assert "  # ?" in found.text
    assert 0 < found.counts["imported"] < 218
    assert found.counts["imported"] + found.counts["rejected"] + found.counts["context"] == 408
