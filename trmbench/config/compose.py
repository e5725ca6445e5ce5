"""Presets, TOML and `--set` composed into one resolved configuration with a canonical hash.

Later wins: defaults < task preset < model preset, generic part < model preset, part for this task
< file < command line. Every value remembers where it came from.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from trmbench.config.bases import Base, hashed, wanted_bases
from trmbench.config.cell import COMMAND_LINE, DATA, FILE, Cell, Setting, learned_hash
from trmbench.config.fields import options_of
from trmbench.errors import unknown
from trmbench.plugin import registry
from trmbench.spec import BaseCell, ModelSpec, Preset, RunnerSpec, TaskSpec
from trmbench.spec.settings import CORE_SECTIONS

# --- composition --------------------------------------------------------------------------------


def compose(
    model: ModelSpec,
    task: TaskSpec,
    preset: str,
    from_file: Mapping[str, Any] | None = None,
    from_command: Mapping[str, Any] | None = None,
    runner: RunnerSpec | None = None,
    data: Mapping[str, str] | None = None,
) -> Cell:
    """Resolve the configuration of a cell.

    Args:
        model: the model's spec.
        task: the task's spec.
        preset: name of a preset that both have (a model without presets serves any).
        from_file: overrides of a TOML file, dotted keys.
        from_command: overrides of the command line, dotted keys; strings are parsed.
        runner: the spec of the runner, whose options are a section as well.
        data: digests of the user's files, as a stored trial has them; None = of the files.

    Raises:
        TrmbenchError: an unknown preset or key, a value of the wrong type or out of its range, or
            a file that cannot be read.
    """
    schemas = {"task": task.options, "model": model.options, **CORE_SECTIONS}
    given = [from_file or {}, from_command or {}]
    if runner is not None:
        schemas["runner"] = runner.options
        given = [runner.named_today(settings) for settings in given]
    layers = _layers(model, task, preset, *given)
    cell = Cell(model.name, task.name, preset, _resolved(schemas, layers), cell_id="")
    if task.fitted is not None:
        layers.insert(2, _fitted(model, task, cell))
        cell = dataclasses.replace(cell, sections=_resolved(schemas, layers))
    wanted = wanted_bases(model, cell.values)
    if wanted:  # its data are its first base's, but for what its own preset says
        first = f"base {wanted[0].model}"
        of_base = _wanted_data(wanted[0], task, preset)
        layers.insert(1, (first, of_base))
        cell = dataclasses.replace(cell, sections=_resolved(schemas, layers))
    if data is None:
        data = task.content_of(task.options(**cell.values["task"]))
    bases = _built_upon(wanted, task, preset, cell.values, cell.overrides, data)
    if wanted:  # and so is its training
        layers[1] = (first, {**of_base, **_under("train", bases[0].cell.values["train"])})
        cell = dataclasses.replace(cell, sections=_resolved(schemas, layers))
    _require_fitting(cell, schemas)
    if data:
        cell = dataclasses.replace(cell, sections={**cell.sections, DATA: _held(data)})
    return dataclasses.replace(cell, cell_id=learned_hash(model, task, cell.values, hashed(bases)))


def _require_fitting(cell: Cell, schemas: Mapping[str, type]) -> None:
    """Refuse values that are right one by one, and do not fit each other."""
    for section, schema in schemas.items():
        schema(**cell.values[section])  # a dataclass may refuse them
    if cell.values["execution"]["stack_seeds"]:
        registry.optimizers().find(cell.values["train"]["optimizer"]).spec.require_elementwise()


def _held(data: Mapping[str, str]) -> dict[str, Setting]:
    return {key: Setting(value, f"the files of task.{key}") for key, value in data.items()}


def _fitted(model: ModelSpec, task: TaskSpec, cell: Cell) -> tuple[str, Mapping[str, Any]]:
    """The layer of values that follow from the task's data."""
    assert task.fitted is not None
    values = task.fitted(task.options(**cell.values["task"]), cell.preset)
    has = {field.name for field in dataclasses.fields(model.options)}
    own = {key: value for key, value in values.options.items() if key in has}
    return f"the data of {task.name}", _dotted(dataclasses.replace(values, options=own), "model")


def base_cells(
    model: ModelSpec,
    task: TaskSpec,
    preset: str,
    config: Mapping[str, Mapping[str, Any]],
    overrides: Mapping[str, Any],
) -> list[Base]:
    """The cells that a configured model builds upon; empty for one that builds upon none.

    Args:
        model: the model's spec.
        task: the task's spec.
        preset: the cell's preset.
        config: the cell's values.
        overrides: what a file or the command line changed of them, by dotted key.

    Raises:
        TrmbenchError: there is no such model, or its preset or overrides do not exist.
    """
    wanted = wanted_bases(model, config)
    return _built_upon(wanted, task, preset, config, overrides, config.get(DATA, {}))


