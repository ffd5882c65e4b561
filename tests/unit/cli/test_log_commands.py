"""The commands person, archive, verify, backup, restore: what they ask, say and refuse."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.signed_books import LIGHT

from zveno.cli import run
from zveno.log import Log, persons, read_pem

REGISTRAR, CHIEF = "words of the registrar", "слова главного бухгалтера"


@pytest.fixture(autouse=True)
def quiet_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZVENO_LANG", "en")
    for name in ("ZVENO_PASSPHRASE", "ZVENO_NEW_PASSPHRASE", "ZVENO_PASSPHRASE_FD", "ZVENO_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    light = lambda log: heavy(log, LIGHT)  # noqa: E731 - the effort of opening a key is tested elsewhere
    heavy = persons.Persons
    monkeypatch.setattr("zveno.log.Persons", light)


@pytest.fixture
def say(monkeypatch):
    """Run a command line with pass-phrases in the environment."""

    def said(*arguments: str, present: str = "", new: str = "") -> int:
        for name, value in (("ZVENO_PASSPHRASE", present), ("ZVENO_NEW_PASSPHRASE", new)):
            if value:
                monkeypatch.setenv(name, value)
            else:
                monkeypatch.delenv(name, raising=False)
        return run([*arguments, "--store", "store"])

    return said


@pytest.fixture
def entered(say, capsys):
    """A registrar and a chief accountant."""
    assert say("person", "add", "registrar", "--name", "Registrar", "--role", "registrar", new=REGISTRAR) == 0
    by = ("--as", "registrar", "--from", "2026-01-01")
    name = ("--name", "Главный бухгалтер", "--role", "chief_accountant")
    assert say("person", "add", "chief", *name, *by, present=REGISTRAR, new=CHIEF) == 0
    return capsys.readouterr().out


def test_a_person_is_entered_with_a_key_to_note(entered):
    keys = re.findall(r"has the key ((?:[0-9a-f]{4}-){3}[0-9a-f]{4}) \(record (\d)\)", entered)
    assert [number for _, number in keys] == ["0", "1"]


def test_persons_are_listed(entered, say, capsys):
    assert say("person", "list") == 0
    told = capsys.readouterr().out
    assert "Главный бухгалтер" in told
    assert "chief metal accountant" in told
    assert say("person", "list", "--json") == 0
    chief = json.loads(capsys.readouterr().out)[1]
    assert (chief["id"], chief["valid_from"], chief["valid_to"]) == ("chief", "2026-01-01", None)
    assert run(["person", "list", "--store", "store", "--lang", "kk"]) == 0
    assert "металл есебінің бас бухгалтері" in capsys.readouterr().out


def test_an_empty_register_says_how_to_begin(say, capsys):
    assert say("person", "list") == 0
    assert "begin with zveno person add" in capsys.readouterr().out


def test_the_passphrase_is_never_asked_where_there_is_no_terminal(entered, say, capsys):
    assert say("person", "revoke", "chief", "--reason", "x", "--as", "registrar") == 5
    assert "there is no terminal to ask for the pass-phrase of 'registrar'" in capsys.readouterr().err


def test_the_terminal_is_asked_twice_for_a_new_passphrase(say, capsys, monkeypatch):
    asked, answers = [], iter(["words of somebody", "words of sombody", *["words of somebody"] * 2])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("zveno.cli.passphrase.getpass", lambda prompt: asked.append(prompt) or next(answers))
    add = ("person", "add", "registrar", "--name", "Registrar", "--role", "registrar")
    assert say(*add) == 5
    assert "the two pass-phrases differ" in capsys.readouterr().err
    assert say(*add) == 0
    assert asked == ["New pass-phrase of registrar: ", "Once more: "] * 2


def test_passphrases_come_from_a_file_descriptor_in_the_order_of_asking(tmp_path):
    """As a machine would do it: the lines of a file, which neither the command line nor the environment shows."""
    lines = tmp_path / "lines"
    lines.write_text(f"{REGISTRAR}\n", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "zveno",
        "person",
        "add",
        "r",
        "--name",
        "R",
        "--role",
        "registrar",
        "--store",
        "s",
    ]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")}
    with lines.open() as file:
        given = {**env, "ZVENO_PASSPHRASE_FD": str(file.fileno())}
        done = subprocess.run(command, env=given, pass_fds=[file.fileno()], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert persons.Persons(Log(tmp_path / "s")).unlock("r", REGISTRAR).name == "R"


def test_a_descriptor_that_is_not_open_or_too_short_is_told(say, capsys, monkeypatch, tmp_path):
    add = ("person", "add", "registrar", "--name", "Registrar", "--role", "registrar")
    monkeypatch.setenv("ZVENO_PASSPHRASE_FD", "987")
    assert say(*add) == 5
    assert "ZVENO_PASSPHRASE_FD is '987', which is no open file" in capsys.readouterr().err
    with (tmp_path / "empty").open("w+") as file:
        monkeypatch.setenv("ZVENO_PASSPHRASE_FD", str(file.fileno()))
        assert say(*add) == 5
    assert "too few lines" in capsys.readouterr().err


def test_keys_are_revoked_replaced_and_their_passphrase_changed(entered, say, capsys):
    assert say("person", "passphrase", "chief", present=CHIEF, new="other words than before") == 0
    assert say("person", "rekey", "chief", "--reason", "new machine", present="other words than before", new=CHIEF) == 0
    by = ("--as", "registrar")
    amended = ("--role", "accountant", "--to", "2026-12-31")
    assert say("person", "amend", "chief", *amended, *by, present=REGISTRAR) == 0
    assert say("person", "revoke", "chief", "--reason", "has left", *by, present=REGISTRAR) == 0
    assert "the key of chief is revoked (record 4)" in capsys.readouterr().out
    assert say("person", "list") == 0
    row = next(one for one in capsys.readouterr().out.splitlines() if one.startswith("chief"))
    assert "metal accountant" in row
    assert "2026-12-31" in row
    assert row.endswith("revoked")
    Path("f.txt").write_text("x")
    assert say("archive", "f.txt", "--out", "a.tar", "--as", "chief", present=CHIEF) == 5
    assert "was revoked: has left" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "problem", "code"),
    [
        (("person", "key", "nobody"), "there is no person 'nobody'", 5),
        (("person", "add", "x", "--name", "X", "--role", "king", "--as", "registrar"), "'king' is not a role", 5),
        (
            ("person", "add", "x", "--name", "X", "--role", "auditor", "--from", "spring", "--as", "registrar"),
            "is no date",
            5,
        ),
        (("person", "add", "x", "--name", "X", "--role", "auditor", "--as", "chief"), "pass-phrase is wrong", 5),
        (("archive", "--out", "a.tar", "--as", "registrar"), "there is nothing to pack", 5),
        (("archive", "none.txt", "--out", "a.tar", "--as", "registrar"), "'none.txt' does not exist", 5),
        (("backup", "nowhere/b.tar", "--store", "none"), "there is no store in 'store'", 5),
    ],
)
def test_what_cannot_be_done_is_told(entered, say, capsys, arguments, problem, code):
    if "--store" in arguments:
        Path("store").rename("away")
        arguments = arguments[:2]
    assert say(*arguments, present=REGISTRAR, new="words of a newcomer") == code
    assert problem in capsys.readouterr().err
    assert not Path("a.tar").exists()


def test_an_archive_verifies_with_the_key_of_its_signer(entered, say, capsys):
    Path("month").mkdir()
    Path("month/flows.csv").write_text("conc,12.5\n")
    assert say("archive", "month", "--out", "a.tar", "--as", "chief", present=CHIEF) == 0
    head = re.search(r"head of the log: (\S+);", capsys.readouterr().out)[1]
    assert say("person", "key", "chief", "--out", "chief.pem") == 0
    capsys.readouterr()
    assert run(["verify", "a.tar", "--key", "chief.pem", "--head", head, "--lang", "ru"]) == 0
    told = capsys.readouterr().out
    assert "исправно: файлов 1, подписанных записей 3" in told
    assert "Главный бухгалтер, 20" in told
    assert "Передаю эти файлы такими, как они стоят в учёте" in told
    assert run(["verify", "a.tar"]) == 0
    assert "the keys are those in the archive itself" in capsys.readouterr().out
    assert run(["verify", "a.tar", "--records"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].startswith("    0  person_added  Registrar, 20")
    assert rows[2].startswith("    2  archived  Главный бухгалтер, 20")
    assert run(["verify", "store", "--records"]) == 0
    assert capsys.readouterr().out.splitlines()[:3] == rows[:3]
    assert run(["verify", "a.tar", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["sound"], found["files"], found["head"]) == (True, ["month/flows.csv"], head)
    assert found["records"][2]["kind"] == "archived"


def test_a_spoiled_archive_is_told_in_the_language_with_exit_code_1(entered, say, capsys):
    Path("flows.csv").write_text("conc,12.5\n")
    assert say("archive", "flows.csv", "--out", "a.tar", "--as", "chief", present=CHIEF) == 0
    capsys.readouterr()
    content = Path("a.tar").read_bytes()
    Path("b.tar").write_bytes(content.replace(b"conc,12.5", b"conc,13.5"))
    for lang, words in (
        ("en", "was altered within its bytes 0 to 9"),
        ("ru", "изменён в пределах"),
        ("kk", "өзгертілген"),
    ):
        assert run(["verify", "b.tar", "--lang", lang]) == 1
        assert words in capsys.readouterr().out
    Path("b.tar").write_bytes(content[:-3000])
    assert run(["verify", "b.tar", "--lang", "ru"]) == 1
    size = [f"{one:,}".replace(",", "\N{NO-BREAK SPACE}") for one in (len(content) - 3000, len(content))]
    assert f"архив обрывается на байте {size[0]} из {size[1]}" in capsys.readouterr().out
    assert run(["verify", "b.tar", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["findings"][0]["kind"] == "truncated"
    Path("other.pem").write_text("hello")
    assert run(["verify", "a.tar", "--key", "other.pem"]) == 5
    assert run(["verify", "flows.csv"]) == 5
    assert run(["verify", "none.tar"]) == 5
    assert run(["verify", "."]) == 5
    assert "there is no log in" in capsys.readouterr().err


def test_a_period_goes_into_the_archive_with_its_description(entered, say, capsys, monkeypatch):
    monkeypatch.setenv("ZVENO_PASSPHRASE", CHIEF)
    assert run(["new", "mine"]) == 0
    assert run(["emulate", "2026-03-05", "-c", "mine", "--out", "played"]) == 0
    assert run(["import", "played/plant", "-c", "mine", "--store", "store"]) == 0
    asked = ["--out", "a.tar", "--as", "chief", "--period", "2026-03-05", "-c", "mine", "--store", "store"]
    assert run(["archive", *asked]) == 0
    capsys.readouterr()
    assert run(["verify", "a.tar", "--json"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert "period/records.csv" in files
    assert "period/readings.parquet" in files
    assert "period/description/chain.yaml" in files
    assert run(["backup", "b.tar", "--store", "store"]) == 0
    assert run(["restore", "b.tar", "--store", "again"]) == 0
    assert run(["check", "2026-03-05", "-c", "mine", "--store", "again"]) == 0


def test_a_store_is_backed_up_verified_and_restored(entered, say, capsys):
    assert say("backup", "b.tar") == 0
    assert "written: b.tar (4 files)" in capsys.readouterr().out
    assert run(["verify", "b.tar"]) == 0
    assert "nobody signs for a backup as a whole" in capsys.readouterr().out
    assert run(["verify", "store"]) == 0
    assert "sound: 2 signed records" in capsys.readouterr().out
    assert say("restore", "b.tar") == 6
    assert "add --overwrite" in capsys.readouterr().err
    assert say("restore", "b.tar", "--overwrite") == 0
    assert "the store that was there is kept in 'store-before-" in capsys.readouterr().out
    assert len(Log(Path("store")).records) == 2


def test_a_live_log_that_was_altered_is_told(entered, capsys):
    path = Path("store/log/journal")
    path.write_bytes(path.read_bytes().replace(b"Registrar", b"Registrat", 1))
    assert run(["verify", "store"]) == 1
    assert "the log is damaged in bytes" in capsys.readouterr().out
    assert run(["verify", "store", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["sound"] is False


def test_the_public_key_is_shown_as_pem(entered, say, capsys):
    assert say("person", "key", "chief") == 0
    assert len(read_pem(capsys.readouterr().out.encode())) == 32


def test_the_store_of_a_description_and_of_an_example_is_found(entered, capsys):
    assert run(["person", "list", "-c", "nowhere"]) == 5
    assert "no chain.yaml in 'nowhere'" in capsys.readouterr().err
    assert run(["person", "list", "-c", "one_concentrator"]) == 0
    assert "nobody is entered yet" in capsys.readouterr().out
    Path("mine").mkdir()
    Path("mine/chain.yaml").write_text("")
    Path("store").rename("mine/store")
    assert run(["person", "list", "-c", "mine"]) == 0
    assert "Registrar" in capsys.readouterr().out


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_help_of_a_group_speaks_the_language(capsys, lang):
    assert run(["person", "--help", "--lang", lang]) == 0
    told = capsys.readouterr().out
    words = {"en": "End a key", "ru": "Отозвать ключ", "kk": "Кілтті кері қайтару"}[lang]
    assert words in " ".join(told.split())
    assert run(["person", "add", "--help", "--lang", lang]) == 0
    assert {"en": "Last day", "ru": "Последний день", "kk": "соңғы күні"}[lang] in " ".join(
        capsys.readouterr().out.split()
    )


def test_verifying_loads_nothing_heavy(entered, say, capsys):
    Path("f.txt").write_text("x")
    assert say("archive", "f.txt", "--out", "a.tar", "--as", "chief", present=CHIEF) == 0
    code = (
        "import sys; from zveno.cli import run; code = run(['verify', 'a.tar']);"
        "found = [one for one in ('numpy', 'polars', 'scipy', 'sqlalchemy') if one in sys.modules];"
        "sys.exit(str(found) if found else code)"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
