"""`verifier doctor`: its options and its help."""

import json
import sys

import typer

from nova_code_verifier.handlers.cli.exit_status import Status
from nova_code_verifier.handlers.cli.files import print_output
from nova_code_verifier.handlers.cli.options import JsonOption
from nova_code_verifier.handlers.settings import read_settings


def doctor(*, as_json: JsonOption = False) -> None:
    """Start the sandbox with your settings, and show which protections it has on this machine.

    \b
    Isolation levels, from the strongest to the weakest:
      kernel       the kernel refuses network, processes and files to a program
      interpreter  Python refuses them; a program that corrupts memory can get around it
      none         nothing is refused; only for programs that you trust

    The table lists each protection, whether this machine grants it, what it does, and how to get it
    if it is missing. Control samples are right and wrong programs, whose verdicts are known.

    \b
    Examples:
      verifier doctor
      VERIFIER_REQUIRED_ISOLATION=kernel verifier doctor --json
    \b
    Exit status:
      0  the isolation level is the required one or a stronger one: samples can be scored here
      1  it is weaker, control samples are misjudged, or the sandbox does not start
      2  an argument or a setting cannot be used
    \b
    Environment variables:
      VERIFIER_ISOLATION           the level to use; auto, the default, is the strongest possible
      VERIFIER_REQUIRED_ISOLATION  the weakest level that you accept; the default is the value of
                                   VERIFIER_ISOLATION, or interpreter
      VERIFIER_WORKERS             how many programs run at once; the default is one per
                                   processor, and one more
    """
    settings = read_settings()
    from nova_code_verifier.handlers.cli.doctor import diagnosis  # noqa: PLC0415
    from nova_code_verifier.handlers.cli.tables import render  # noqa: PLC0415
    from nova_code_verifier.handlers.executors import start_local  # noqa: PLC0415

    found = diagnosis.diagnose(settings, lambda: start_local(settings))
    if as_json:
        print_output(f"{json.dumps(diagnosis.as_json(found), indent=2)}\n")
    else:
        print_output(render(diagnosis.as_text(found), sys.stdout))
    raise typer.Exit(Status.DONE if found.is_enough else Status.FAILED)
