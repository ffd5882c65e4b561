"""What is wrong in a description, in the reader's language: words instead of codes, and what to write."""

import re
from pathlib import Path

import pytest

from zveno.errors import Fault
from zveno.model.load import load_description, read_description
from zveno.text.catalogue import catalogue

CHAIN = """\
format: zveno/chain-1
id: small
title: {en: Small}
timezone: "UTC+05:00"
components: [Cu]
minerals:
  - {id: quartz, group: gangue, sg: 2.6, composition: {}}
plants: [{id: mill, kind: concentrator, sections: [{id: mill.a}]}]
boundaries: [{id: mine}, {id: pond}]
units: [{id: mill.box, section: mill.a}]
streams:
  - {id: ore, from: mine, to: mill.box}
  - {id: tail, from: mill.box, to: pond}
meters:
  - id: scale
    stream: ore
    quantity: wet_mass
    uom: t
    sd_rel_pct: 1
tags:
  - {id: belt, unit: mill.box, uom: t/h, normal: 100}
"""


def write(folder: Path, old: str = "", new: str = "", parameters: str = "") -> Path:
    assert old in CHAIN
    (folder / "chain.yaml").write_text(CHAIN.replace(old, new, 1), encoding="utf-8")
    if parameters:
        (folder / "parameters.yaml").write_text(parameters, encoding="utf-8")
    return folder


def said(folder: Path, lang: str = "ru") -> list[str]:
    return [catalogue(lang).fault(one) for one in read_description(folder)[1]]


def test_the_description_of_these_tests_is_faultless(tmp_path):
    assert said(write(tmp_path)) == []


def test_dimensions_and_units_of_measure_are_words(tmp_path):
    (found,) = said(write(tmp_path, "uom: t\n", "uom: kW\n"))
    assert re.findall(r"«(.*?)»", found) == ["scale", "масса", "кВт", "мощность"]
    assert "mass" not in found


def test_the_units_of_measure_to_choose_from_are_in_the_letters_of_the_reader(tmp_path):
    (found,) = said(write(tmp_path, "uom: t\n", "uom: tonn\n"), "kk")
    assert "т/сағ" in found
    assert "t/h" not in found


@pytest.mark.parametrize(
    ("old", "new", "line", "part"),
    [
        ("sd_rel_pct: 1", "sd_rel_pct: one", 19, "записано «one», а нужно: число, например 1.5"),
        ("sd_rel_pct: 1", "sd_rel_pct: 1,2", 19, "напишите через точку: 1.2"),
        ("sd_rel_pct: 1", "sd_rel_pct:", 19, "не заполнено, а нужно: число"),
        ("sd_rel_pct: 1", "sd_rel_pct: [1]", 19, "записано «список», а нужно: число"),
        ("{id: mine}, ", "mine, ", 9, "а нужно: ключи со значениями"),
        ("components: [Cu]", "components: Cu", 5, "а нужно: список"),
        ("components: [Cu]", "components: [1]", 5, "а нужно: текст"),
        ("id: scale", "id: Scale", 15, "имя из строчных латинских букв"),
        (
            "quantity: wet_mass",
            "quantity: mas",
            17,
            "напишите одно из этих: wet_mass, mass, moisture, survey_mass, assay",
        ),
        ("sg: 2.6", "sg: 2,6", 7, "если 6 стоит после десятичной запятой, напишите число через точку"),
        ("normal: 100}", "normal: [1]}", 21, "одно из этого: число, например 1.5; текст; ключи со значениями"),
        ("normal: 100}", "normal: '1,5'}", 21, "напишите через точку: 1.5"),
        ("normal: 100}", "normal: {value: x}}", 21, "«tags.0.normal.value» не читается"),
    ],
)
def test_a_value_that_does_not_fit_is_one_sentence_that_says_what_to_write(tmp_path, old, new, line, part):
    found = said(write(tmp_path, old, new))
    assert [part in one for one in found] == [True], found
    assert found[0].startswith(f"chain.yaml:{line}: ")
    assert not re.search(r"\b(input|valid|should|string|number|list|dict|NoneType)\b", found[0])


