"""A connection to a Ray cluster for the length of a run."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trmbench import TrmbenchError

_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # a benchmark calls nobody
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",  # a trial without a GPU sees none
    "RAY_task_oom_retries": "0",  # the runner does that itself, with less memory
}
_OBJECT_STORE_BYTES = 100 * 1024**2
"""Of a cluster started here: what travels is configurations and events."""
_ATTEMPTS = 3
"""To start one: Ray allows its processes 30 seconds, which a busy machine may exceed."""
_CLIENT = "ray://"
LOST_SECONDS = 10.0
"""A head that is silent for so long is lost; after 60 Ray ends this process with its own text."""


class Head:
    """The node that a cluster cannot do without; to be asked before any call that waits for it.

    Args:
        address: of the cluster, as it was given. One that is not reached from here, though Ray is,
            is not watched.
    """

    def __init__(self, address: str) -> None:
        import ray

        self._address = address.removeprefix(_CLIENT)
        if not address.startswith(_CLIENT):
            self._address = str(ray.get_runtime_context().gcs_address)
        self._is_watched = self._reached()

    def answers(self) -> bool:
        """Whether somebody listens there."""
        return not self._is_watched or self._reached()

    def _reached(self) -> bool:
        host, _, port = self._address.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=2).close()
        except OSError:
            return False
        return True

    def require(self, hint: str) -> None:
        """Wait until it answers.

        Args:
            hint: how the run goes on without it.

        Raises:
            TrmbenchError: it is lost.
        """
        deadline = time.monotonic() + LOST_SECONDS
        while not self.answers():
            if time.monotonic() > deadline:
                raise TrmbenchError(f"the head of the Ray cluster, {self._address}, is lost", hint)
            time.sleep(0.5)


@contextmanager
def connection(address: str | None) -> Iterator[Head]:
    """Be connected to a cluster, unless the caller is already.

    Args:
        address: "auto", HOST:PORT or ray://HOST:PORT; None = $RAY_ADDRESS, or a cluster of this
            machine that ends with the connection.

    Raises:
        TrmbenchError: there is no cluster at the address.
    """
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    wanted = _ENVIRONMENT | ({"RAY_AUTH_MODE": "token"} if _needs_token(address) else {})
    os.environ.update({key: os.environ.get(key, value) for key, value in wanted.items()})
    with _kept_signal_handlers():
        import ray

        ours = not ray.is_initialized()
        if ours:
            _connect(address)
    try:
        yield Head(address)
    finally:
        if ours:
            with _kept_signal_handlers():
                ray.shutdown()


def _needs_token(address: str) -> bool:
    """Whether there is a token: `ray start` then asks for it, and `ray.init` leaves it out."""
    named = any(os.environ.get(name) for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"))
    return address != "local" and (named or (Path.home() / ".ray" / "auth_token").exists())


def _connect(address: str) -> None:
    import ray

    _require_listener(address)
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address == "local":
        options |= {"include_dashboard": False, "object_store_memory": _OBJECT_STORE_BYTES}
    for attempts_left in reversed(range(_ATTEMPTS if address == "local" else 1)):
        try:
            ray.init(address=address, **options)
            return
        except Exception as error:  # Ray raises a bare one where its processes are slow to start
            ray.shutdown()
            if not attempts_left:
                raise _no_cluster(address, " ".join(str(error).split())[:200]) from error


def _require_listener(address: str) -> None:
    """Refuse a HOST:PORT where nobody listens, for which Ray itself would wait for minutes."""
    host, _, port = address.removeprefix(_CLIENT).rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError as error:
        raise _no_cluster(address, error.strerror or str(error)) from error


def _no_cluster(address: str, reason: str) -> TrmbenchError:
    return TrmbenchError(
        f"no Ray cluster at {address}: {reason}",
        "start one with `ray start --head`, and give --ray-address auto",
    )


@contextmanager
def _kept_signal_handlers() -> Iterator[None]:
    """Ray takes SIGTERM for itself; the program's own handler saves the trials."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
