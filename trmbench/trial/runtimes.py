"""Programs in files: written, and answering puzzles without the code that trained them."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import Generator, Tensor
from torch.export import ExportedProgram

from trmbench.errors import TrmbenchError, one_line
from trmbench.spec import Answers, Batch
from trmbench.store.output import write_output

if TYPE_CHECKING:
    import onnxruntime

METADATA = "trmbench.json"
HINT = "pip install 'trmbench[onnx]'"


class Program(Protocol):
    """A whole answer as a program."""

    def __call__(
        self, inputs: np.ndarray, puzzle_identifiers: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Answer: (B, L) and (B,) int64 -> (B, L) int64 and the confidence (B,) float32."""
        ...


class TorchProgram:
    """A program of torch.export.

    Args:
        file: as `write_torch` wrote it.
    """

    def __init__(self, file: Path) -> None:
        extra = {METADATA: ""}
        try:
            with _quietly():
                self._run = torch.export.load(file, extra_files=extra).module()
        except Exception as error:  # it depends on what the file holds instead
            why = one_line(error)[:200]
            raise TrmbenchError(f"{file} is no program of torch.export: {why}") from error
        self.metadata: Mapping[str, Any] = json.loads(extra[METADATA] or "{}")

    @torch.inference_mode()
    def __call__(
        self, inputs: np.ndarray, puzzle_identifiers: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        answer, confidence = self._run(
            torch.from_numpy(inputs), torch.from_numpy(puzzle_identifiers)
        )
        return answer.numpy(), confidence.numpy()


class OnnxProgram:
    """An ONNX model, run by ONNX Runtime.

    Args:
        file: as `write_onnx` wrote it.
        threads: CPU threads.

    Raises:
        TrmbenchError: ONNX Runtime is not installed, or the file is no ONNX model.
    """

    def __init__(self, file: Path, threads: int = 1) -> None:
        runtime = _onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = threads, 3
        try:
            self._session: onnxruntime.InferenceSession = runtime.InferenceSession(
                str(file), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # of ONNX Runtime's own kinds
            raise TrmbenchError(f"{file} is no ONNX model: {one_line(error)[:200]}") from error
        told = self._session.get_modelmeta().custom_metadata_map
        self.metadata: Mapping[str, Any] = json.loads(told.get(METADATA, "{}"))

    def __call__(
        self, inputs: np.ndarray, puzzle_identifiers: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        given = {"inputs": inputs, "puzzle_identifiers": puzzle_identifiers}
        wanted = {each.name for each in self._session.get_inputs()}
        answer, confidence = self._session.run(
            None, {name: array for name, array in given.items() if name in wanted}
        )
        return answer, confidence


class ProgramSolver:
    """A solver that has a program answer."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def predict(self, batch: Batch, generator: Generator) -> Answers:
        """Answer a batch."""
        arrays = (part.cpu().numpy() for part in (batch.inputs, batch.puzzle_identifiers))
        answer, confidence = self._program(*arrays)
        return Answers(torch.from_numpy(answer), torch.from_numpy(confidence))


def write_torch(program: ExportedProgram, file: Path, metadata: Mapping[str, Any]) -> None:
    """Write a program of torch.export (.pt2).

    Raises:
        TrmbenchError: the file cannot be written.
    """

    def write(path: Path) -> None:
        with path.open("wb") as content:
            torch.export.save(program, content, extra_files={METADATA: json.dumps(metadata)})

    write_output(file, write)


def write_onnx(program: ExportedProgram, file: Path, metadata: Mapping[str, Any]) -> None:
    """Write a program as an ONNX model, its weights included.

    Raises:
        TrmbenchError: the packages for it are not installed, ONNX lacks an operation of the model,
            or the file cannot be written.
    """
    _onnxruntime()
    try:
        with _quietly():
            plain = program.run_decompositions({torch.ops.aten.erfinv.default: inverse_erf})
            found = torch.onnx.export(plain, dynamo=True, verbose=False)
    except ImportError as error:
        raise TrmbenchError(f"{error.name} is not installed", HINT) from error
    except Exception as error:  # of torch's own kinds, with pages of advice
        cause = one_line(error.__cause__ or error)[:300]
        raise TrmbenchError(
            f"the model cannot be exported to ONNX: {cause}", "--format torch may do"
        ) from error
    assert found is not None
    for node in found.model.graph.all_nodes():
        node.metadata_props.clear()  # where in torch's program it comes from
    found.model.metadata_props[METADATA] = json.dumps(metadata)
    write_output(file, lambda path: found.save(path, external_data=False))


_CENTRE = (
    *(2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087),
    *(-0.00125372503, -0.00417768164, 0.246640727, 1.50140941),
)
_TAILS = (
    *(-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773),
    *(-0.0076224613, 0.00943887047, 1.00167406, 2.83297682),
)


def inverse_erf(x: Tensor) -> Tensor:
    """Compute the inverse error function, which ONNX lacks, from operations that it has.

    M. Giles, Approximating the erfinv function, GPU Computing Gems 2 (2011), single precision:
    relative error below 4e-7.
    """
    w = -torch.log((1 - x) * (1 + x))
    centre, tails = _polynomial(_CENTRE, w - 2.5), _polynomial(_TAILS, w.sqrt() - 3)
    return torch.where(w < 5, centre, tails) * x


def _polynomial(coefficients: Sequence[float], x: Tensor) -> Tensor:
    value = torch.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep torch from telling of what it does without, which nobody asked for."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def _onnxruntime() -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise TrmbenchError("ONNX Runtime is not installed", HINT) from None
    return onnxruntime