@pytest.mark.parametrize(
    ("old", "new", "line", "part"),
    [
        ("components: [Cu]", "components: [Cu", 6, "скобка «[» из строки 5 не закрыта"),
        ("title: {en: Small}", "title: {en: Small", 4, "не закрыта фигурная скобка из строки 3"),
        ("id: belt", 'id: "belt', 22, "кавычка из строки 21 не закрыта"),
        ("    stream: ore", "\tstream: ore", 16, "отступ сделан табуляцией"),
        ("id: small", "id: small: plant", 2, "второе двоеточие"),
        ("    stream: ore", "   stream: ore", 16, "отступ строки не такой"),
        ("id: small", "id", 3, "ключ без двоеточия"),
        ("id: small", "id: small\nid: again", 3, "ключ «id» записан дважды"),
        ("id: belt", "id: *.belt", 21, "возьмите в кавычки"),
        ("id: belt", "id: @belt", 21, "текст не может начинаться с «@»"),
        ("title: {en: Small}", "title: {en: 'a' b}", 3, ""),
        ("id: small", "id: small]\nmore: [1]]", 3, "«]» ничего не закрывает"),
        ("id: small", "id: - small", 2, "начните список с новой строки"),
        ("timezone", "about: {en: 2026-02-30}\ntimezone", 4, "такой даты в календаре нет"),
        ("id: small", "id: sm\x01all", 2, "недопустимый в тексте знак (код 1)"),
    ],
)
def test_broken_yaml_is_explained_without_english(tmp_path, old, new, line, part):
    (found,) = said(write(tmp_path, old, new))
    assert found.startswith(f"chain.yaml:{line}: ")
    assert part in found
    assert not re.search(r"\b(expected|found|while|mapping|block|scalar|token|allowed)\b", found)


def test_another_encoding_is_named(tmp_path):
    (tmp_path / "chain.yaml").write_bytes("title: Медь".encode("cp1251"))
    assert said(tmp_path) == ["chain.yaml: файл не в кодировке UTF-8: сохраните его в UTF-8"]


@pytest.mark.parametrize("word", ["т/ч", "т/сағ", "t/h", "т / ч"])
def test_units_of_measure_may_be_written_in_any_language(tmp_path, word):
    model = load_description(write(tmp_path, "uom: t/h", f'uom: "{word}"'))
    assert model.tags["belt"].uom == "t/h"


def test_figures_take_units_of_measure_in_any_language(tmp_path):
    figures = (
        "parameters:\n  a: {value: 3, uom: тыс. т/год}\n  b: {value: 5, uom: кВт*ч/т}\n  c: {value: 1, uom: доля}\n"
    )
    found = load_description(write(tmp_path, parameters=figures)).parameters
    assert [found[name].uom for name in "abc"] == ["kt/y", "kWh/t", "frac"]


def test_the_case_of_a_unit_of_measure_counts(tmp_path):
    assert "«mt»" in said(write(tmp_path, "uom: t\n", "uom: mt\n"))[0]


def test_a_sentence_kept_in_english_is_told_again():
    message = "'{uom}' measures {got}, but {wanted} is needed: give the value in '{into}' or a unit like it"
    kept = str(Fault(message, {"uom": "kg", "got": "mass", "wanted": "fraction", "into": "%", "near": "t"}))
    told = catalogue("ru").retold(kept)
    assert re.findall(r"«(.*?)»", told)[:4] == ["кг", "масса", "доля", "%"]
    assert told.endswith("возможно, имелось в виду «t»?")
    assert catalogue("en").retold(kept) == kept
    assert catalogue("ru").retold("nobody ever wrote this") == "nobody ever wrote this"
