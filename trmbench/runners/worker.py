"""The process behind the local runner: `python -m trmbench.runners.worker FD`.

It says which code it runs, receives trials over the socket FD, sends events and results back, and
ends when the socket closes. SIGTERM makes it checkpoint the running trial and say so.
"""

from __future__ import annotations

import signal
import sys
from multiprocessing.connection import Connection
from typing import Any

from trmbench.runners.code import own_code


class Worker:
    """Executes one trial after the other."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._stopping = False

    def stop(self, *signal_details: Any) -> None:
        """Leave the running trial at the next step."""
        self._stopping = True

    def send(self, message: Any) -> None:
        """Tell the parent; one that is gone means that nobody waits for the trial any more."""
        try:
            self._connection.send(message)
        except OSError:
            self._stopping = True

    def serve(self) -> None:
        """Run trials until the parent closes the socket."""
        self.send(own_code())
        from trmbench.trial.run import run_trial

        while not self._stopping:
            try:
                trial = self._connection.recv()
            except (EOFError, OSError):
                return
            self.send(run_trial(trial, self.send, lambda: self._stopping))


def main() -> None:
    """Serve the parent named on the command line."""
    worker = Worker(Connection(int(sys.argv[1])))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which then tells us
    signal.signal(signal.SIGTERM, worker.stop)
    worker.serve()


if __name__ == "__main__":
    main()
