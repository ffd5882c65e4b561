"""What counts as the description of a chain when it is packed: all its YAML, mappings too, but no workbooks, no store."""

import shutil

from zveno.chain import example, load
from zveno.chain.kept import description_of

HERE = example("workbooks_march_2026")


def test_mappings_belong_to_a_description_and_the_workbooks_that_they_read_do_not():
    found = {one.relative_to(HERE).as_posix() for one in description_of(HERE)}
    mappings = {f"mappings/{one.name}" for one in (HERE / "mappings").iterdir()}
    assert len(mappings) == 13
    assert found == {"chain.yaml", "quality.yaml", *mappings}


def test_what_is_packed_is_the_same_description(tmp_path):
    for one in description_of(HERE):
        path = tmp_path / one.relative_to(HERE)
        path.parent.mkdir(exist_ok=True)
        shutil.copy(one, path)
    model = load(tmp_path).model
    assert model.hash == load(HERE).model.hash
    assert len(model.mappings.layouts) == 12


def test_a_store_inside_the_folder_is_no_part_of_it(tmp_path):
    for name in ("chain.yaml", "mappings/daily.yaml", "store/notes.yaml", "store/log/more.yaml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
    assert [one.relative_to(tmp_path).as_posix() for one in description_of(tmp_path)] == [
        "chain.yaml", "mappings/daily.yaml",
    ]  # fmt: skip
