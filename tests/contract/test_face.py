"""The public face: complete, lazy, and quick to ask for help."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import zveno

HEAVY = ("numpy", "scipy", "polars", "sqlalchemy", "pydantic", "babel", "pyarrow", "nacl")


def test_every_public_name_leads_somewhere():
    assert zveno.__all__ == sorted(zveno.__all__)
    for name in zveno.__all__:
        assert getattr(zveno, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'reconcil'"):
        _ = zveno.reconcil


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from zveno.cli import run; code = run(['--help']);"
        f"found = [one for one in {HEAVY!r} if one in sys.modules]; sys.exit(str(found) if found else code)"
    )
    env = {**os.environ, "ZVENO_LANG": "en"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    assert "reconcile" in done.stdout


def test_the_reference_pages_are_those_the_program_makes():
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "docs.generate", "--check"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=root, env={**os.environ, "ZVENO_LANG": "en"}, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_links_in_the_documentation_lead_somewhere():
    root = Path(__file__).parents[2]
    broken = []
    for page in [*root.glob("*.md"), *root.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if not target.startswith("http") and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(root)}: {target}")
    assert broken == []
