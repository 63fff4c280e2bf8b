"""The audit hook: how it is protected. `tests/conformance` attacks it."""

import errno
import sys

import pytest

from nova_code_verifier.sandbox.confinement import audit


@pytest.mark.skipif(sys.version_info < (3, 13), reason="no code can write to a running frame")
def test_an_interpreter_that_shows_the_frames_of_a_strict_hook_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Then the zygote reports that it cannot confine guests: it never goes on without the hook."""
    monkeypatch.setattr(audit, "_hide_frames", lambda _: None)

    with pytest.raises(OSError, match="does not hide the frames") as caught:
        audit.build_hook(channel_fd=3, writable=("/work",), readable=("/lib",), strict=True)
    assert caught.value.errno == errno.ENOSYS
