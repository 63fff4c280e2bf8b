"""`verifier docker-check`, where there is no container engine."""

from pathlib import Path

from tests.unit.handlers.cli.command_line import verifier


def test_a_missing_engine_is_status_1(tmp_path: Path) -> None:
    """One line says how to start an engine, or how to name one."""
    done = verifier(
        "docker-check", "examples/completions.jsonl", DOCKER_HOST=f"unix://{tmp_path}/none"
    )

    assert done.returncode == 1
    assert "no container engine answers: start Docker, or set DOCKER_HOST" in done.stderr
    assert "Traceback" not in done.stderr
