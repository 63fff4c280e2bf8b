"""A running `verifier serve`, as its users start it."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import URLError
from urllib.request import urlopen

_READY_SECONDS = 120


@contextmanager
def running_service(*options: str, **variables: str) -> Iterator[str]:
    """Serve on a free port of loopback for the length of a `with` block, which gets the URL.

    The service is ready. *variables* are those of its environment.
    """
    command = [sys.executable, "-m", "nova_code_verifier.handlers.cli", "serve", "--port", "0"]
    with subprocess.Popen(
        [*command, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | variables,
    ) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            found = re.search(r"http://[^\s/]+", line)
            assert found, line
            _wait_until_ready(found[0])
            yield found[0]
        finally:
            process.terminate()


def _wait_until_ready(url: str) -> None:
    end = time.monotonic() + _READY_SECONDS
    while True:
        try:
            with urlopen(f"{url}/ready") as reply:
                json.load(reply)
                return
        except (URLError, ConnectionError):
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
