"""What the tests of surviving runs share."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from resilience.support import LONG_ENOUGH_TO_KILL, TOY, run

from trmbench.store.location import ObjectPath
from trmbench.testing.running import visible_plugin

SERVE = """
import sys, threading
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
threading.Event().wait()
"""


@pytest.fixture(scope="session", autouse=True)
def toy_plugin() -> Iterator[None]:
    """The toy model and task, visible to this process and to those it starts."""
    with visible_plugin("toy", "trmbench.testing.toy"):
        yield


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of two seeds that nothing disturbed."""
    results = tmp_path_factory.mktemp("uninterrupted")
    done = run("run", *TOY, *LONG_ENOUGH_TO_KILL, "--seeds=2", f"--results={results}")
    assert done.returncode == 0, done.stderr
    return results


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server of the S3 protocol."""
    pytest.importorskip("moto.server")
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = f"http://127.0.0.1:{int(process.stdout.readline())}"
        with pytest.MonkeyPatch.context() as variables:
            variables.setenv("AWS_ENDPOINT_URL", address)
            variables.setenv("AWS_ACCESS_KEY_ID", "someone")
            variables.setenv("AWS_SECRET_ACCESS_KEY", "secret")
            yield address
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def place(server: str, request: pytest.FixtureRequest) -> str:
    """The URL of results in a bucket of the test's own."""
    bucket = f"bucket-{abs(hash(request.node.name))}"
    urllib.request.urlopen(urllib.request.Request(f"{server}/{bucket}", method="PUT"))
    return f"s3://{bucket}/some/results"


@pytest.fixture
def folder(place: str) -> ObjectPath:
    """The same as what the harness makes of it."""
    return ObjectPath(place)
