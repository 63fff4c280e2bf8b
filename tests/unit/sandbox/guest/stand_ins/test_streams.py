"""Streams of the tests', as the candidate sees them."""

import gc
import io
from pathlib import Path

import pytest

from tests.unit.verifier.test_code.harness.joined import Joined


@pytest.fixture
def joined() -> Joined:
    """Return a harness and a candidate's guest."""
    return Joined()


def test_text_is_read_as_from_any_file(joined: Joined) -> None:
    """Lines, `csv` and `json` read from a StringIO of the tests."""
    source = "import csv, json\ndef run(s): return s.readline(), next(csv.reader(s)), json.load(s)"
    assert joined.define(source, "run")(io.StringIO("one\n1,2\n[3]")) == ("one\n", ["1", "2"], [3])


def test_text_is_written_as_to_any_file(joined: Joined) -> None:
    """`print`, `csv` and `json` write to a StringIO of the tests."""
    stream = io.StringIO()
    source = """
        import csv, json
        def run(s):
            print("x", file=s)
            csv.writer(s).writerow([1, 2])
            json.dump([3], s)
            s.writelines(["y"])
    """
    joined.define(source, "run")(stream)
    assert stream.getvalue() == "x\n1,2\r\n[3]y"


def test_streams_are_instances_of_the_classes_of_io(joined: Joined) -> None:
    """`isinstance` holds for the stream's own class and for its base."""
    source = "import io\ndef run(s, k): return isinstance(s, k), isinstance(s, io.IOBase)"
    run = joined.define(source, "run")
    assert run(io.StringIO(), io.StringIO) == (True, True)
    assert run(io.StringIO(), io.TextIOBase) == (True, True)
    assert run(io.BytesIO(), io.BytesIO) == (True, True)
    assert run(io.BytesIO(), io.TextIOBase) == (False, True)


def test_bytes_are_read_by_libraries(joined: Joined, tmp_path: Path) -> None:
    """A wrapper for text reads a binary file of the tests."""
    path = tmp_path / "file"
    path.write_bytes(b"one\ntwo\n")
    source = """
        import io, shutil
        def run(s):
            into = io.BytesIO()
            shutil.copyfileobj(s, into)
            s.seek(0)
            return into.getvalue(), list(io.TextIOWrapper(s)), s.name
    """
    with path.open("rb") as stream:
        expected = (b"one\ntwo\n", ["one\n", "two\n"], str(path))
        assert joined.define(source, "run")(stream) == expected


def test_a_stream_is_closed_by_the_candidate_alone(joined: Joined) -> None:
    """The end of a `with` block closes it; the end of a stand-in does not."""
    stream = io.StringIO("text")
    joined.define("def run(s): return s.read()", "run")(stream)
    joined.forget()
    gc.collect()
    assert not stream.closed
    joined.define("def run(s):\n    with s: pass", "run")(stream)
    assert stream.closed


def test_methods_of_the_tests_own_stream_are_found(joined: Joined) -> None:
    """A subclass may have more than its base."""

    class Recorder(io.StringIO):
        def marked(self) -> str:
            return f"<{self.getvalue()}>"

    source = "def run(s):\n    s.write('x')\n    return s.marked()"
    assert joined.define(source, "run")(Recorder()) == "<x>"


def test_huge_sizes_are_refused(joined: Joined) -> None:
    """A candidate cannot make the harness's stream fill the memory."""
    with pytest.raises(MemoryError):
        joined.define("def run(s): s.seek(10**12)", "run")(io.BytesIO())
