"""The `trmbench` command: finds verbs, turns errors into one clean line."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from types import FrameType
from typing import Any

import click

import trmbench
from trmbench.errors import TrmbenchError, one_line, printable, shown
from trmbench.plugin.manager import plugin_manager

VERBS = {
    "run": "Train and test models on tasks, over seeds.",
    "resume": "List the unfinished trials of a results folder, and go on with them.",
    "compare": "Compare what was run, with its uncertainty.",
    "report": "Write the comparison as one HTML file.",
    "view": "Show the report in the browser, live while a run goes on.",
    "show": "Show one trial, or the puzzles it got wrong.",
    "solve": "Answer a puzzle of yours by a trained trial.",
    "export": "Write a trained trial for ONNX Runtime or torch alone.",
    "score": "Score predictions that were made elsewhere.",
    "evaluate": "Test a trained trial again, with other evaluation settings.",
    "checkpoint": "Exchange weights with the public reference implementations.",
    "list": "List the models, tasks, runners, presets and studies that are installed.",
    "plugins": "List and check plugins.",
    "new": "Write a plugin package to begin with: a model, a task or a runner.",
    "site": "Write a static site: a leaderboard with every trial behind it.",
    "speedrun": "Print and check the rules of a record in training time.",
    "publish": "Write results as a bundle, to be handed on.",
    "pull": "Get the results of others, from a bundle, a URL or the hub.",
    "merge": "Take over the results of other folders and bundles.",
    "rm": "Delete trials, or checkpoints that nothing needs any more.",
    "bench": "Measure how fast training and testing are on this machine.",
    "doctor": "Say what this machine has, what will be used and what is broken.",
    "repair": "Set aside the damaged files of a results folder.",
}

UNEXPECTED = "this should not have happened:"
LONGEST_WORD = 4_096
"""Characters of one that is printed whole: no path is longer."""
WINDOWS = (
    "trmbench runs on Linux and macOS, not on Windows itself, which lacks the file locks and the"
    " inherited pipes of its workers"
)
BAD_INPUT, INTERRUPTED, TERMINATED = 2, 130, 143


class LazyGroup(click.Group):
    """Imports a verb's module when the verb is called, and asks plugins for verbs of their own."""

    def list_commands(self, context: click.Context) -> list[str]:
        """List the verbs of trmbench, then the verbs of plugins."""
        self._add_plugin_commands()
        return [*VERBS, *sorted(self.commands)]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return the command of a verb."""
        if name in VERBS:
            module = importlib.import_module(f"trmbench.cli.{name}")
            command: click.Command = module.command
            return command
        self._add_plugin_commands()
        return self.commands.get(name)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of verbs in `--help` without importing them."""
        self._add_plugin_commands()
        extra = {name: self.commands[name].get_short_help_str(80) for name in sorted(self.commands)}
        with formatter.section("Commands"):
            formatter.write_dl(list({**VERBS, **extra}.items()))

    def resolve_command(self, context: click.Context, args: list[str]) -> Any:
        """Find the verb as click does, with "did you mean" for one that does not exist."""
        from trmbench.errors import unknown

        name = args[0]
        if self.get_command(context, name) is None and not name.startswith("-"):
            raise unknown("command", name, self.list_commands(context))
        return super().resolve_command(context, args)

    def _add_plugin_commands(self) -> None:
        if not self.commands:
            plugin_manager().call("trmbench_commands", cli=self)


@click.group(
    cls=LazyGroup,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "TRMBENCH",
        "show_default": True,
    },
)
@click.version_option(trmbench.__version__, prog_name="trmbench")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option("--strict-plugins", is_flag=True, help="Fail if any plugin is broken.")
@click.pass_context
def cli(context: click.Context, debug: bool, strict_plugins: bool) -> None:
    """Benchmark small recursive reasoning models.

    For example: trmbench run --model trm --task maze --seeds 5
    """
    context.obj = {"debug": debug}
    if strict_plugins:
        from trmbench.cli.plugins import examined_plugins

        for plugin in examined_plugins():
            if plugin.status == "broken":
                raise TrmbenchError(f"plugin {plugin.name!r} is broken: {plugin.problem}")


class Terminated(BaseException):
    """SIGTERM: leave as after Ctrl-C, with another exit code."""


def _terminate(signal_number: int, frame: FrameType | None) -> None:
    raise Terminated


def main() -> None:
    """The entry point of the `trmbench` script."""
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: list[str]) -> int:
    """Execute a command line and return its exit code."""
    debug = "--debug" in arguments or bool(os.environ.get("TRMBENCH_DEBUG"))
    arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        if sys.platform == "win32":
            raise TrmbenchError(
                WINDOWS, "install it in WSL: https://learn.microsoft.com/windows/wsl"
            )
        if not all(map(_is_text, arguments)):
            raise TrmbenchError("an argument has a null byte or is not UTF-8", "give it as text")
        code = cli.main(arguments, prog_name="trmbench", standalone_mode=False)
        _name_broken_plugins()
        return code if isinstance(code, int) else 0
    except TrmbenchError as error:
        if debug:
            traceback.print_exc()
        _say(f"{error.message}{f' — {error.hint}' if error.hint else ''}")
        return BAD_INPUT
    except click.exceptions.NoArgsIsHelpError as error:  # a group by itself asks for its help
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        _say(f"{error.format_message()} — see trmbench --help")
        return BAD_INPUT
    except (KeyboardInterrupt, Terminated, click.Abort, SystemError) as error:
        # Out of a compiled library's call, a signal's exception comes as the cause of SystemError.
        cause = error.__cause__ if isinstance(error, SystemError) else error
        if not isinstance(cause, KeyboardInterrupt | Terminated | click.Abort):
            return _unexpected(error, debug)
        return TERMINATED if isinstance(cause, Terminated) else INTERRUPTED
    except BrokenPipeError:  # the reader of our output, such as `head`, has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a file or a place that cannot be used, whichever verb it is for
        if debug:
            traceback.print_exc()
        where = f"cannot use {shown(error.filename)}: " if error.filename else ""
        _say(f"{where}{error.strerror or one_line(error)} — --debug shows where")
        return BAD_INPUT
    except Exception as error:  # a fault of trmbench or of a plugin: the last resort
        return _unexpected(error, debug)


def _unexpected(error: BaseException, debug: bool) -> int:
    """Say in one line what nobody has thought of, and return the exit code."""
    if debug:
        traceback.print_exception(error)
    _say(f"{UNEXPECTED} {one_line(error)} — --debug shows where")
    return BAD_INPUT


def _is_text(argument: str) -> bool:
    """Whether it can be the name of a file and be stored with the results."""
    try:
        return b"\0" not in argument.encode()
    except UnicodeEncodeError:
        return False


def _say(line: str) -> None:
    """One line on the error output, in characters that can be printed."""
    words = (word if len(word) <= LONGEST_WORD else f"{word[:60]}..." for word in line.split())
    click.echo(f"trmbench: {printable(' '.join(words))}", err=True)


def _name_broken_plugins() -> None:
    """One line for each plugin that the command did without, if it needed plugins at all."""
    if plugin_manager.cache_info().currsize:
        for plugin in plugin_manager().broken:
            _say(f"plugin {plugin.name} of {plugin.distribution} is left out: {plugin.problem}")
