"""The command line. Each command group is a module of its own, loaded when it is asked for."""

from __future__ import annotations

import io
import logging
import os
import sys
from contextlib import suppress
from importlib import import_module

import click

from scorecard import __version__, logs
from scorecard.cli.terminal import complain
from scorecard.errors import InputError, ScorecardError

log = logging.getLogger(__name__)

EXIT_OK = 0
EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_NOT_ALL_SEEN = 3
EXIT_BELOW = 4
EXIT_INTERRUPTED = 130

# command -> the module that has it under the same name
_COMMANDS = {
    "audit": "audit",
    "checks": "checks",
    "compare": "compare",
    "completion": "completion",
    "data": "data",
    "demo": "demo",
    "doctor": "doctor",
    "exceptions": "exceptions",
    "frameworks": "frameworks",
    "history": "history",
    "init": "init",
    "inventory": "inventory",
    "outlook": "outlook",
    "plan": "plan",
    "probes": "probes",
    "rejudge": "rejudge",
    "report": "report",
    "standards": "standards",
    "verify": "verify",
}


class _Commands(click.Group):
    """Loads a command's module when the command is wanted: the libraries behind some take their time."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"scorecard.cli.{_COMMANDS[name]}"), name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="scorecard")
@click.option("--debug", is_flag=True, help="Print what goes wrong inside, for a bug report.")
def cli(debug: bool) -> None:
    """Audit computers without an agent, grade them, and write a scorecard that a business owner can read."""
    logs.set_up(debug=debug)


def main() -> None:
    """Entry point: every error of ours is one clear line and an exit code, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # names of any script, on a terminal of any
    try:
        code = cli(standalone_mode=False)
    except click.exceptions.Abort:
        complain("Stopped.")
        code = EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except InputError as error:
        complain(str(error))
        code = EXIT_USAGE
    except ScorecardError as error:
        complain(str(error))
        code = EXIT_ERROR
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    except BrokenPipeError:  # whoever read our output has stopped
        code = _mute()
    except OSError as error:
        log.debug("the operating system refused", exc_info=True)
        where = f"{error.filename}: " if error.filename else "the output cannot be written: "
        code = _mute()
        complain(f"{where}{error.strerror or error}")
    sys.exit(code if isinstance(code, int) else EXIT_OK)


def _mute() -> int:
    """What standard output still holds goes nowhere: the interpreter would fail on it once more at exit."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_ERROR
