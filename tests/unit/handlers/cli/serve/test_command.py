"""`verifier serve`: what it refuses to start with."""

import socket
from pathlib import Path

import pytest

from tests.unit.handlers.cli.command_line import verifier


@pytest.mark.parametrize(
    ("options", "settings", "problem"),
    [
        (("--host", "0.0.0.0"), {}, "0.0.0.0 is not loopback: set VERIFIER_SERVE_TOKEN"),
        ((), {"VERIFIER_SERVE_TOKEN": "short"}, "VERIFIER_SERVE_TOKEN: expected a token of 16"),
        ((), {"VERIFIER_SERVE_TOKEN": "ü" * 16}, "expected a token of printable ASCII"),
        (("--token-file", "nowhere"), {}, "nowhere"),
        (("--max-queue", "0"), {}, "--max-queue"),
        ((), {"VERIFIER_SERVE_TOKENS": "x"}, "VERIFIER_SERVE_TOKENS: no such setting"),
    ],
)
def test_what_cannot_be_used_is_refused(
    options: tuple[str, ...], settings: dict[str, str], problem: str
) -> None:
    """The command names the option or the variable, shows no token, and exits with status 2."""
    done = verifier("serve", "--port", "0", *options, **settings)

    assert done.returncode == 2
    assert problem in done.stderr
    assert "short" not in done.stderr


def test_an_empty_token_file_is_refused(tmp_path: Path) -> None:
    """It must not mean that nobody needs a token."""
    (tmp_path / "token").write_text("\n")
    done = verifier("serve", "--port", "0", "--token-file", tmp_path / "token")

    assert done.returncode == 2
    assert "expected a token" in done.stderr


def test_a_port_in_use_is_refused() -> None:
    """Also one that another service listens on: the two would share the connections."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = verifier("serve", "--port", str(other.getsockname()[1]))

    assert done.returncode == 2
    assert "Address already in use" in done.stderr


def test_a_service_that_may_not_run_programs_ends() -> None:
    """A process that can never serve is not started again and again: the reason is on stderr."""
    done = verifier(
        "serve",
        *("--port", "0", "--processes", "2"),
        VERIFIER_ISOLATION="interpreter",
        VERIFIER_REQUIRED_ISOLATION="kernel",
    )

    assert done.returncode == 1
    assert "is below the required level kernel" in done.stderr
