"""Broken plugins are named with their reason and harm nobody else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from plugin_site import Site

HOOK = "from trmbench import ModelSpec, Preset, RunnerSpec, TaskSpec, hookimpl\n"
MODELS = f"{HOOK}\n@hookimpl\ndef trmbench_models():\n    "
GOOD = f"{MODELS}return [ModelSpec('NAME', 'Good', {{}}, build=None)]\n"

BROKEN = {
    "fails-to-import": ("raise RuntimeError('no luck today')\n", "RuntimeError: no luck today"),
    "needs-a-package": ("import a_package_nobody_has\n", "ModuleNotFoundError"),
    "has-a-typo": ("def broken(:\n", "SyntaxError"),
    "leaves-the-process": ("import sys\nsys.exit('bye')\n", "SystemExit"),
    "misspells-a-hook": (MODELS.replace("models", "modles") + "return []\n", "trmbench_modles"),
    "invents-an-argument": (MODELS.replace("models()", "models(x)") + "return []\n", "x"),
    "has-no-hook": ("VALUE = 1\n", "implements no hook"),
    "raises-in-a-hook": (f"{MODELS}return 1 / 0\n", "trmbench_models raised ZeroDivisionError"),
    "returns-a-number": (f"{MODELS}return 42\n", "trmbench_models"),
    "returns-a-name": (f"{MODELS}return ['trm']\n", "'trm'"),
    "offers-twice": (
        f"{MODELS}return [ModelSpec('twin', '', {{}}, build=None)] * 2\n",
        "second time",
    ),
    "raises-in-commands": (
        f"{HOOK}\n@hookimpl\ndef trmbench_commands(cli):\n    raise KeyError('verb')\n",
        "trmbench_commands raised KeyError",
    ),
}


def _module(name: str) -> str:
    return name.replace("-", "_")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """All broken plugins and a good one, installed together."""
    site = Site(tmp_path_factory.mktemp("isolation"))
    folders = [site.package(name, {_module(name): text}) for name, (text, _) in BROKEN.items()]
    folders.append(site.package("good-one", {"good_one": GOOD.replace("NAME", "good-model")}))
    site.install(*folders)
    return site


@pytest.fixture(scope="module")
def listed(site: Site) -> subprocess.CompletedProcess[str]:
    """The output of `trmbench plugins list`."""
    done = site.run("trmbench plugins list")
    assert done.returncode == 0, done.stderr
    return done


def _status(listed: subprocess.CompletedProcess[str], name: str) -> str:
    lines = [line.replace("│", " ").split() for line in listed.stdout.splitlines()]
    words = (word for line in lines if line[:1] == [name] for word in line)
    return next(word for word in words if word in ("ok", "broken", "disabled"))


@pytest.mark.slow
@pytest.mark.parametrize("name", BROKEN)
def test_broken_plugin_is_named_with_its_reason(
    name: str, listed: subprocess.CompletedProcess[str]
) -> None:
    assert _status(listed, name) == "broken"
    lines = [line for line in listed.stderr.splitlines() if f"plugin {name} of {name}" in line]
    assert len(lines) == 1
    assert BROKEN[name][1] in lines[0].partition("left out: ")[2]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["good-one", "trm", "maze", "local"])
def test_good_plugins_work_beside_broken_ones(
    name: str, listed: subprocess.CompletedProcess[str]
) -> None:
    assert _status(listed, name) == "ok"


@pytest.mark.slow
@pytest.mark.parametrize("command", ["--help", "list models", "list tasks", "list runners"])
def test_commands_work_beside_broken_plugins(command: str, site: Site) -> None:
    done = site.run(f"trmbench {command}")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "plugin fails-to-import of fails-to-import is left out: RuntimeError" in done.stderr
    if command == "list models":
        assert "good-model" in done.stdout


@pytest.mark.slow
def test_strict_plugins_refuses_in_one_line(site: Site) -> None:
    done = site.run("trmbench --strict-plugins list models")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert any(name in done.stderr for name in BROKEN)


@pytest.mark.slow
def test_disabled_plugins_are_not_even_imported(site: Site) -> None:
    names = ",".join(BROKEN)
    done = site.run("trmbench --strict-plugins plugins list", TRMBENCH_DISABLE_PLUGINS=names)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("disabled") >= len(BROKEN)
    assert "broken" not in done.stdout


@pytest.mark.slow
def test_check_reports_a_broken_plugin(site: Site) -> None:
    done = site.run("trmbench plugins check fails-to-import")
    assert done.returncode == 1
    assert "no luck today" in done.stdout


@pytest.mark.slow
def test_check_of_an_unknown_plugin_offers_the_nearest(site: Site) -> None:
    done = site.run("trmbench plugins check good-on")
    assert done.returncode == 2
    assert "did you mean 'good-one'" in done.stderr


@pytest.mark.slow
def test_equal_names_are_refused_and_qualified_names_work(tmp_path: Path) -> None:
    site = Site(tmp_path / "site-root")
    copy = (
        f"{MODELS}return [ModelSpec('trm', 'Another', {{}}, build=lambda *a: Copy())]\n"
        "class Copy:\n"
        "    def predict(self, batch, generator):\n"
        "        from trmbench import Answers\n"
        "        return Answers(batch.inputs, batch.inputs[:, 0] * 0.0)\n"
    )
    site.install(site.package("another-trm", {"another_trm": copy}, version="2.5"))
    run = "trmbench run --task maze --preset mini --limit 8 --results r --model"
    refused = site.run(f"{run} trm")
    assert refused.returncode == 2
    assert "another-trm:trm" in refused.stderr
    assert "trmbench:trm" in refused.stderr
    done = site.run(f"{run} another-trm:trm")
    assert done.returncode == 0, done.stderr
    read = "import pandas; print(*pandas.read_parquet('r/trials').provenance)"
    assert (
        '"distribution": "another-trm", "version": "2.5"' in site.run(f'python -c "{read}"').stdout
    )