def _built_upon(
    several: Iterable[BaseCell],
    task: TaskSpec,
    preset: str,
    config: Mapping[str, Mapping[str, Any]],
    overrides: Mapping[str, Any],
    data: Mapping[str, str],
) -> list[Base]:
    of_task = _under("task", config["task"])
    of_training = {key: value for key, value in overrides.items() if key.startswith("train.")}
    bases = []
    for wanted in several:
        spec = registry.models().find(wanted.model).spec
        changes = {**of_task, **of_training, **wanted.overrides}
        cell = compose(spec, task, wanted.preset or preset, changes, data=data)
        bases.append(Base(wanted, cell))
    return bases


def _wanted_data(wanted: BaseCell, task: TaskSpec, preset: str) -> dict[str, Any]:
    """The values of `task.*` that the base's own preset wants."""
    spec = registry.models().find(wanted.model).spec
    _, *of_model = _layers(spec, task, wanted.preset or preset, {}, {})
    values = {key: value for _, layer in of_model for key, value in layer.items()}
    return {key: value for key, value in values.items() if key.startswith("task.")}


def _layers(
    model: ModelSpec,
    task: TaskSpec,
    preset: str,
    from_file: Mapping[str, Any],
    from_command: Mapping[str, Any],
) -> list[tuple[str, Mapping[str, Any]]]:
    """Origins and their dotted values; later ones win."""
    task_preset = _preset("task", task, preset)
    own = preset if preset in model.presets else task_preset.of_models or preset
    model_preset = _preset("model", model, own) if model.presets else Preset()
    layers: list[tuple[str, Mapping[str, Any]]] = [
        (f"task preset {task.name}/{preset}", _dotted(task_preset, "task")),
        (f"model preset {model.name}/{own}", _dotted(model_preset, "model")),
    ]
    for_this_task = model_preset.for_task.get(registry.tasks().own_name(task.name))
    if for_this_task:
        origin = f"model preset {model.name}/{own} for {task.name}"
        layers.append((origin, _dotted(for_this_task, "model")))
    return [*layers, (FILE, from_file), (COMMAND_LINE, from_command)]


def _resolved(
    schemas: Mapping[str, type], layers: Iterable[tuple[str, Mapping[str, Any]]]
) -> dict[str, dict[str, Setting]]:
    sections: dict[str, dict[str, Setting]] = {
        section: {
            key: Setting(option.default(section), "default", option.allowed)
            for key, option in options_of(schema).items()
        }
        for section, schema in schemas.items()
    }
    for origin, values in layers:
        for dotted, value in values.items():
            _override(sections, schemas, dotted, value, origin)
    return sections


def defaults(section: str, schema: type) -> dict[str, Setting]:
    """Return every setting of a section, as it is where nobody says otherwise.

    Args:
        section: its name, such as "model".
        schema: the dataclass whose fields are the section's keys.
    """
    return _resolved({section: schema}, [])[section]


def checked_section(section: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of one of the harness's own sections, checked.

    Raises:
        TrmbenchError: an unknown key, or a value of the wrong type or out of its range.
    """
    given = [(COMMAND_LINE, _under(section, values))]
    resolved = _resolved({section: CORE_SECTIONS[section]}, given)
    return {key: setting.value for key, setting in resolved[section].items()}


def _preset(kind: str, spec: ModelSpec | TaskSpec, name: str) -> Preset:
    if name not in spec.presets:
        raise unknown(f"preset of {kind} {spec.name!r}:", name, spec.presets)
    return spec.presets[name]


def _dotted(preset: Preset, own_section: str) -> dict[str, Any]:
    parts = {
        "task": preset.task,
        own_section: preset.options,
        "train": preset.train,
        "evaluation": preset.evaluation,
    }
    return {
        dotted: value
        for section, part in parts.items()
        for dotted, value in _under(section, part).items()
    }


def _under(section: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{section}.{key}": value for key, value in values.items()}


def _override(
    sections: dict[str, dict[str, Setting]],
    schemas: Mapping[str, type],
    dotted: str,
    value: Any,
    origin: str,
) -> None:
    section, _, key = dotted.partition(".")
    if section not in sections or not key:
        known = [f"{name}.{key}" for name in sections for key in sections[name]]
        raise unknown(f"setting ({origin})", dotted, known)
    whole, _, name = key.partition(".")
    before = sections[section].get(whole)
    if name and before is not None and isinstance(before.value, Mapping):
        key, value = whole, {**before.value, name: value}  # such as train.loss_weights.NAME
        dotted = f"{section}.{key}"
    if key not in sections[section]:
        known = [f"{section}.{key}" for key in sections[section]]
        raise unknown(f"setting ({origin})", dotted, known)
    value = options_of(schemas[section])[key].checked(dotted, value)
    sections[section][key] = dataclasses.replace(sections[section][key], value=value, origin=origin)
