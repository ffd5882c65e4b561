"""Command lines that cannot be understood, and languages that are not there."""

import re

import pytest

from zveno.cli import run

ENGLISH = re.compile(r"\b(Usage|Error|Try|such|Missing|Invalid|Got|argument|command|option|Help|FOLDER|PERIOD)\b")


@pytest.fixture(autouse=True)
def quiet_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("LC_ALL", "LC_MESSAGES", "ZVENO_LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")


@pytest.mark.parametrize(
    ("arguments", "ru", "kk"),
    [
        (["chek"], "команды «chek» нет; возможно, имелось в виду «check»?", "«chek» командасы жоқ"),
        (
            ["check", "--chian", "x"],
            "параметра «--chian» нет; возможно, имелось в виду «--chain»?",
            "«--chian» параметрі",
        ),
        (["check", "--chain"], "после параметра «--chain» нужно значение", "«--chain» параметрінен кейін мән керек"),
        (["check", "--json=1"], "у параметра «--json» не бывает значения", "«--json» параметріне мән берілмейді"),
        (["check", "a", "b"], "лишнее в команде: b", "командада артық жазылған: b"),
        (["import"], "не указано: ПУТЬ...", "көрсетілмеген: ЖОЛ..."),
        (["demo", "--seed", "x"], "--seed ЧИСЛО: здесь нужно целое число, например 3", "бүтін сан, мысалы 3"),
    ],
)
def test_misuse_is_told_in_the_language(capsys, monkeypatch, arguments, ru, kk):
    assert run([*arguments, "--lang", "ru"]) == 2
    told = capsys.readouterr()
    assert ru in told.err
    assert not ENGLISH.search(told.err)
    monkeypatch.setenv("ZVENO_LANG", "kk")
    assert run(arguments) == 2
    assert kk in capsys.readouterr().err


def test_misuse_says_how_to_call_and_where_help_is(capsys):
    assert run(["check", "a", "b"]) == 2
    assert capsys.readouterr().err == (
        "Error: more was written than is needed: b\nUsage: zveno check [OPTIONS] [PERIOD]\nHelp: zveno check --help\n"
    )


def test_help_names_its_places_in_the_language(capsys):
    assert run(["new", "--help", "--lang", "ru"]) == 0
    shown = capsys.readouterr().out
    assert "ПАПКА" in shown
    assert not ENGLISH.search(shown)


def test_no_command_shows_the_help(capsys):
    assert run([]) == 2
    assert "Commands" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["validate", "-c", "one_concentrator"]])
def test_a_language_of_the_environment_that_is_not_there_is_named(capsys, monkeypatch, arguments):
    monkeypatch.setenv("ZVENO_LANG", "de")
    assert run(arguments) == 5
    shown = capsys.readouterr()
    assert shown.err == "ZVENO_LANG is 'de', which is not one of en, ru, kk: set it anew, or add --lang\n"
    assert shown.out == ""


def test_an_option_overrules_the_language_of_the_environment(capsys, monkeypatch):
    monkeypatch.setenv("ZVENO_LANG", "de")
    assert run(["validate", "-c", "nowhere", "--lang", "ru"]) == 3
    assert "нет chain.yaml" in capsys.readouterr().err


@pytest.mark.parametrize("locale", ["ru", "ru_RU.UTF-8", "RU", "ru-KZ"])
def test_a_locale_is_a_language_too(capsys, monkeypatch, locale):
    monkeypatch.setenv("ZVENO_LANG", locale)
    assert run(["validate", "-c", "nowhere"]) == 3
    assert "нет chain.yaml" in capsys.readouterr().err
