"""What surrounds a call, on the candidate's side; each case runs in a process of its own.

With the tests' side: `tests/unit/verifier/test_code/harness/test_surroundings.py`.
"""

import json
import subprocess
import sys
from textwrap import dedent
from typing import Any

from tests.paths import REPOSITORY

_HEAD = """
import json, logging, os, random, sys, types, warnings
from nova_code_verifier.sandbox.guest.surroundings import Surroundings, provide
result = os.fdopen(os.dup(1), "w")
names = {"__name__": "solution", "__loader__": types.SimpleNamespace(get_source=lambda _: SOURCE)}
around = Surroundings(names)
around.install()
"""


def run(code: str, source: str = "random os sqrt") -> Any:
    """Run *code* with collectors installed, and return what it assigns to `found`."""
    script = f"SOURCE = {source!r}\n{_HEAD}\n{dedent(code)}\nprint(json.dumps(found), file=result)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


def test_nothing_is_collected_where_nothing_happened() -> None:
    """Most answers carry nothing of what surrounds a call."""
    assert run("found = [around.collect(), around.collect()]") == [None, None]


def test_what_is_collected_is_collected_once() -> None:
    """Pieces of one stream share an event; order is kept between events."""
    found = run("""
        print("a"); print("b", file=sys.stderr); sys.stdout.write("c")
        found = [around.collect(), around.collect()]
        """)

    assert found == [{"events": [["out", "a", "\n"], ["err", "b", "\n"], ["out", "c"]]}, None]


def test_bytes_are_collected() -> None:
    """Those that are no text travel as digits."""
    found = run("""
        sys.stdout.buffer.write("ä".encode()[:1]); os.write(1, "ä".encode()[1:])
        os.write(2, b"\\xff")
        found = around.collect()
        """)

    assert found == {"events": [["out", "ä"], ["err bytes", "ff"]]}


def test_a_stream_around_the_stream_is_flushed() -> None:
    """Programs wrap the binary stream, to choose an encoding."""
    found = run("""
        import io
        sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8")
        print("ä")
        found = around.collect()
        """)

    assert found == {"events": [["out", "ä\n"]]}


def test_many_pieces_become_few() -> None:
    """A program that prints a million lines needs no million pieces."""
    found = run("""
        for _ in range(100_000): print("x")
        found = around.collect()
        """)

    assert len(found["events"]) == 1
    assert len(found["events"][0]) < 2000
    assert "".join(found["events"][0][1:]) == "x\n" * 100_000


def test_too_much_output_is_cut() -> None:
    """The program gets an error, and the answer says so."""
    found = run("""
        error = ""
        try:
            while True: print("x" * 2**20)
        except OSError as problem:
            error = type(problem).__name__
        answer = around.collect()
        found = [error, answer["is_cut"], sum(map(len, answer["events"][0])) <= 2**24 + 3]
        """)

    assert found == ["OSError", True, True]


def test_a_stream_behaves_as_one() -> None:
    """Wrong types, wrong texts and closed streams raise what Python raises."""
    found = run("""
        found = []
        def attempt(function, *arguments):
            try: found.append(function(*arguments))
            except Exception as error: found.append(type(error).__name__)
        attempt(sys.stdout.write, 7)
        attempt(sys.stdout.write, "\\ud800")
        attempt(sys.stdout.write, "ok")
        sys.stdout.writelines(["a", "b"])
        attempt(sys.stdout.read)
        attempt(sys.stdout.isatty)
        attempt(sys.stdout.writable)
        sys.stdout.close()
        attempt(sys.stdout.write, "x")
        found.append(around.collect()["events"])
        """)

    assert found == [
        *("TypeError", "UnicodeEncodeError", 2, "UnsupportedOperation", False, True, "ValueError"),
        [["out", "ok", "a", "b"]],
    ]


def test_a_records_text_is_formatted() -> None:
    """Objects of the program stay here."""
    found = run("""
        class Thing:
            def __str__(self): return "thing"
        logging.getLogger("a").warning("%s %d", Thing(), 7, extra={"n": 1, "thing": Thing()})
        (name, fields), printed = around.collect()["events"]
        found = [name, fields["name"], fields["level"], fields["text"], fields["extra"], printed]
        """)

    assert found == ["log", "a", 30, "thing 7", {"n": 1}, ["err", "thing 7\n"]]


def test_settings_of_loggers_by_the_tests_end() -> None:
    """Afterwards, what the program had set holds again."""
    found = run("""
        log = logging.getLogger("a")
        log.setLevel(10)
        def state(): return [log.level, log.propagate, log.disabled, log.hasHandlers()]
        around.apply({"loggers": {"a": [40, False, False, True]}})
        found = [state()]
        around.apply({"loggers": {"a": [0, True, False, False]}})
        found.append(state())
        """)

    assert found == [[40, False, False, True], [10, True, False, False]]


def test_filters_of_the_tests_end() -> None:
    """Afterwards, those of the program hold again."""
    found = run("""
        warnings.simplefilter("ignore")
        warnings.warn("a")
        rule = ["always", None, ["builtins", "UserWarning"], None, 0]
        around.apply({"filters": {"has_base": True, "added": [rule]}})
        warnings.warn("b")
        around.apply({"filters": {"has_base": True, "added": []}})
        warnings.warn("c")
        found = [fields["text"] for _, fields in around.collect()["events"]]
        """)

    assert found == ["b"]


def test_a_warning_of_an_own_class_has_its_built_in_base() -> None:
    """The session can write the object, too."""
    found = run("""
        class Own(DeprecationWarning): pass
        around.write_object = lambda value: type(value).__name__
        warnings.simplefilter("always")
        warnings.warn(Own("x"))
        fields = around.collect()["events"][0][1]
        found = [fields["category"], fields["object"], fields["text"]]
        """)

    assert found == ["DeprecationWarning", "Own", "x"]


def test_draws_are_counted() -> None:
    """A candidate sends its seed and the number of draws, and no state of its choice."""
    found = run("""
        around.apply({"random": {"random": None}})
        found = [around.collect()]
        random.seed(3); random.random(); found.append(around.collect())
        [random.random() for _ in range(1000)]; found.append(around.collect())
        random.setstate((3, (0,) * 624 + (1,), None)); found.append(around.collect())
        found.append(around.collect())
        """)

    expected = [{}, {"random": [3, 2, False]}, {"random": [None, 2000, False]}]
    assert found == [*({"random": moves} for moves in expected), None, None]


def test_a_program_without_random_numbers_gets_no_state() -> None:
    """To follow the tests' generator would cost each request more than all the rest."""
    found = run(
        'around.apply({"random": {"random": ["00" * 2496, 1, None]}}); found = around.collect()',
        source="print(1)",
    )

    assert found is None


def test_names_are_provided_where_the_program_lacks_and_uses_them() -> None:
    """Modules that the program never mentions are not imported: some take seconds."""
    found = run("""
        names["mine"] = 1
        imports = [["os", "os"], ["sqrt", "math:sqrt"], ["mine", "math:pi"], ["ET", "xml.dom"],
                   ["sqrt2", "no_such_module"]]
        provide(names, imports)
        found = [names["os"] is os, names["sqrt"](4), names["mine"], "ET" in names,
                 "xml.dom" in sys.modules, "sqrt2" in names]
        """)

    assert found == [True, 2.0, 1, False, False, False]
