"""Exit statuses, and the errors that lead to them.

In: an exception that a command raised. Out: one line on standard error, and an exit status.
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from functools import partial
from typing import NoReturn

import typer

from nova_code_verifier.handlers.cli.files import UnusableFileError
from nova_code_verifier.handlers.settings import SettingsError
from nova_code_verifier.sandbox.errors import SandboxError

_EXTRAS = {
    "docker": "docker",
    "fastapi": "serve",
    "httptools": "serve",
    "prometheus_client": "serve",
    "uvicorn": "serve",
}
"""Extras that install the packages of some commands."""


class Status(IntEnum):
    """The exit statuses. The last four are 128 plus the number of a signal, as in shells.

    FAILED is a check that failed, too: rows that a trainer cannot use (`lint-rows`), rewards that
    moved (`compare --fail-on-change`), a gold solution that fails its tests (`audit`).
    """

    DONE = 0
    FAILED = 1
    USAGE = 2
    HUNG_UP = 129
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143


@contextmanager
def exit_on_errors() -> Iterator[None]:
    """Replace each error that a user can cause or repair by one line and an exit status.

    A bug keeps its traceback.
    """
    try:
        yield
    except (SettingsError, UnusableFileError) as error:
        raise exit_with(str(error), Status.USAGE) from None
    except SandboxError as error:
        raise exit_with(str(error), Status.FAILED) from None
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(error.name or "")
        if extra is None:
            raise
        message = f"{error.name} is not installed; run pip install 'nova-code-verifier[{extra}]'"
        raise exit_with(message, Status.FAILED) from None
    except KeyboardInterrupt:
        raise exit_with("interrupted", Status.INTERRUPTED) from None
    except BrokenPipeError:  # the reader, such as `head`, closed the pipe: that is no error
        raise typer.Exit(Status.BROKEN_PIPE) from None


def exit_with(message: str, status: Status) -> typer.Exit:
    """Print *message* as an error, and return the exception that ends the command."""
    print_error(message)
    return typer.Exit(status)


def print_error(message: str) -> None:
    """Print *message* on standard error, after the name of the program.

    Nobody may be there to read it: after SIGHUP, the terminal is gone.
    """
    with suppress(OSError):
        typer.echo(f"verifier: {message}", err=True)


@contextmanager
def exit_on_signals() -> Iterator[None]:
    """Raise SystemExit at SIGTERM and SIGHUP. Ignore these and Ctrl-C after the block.

    All that is still to be cleaned up then takes a moment, and must not be left undone.
    """
    statuses = {signal.SIGTERM: Status.TERMINATED, signal.SIGHUP: Status.HUNG_UP}
    for number, status in statuses.items():
        if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` asks
            signal.signal(number, partial(_exit, status))
    try:
        yield
    finally:
        for number in (*statuses, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)


def _exit(status: Status, *_: object) -> NoReturn:
    sys.exit(status)
