"""The command line in a pseudo-terminal of a given width, as a user sees it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path


def on_terminal(
    *arguments: str, typed: str = "", columns: int = 80, cwd: Path | None = None
) -> str:
    """Run the command line on a terminal, type into it, and return what it printed.

    Args:
        arguments: of the command.
        typed: what the user types.
        columns: width of the terminal.
        cwd: where it is run.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TRMBENCH_", "COLUMNS"))}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "trmbench.cli", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=cwd,
        env=kept | {"TERM": "xterm-256color"},
        start_new_session=True,
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    printed: list[bytes] = []

    def read() -> None:
        with contextlib.suppress(OSError):  # the other side was closed
            while part := os.read(ours, 65536):
                printed.append(part)

    reader = threading.Thread(target=read)
    reader.start()
    process.wait(300)
    reader.join(10)
    os.close(ours)
    return b"".join(printed).decode(errors="replace").replace("\r\n", "\n")
