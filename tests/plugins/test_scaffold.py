"""`trmbench new` writes packages that work as they are."""

from __future__ import annotations

import configparser
import importlib
import re
import tomllib
from pathlib import Path

import pytest
from plugin_site import Site
from terminal import on_terminal

from trmbench import TrmbenchError
from trmbench.scaffold import KINDS, MODEL_KINDS, create
from trmbench.testing import assert_task_conforms


@pytest.mark.parametrize("kind", KINDS)
def test_package_is_complete_and_bears_its_name(kind: str, tmp_path: Path) -> None:
    folder = create(kind, "deep-thought", tmp_path)
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files >= {
        "pyproject.toml",
        "README.md",
        "tox.ini",
        "deep_thought/__init__.py",
        f"deep_thought/{kind}.py",
        "tests/test_deep_thought.py",
    }
    for file in files:
        text = (folder / file).read_text()
        assert not any(word in text for word in ("my-plugin", "my_plugin", "MyPlugin")), file
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["trmbench"] == {"deep-thought": "deep_thought"}
    tox = configparser.ConfigParser()
    tox.read(folder / "tox.ini")
    assert "pytest" in tox["testenv"]["commands"]


@pytest.mark.parametrize("name", ["My-Model", "my_model", "3d", "-x", "a--b", "class", "", "a/b"])
def test_name_that_no_package_can_have_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(TrmbenchError, match="cannot be the name"):
        create("model", name, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["torch", "trmbench-trm"])
def test_name_of_an_installed_module_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(TrmbenchError, match="is taken"):
        create("model", name, tmp_path)


def test_existing_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "my-model").mkdir()
    with pytest.raises(TrmbenchError, match="exists already"):
        create("model", "my-model", tmp_path)
    assert not list((tmp_path / "my-model").iterdir())


def test_a_table_becomes_a_task_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"{number}+1,{number + 1}\n" for number in range(40))
    (tmp_path / "sums.csv").write_text("question,answer\n" + rows)
    folder = create("task", "plus-one", tmp_path, tmp_path / "sums.csv")
    assert (folder / "plus_one" / "data" / "sums.csv").read_text().endswith(rows)
    monkeypatch.syspath_prepend(folder)
    [spec] = importlib.import_module("plus_one").trmbench_tasks()
    assert_task_conforms(spec)
    assert len(spec.load(spec.options()).split("test")) == 8
    with pytest.raises(TrmbenchError, match="has no table"):
        create("task", "minus-one", tmp_path, tmp_path / "plus-one")
    with pytest.raises(TrmbenchError, match="a model is not made from a table"):
        create("model", "minus-one", tmp_path, tmp_path / "sums.csv")


@pytest.mark.parametrize("model_kind", MODEL_KINDS)
def test_a_model_of_every_kind_is_complete(model_kind: str, tmp_path: Path) -> None:
    folder = create("model", "deep-thought", tmp_path, model_kind=model_kind)
    texts = [path.read_text() for path in folder.rglob("*") if path.is_file()]
    assert len(texts) == 7
    assert not any(re.search("my-plugin|my_plugin|MyPlugin", text) for text in texts)


def test_the_kind_of_a_model_is_asked_on_a_terminal(tmp_path: Path) -> None:
    done = on_terminal("new", "model", "my-model", f"--into={tmp_path}", typed="solver\n")
    assert "recursive, stochastic, self-training, solver" in done
    assert "def predict" in (tmp_path / "my-model" / "my_model" / "model.py").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("kind", [*KINDS, *(f"model --kind {kind}" for kind in MODEL_KINDS[1:])])
def test_package_passes_its_own_tests_untouched(kind: str, tmp_path: Path) -> None:
    site = Site(tmp_path)
    wanted, kind = kind, kind.split()[0]
    made = site.run(f"trmbench new {wanted} my-{kind}")
    assert made.returncode == 0, made.stderr
    site.install(tmp_path / f"my-{kind}")
    checked = site.run(f"trmbench plugins check my-{kind}")
    assert checked.returncode == 0, checked.stdout
    tested = site.run("python -m pytest -q -p no:cacheprovider", cwd=tmp_path / f"my-{kind}")
    assert tested.returncode == 0, tested.stdout


@pytest.mark.slow
def test_new_model_learns_the_mini_maze(tmp_path: Path) -> None:
    site = Site(tmp_path)
    create("model", "my-model", tmp_path)
    site.install(tmp_path / "my-model")
    done = site.run("trmbench run --model my-model --task maze --preset mini --results r")
    assert done.returncode == 0, done.stderr
    read = "import pandas; print(*pandas.read_parquet('r/trials').exact_accuracy)"
    assert float(site.run(f'python -c "{read}"').stdout) > 0.3
