"""What surrounds a call, on the tests' side, with the candidate's side in another process."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

from nova_code_verifier.verifier.test_code.harness import surroundings
from tests.paths import REPOSITORY

_PAIR = Path(__file__).with_name("surroundings_pair.py")


def run_pair(
    directory: Path,
    program: str,
    tests: str,
    *,
    style: str = "pytest",
    imports: tuple[tuple[str, str], ...] = (),
) -> None:
    """Run tests and a program as a pair, and expect that all tests pass."""
    request = {
        "program": dedent(program),
        "tests": dedent(tests),
        "style": style,
        "imports": imports,
    }
    done = subprocess.run(
        [sys.executable, str(_PAIR)],
        cwd=directory,
        env={
            "PYTHONPATH": str(REPOSITORY),
            "PATH": os.environ["PATH"],
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["failed"] == ""
    assert report["passed"] > 0


_WRITES = """
    import sys, os, traceback, logging
    def show(text): print(text)
    def complain(text): print(text, file=sys.stderr)
    def binary(text): sys.stdout.buffer.write(text.encode()); sys.stdout.flush()
    def raw(text): os.write(1, text.encode())
    def octets(): sys.stdout.buffer.write(b'\\xff')
    def both():
        print('a', end=''); print('b', file=sys.stderr); print('c')
    def trace():
        try: 1 / 0
        except ZeroDivisionError: traceback.print_exc()
    def show_then_fail(text): print(text); raise ValueError(text)
    def one_of_original(text): sys.__stdout__.write(text)
    def about():
        sys.stdout.reconfigure(line_buffering=True, encoding='utf-8')
        return [sys.stdout.encoding, sys.stdout.isatty(), sys.stdout.fileno(), sys.stderr.fileno()]
    def silent():
        import io, contextlib
        with contextlib.redirect_stdout(io.StringIO()) as found: print('x')
        return found.getvalue()
    def echo_input(): return sys.stdin.read()
"""
_STREAM_TESTS = {
    "capsys": "show('é'); complain('no'); assert capsys.readouterr() == ('é\\n', 'no\\n')",
    "capfd": "show('yes'); raw('z'); assert capfd.readouterr().out == 'yes\\nz'",
    "buffers": "binary('yes'); assert capsys.readouterr().out == 'yes'",
    "octets": "octets(); assert capsysbinary.readouterr().out == b'\\xff'",
    "tracebacks": "trace(); assert 'ZeroDivisionError' in capsys.readouterr().err",
    "original": "one_of_original('y'); assert capsys.readouterr().out == 'y'",
    "nothing": "assert silent() == 'x\\n'; assert capsys.readouterr() == ('', '')",
    "qualities": "assert about() == ['utf-8', False, 1, 2]",
    "redirection": """
        with contextlib.redirect_stdout(io.StringIO()) as found: show('yes')
        assert found.getvalue() == 'yes\\n'
        """,
    "order": """
        found = io.StringIO()
        with contextlib.redirect_stdout(found), contextlib.redirect_stderr(found): both()
        assert found.getvalue() == 'ab\\nc\\n'
        """,
    "patches": """
        with patch('sys.stdout', new_callable=io.StringIO) as found: show('yes')
        assert found.getvalue() == 'yes\\n'
        """,
    "mocks": """
        with patch('sys.stdout') as found: show('yes')
        assert found.write.call_args_list == [(('yes',),), (('\\n',),)]
        """,
    "failures": """
        with pytest.raises(ValueError): show_then_fail('yes')
        assert capsys.readouterr().out == 'yes\\n'
        """,
}


def test_what_a_candidate_writes_reaches_the_tests(tmp_path: Path) -> None:
    """Both streams, in order, in the pieces that were written, wherever the tests listen."""
    head = (
        "import contextlib, io, pytest\nfrom unittest.mock import patch\nfrom solution import *\n"
    )
    names = re.findall(r"def (\w+)", _WRITES)
    tests = head.replace("*", ", ".join(names))
    for name, body in _STREAM_TESTS.items():
        fixtures = [f for f in ("capsysbinary", "capsys", "capfd") if f"{f}." in body]
        lines = "".join(f"    {line}\n" for line in dedent(body).strip().splitlines())
        tests += f"def test_{name}({', '.join(fixtures)}):\n{lines}"

    run_pair(tmp_path, _WRITES, tests)


_LOGS = """
    import logging
    logger = logging.getLogger(__name__)
    def divide(a, b):
        logger.debug('divide %s by %s', a, b)
        try:
            return a / b
        except ZeroDivisionError:
            logger.exception('division by %s', 'zero', extra={'user': 7})
    def log(name, level, text): logging.getLogger(name).log(level, text)
    def configured(): logging.basicConfig(level=10); logging.debug('x'); return logging.root.level
    def level_of(name): return logging.getLogger(name).level
    def log_to_file(text):
        handler = logging.FileHandler('x.log')
        logger.addHandler(handler)
        logger.warning(text)
        logger.removeHandler(handler); handler.close()
"""


def test_what_a_candidate_logs_reaches_pytest(tmp_path: Path) -> None:
    """`caplog` sees the records, and sets their level."""
    tests = """
        import logging
        from solution import configured, divide, level_of, log, log_to_file

        def test_text(caplog):
            assert divide(1, 0) is None
            assert 'division by zero' in caplog.text and 'ZeroDivisionError' in caplog.text

        def test_record(caplog):
            divide(1, 0)
            record, = caplog.records
            assert (record.name, record.levelname, record.getMessage(), record.funcName,
                    record.user) == ('solution', 'ERROR', 'division by zero', 'divide', 7)
            assert record.exc_info[0] is ZeroDivisionError

        def test_level(caplog):
            with caplog.at_level(logging.DEBUG):
                divide(4, 2)
            divide(4, 3)
            with caplog.at_level(logging.DEBUG, logger='solution'):
                divide(6, 2)
            assert [r.message for r in caplog.records] == ['divide 4 by 2', 'divide 6 by 2']

        def test_disabled(caplog):
            logging.disable(logging.ERROR)
            divide(1, 0)
            logging.disable(logging.NOTSET)
            assert caplog.records == []
            divide(1, 0)
            assert len(caplog.records) == 1

        def test_handlers_of_both(capsys):
            divide(1, 0)
            assert configured() == logging.WARNING  # pytest has handlers, so it does nothing
            assert capsys.readouterr().err == ''

        def test_own_handler(tmp_path):
            found = []
            class Handler(logging.Handler):
                def emit(self, record): found.append(record.getMessage())
            handler = Handler()
            logging.getLogger('app.db').addHandler(handler)
            log('app.db', 40, 'a'); log('app', 40, 'b'); log('app.db.x', 40, 'c')
            assert found == ['a', 'c']

        def test_file():
            log_to_file('to the file')
            assert open('x.log').read() == 'to the file\\n'
        """

    run_pair(tmp_path, _LOGS, tests)


def test_what_a_candidate_logs_reaches_unittest(tmp_path: Path) -> None:
    """`assertLogs` sees the records; without handlers, they go to standard error."""
    tests = """
        import contextlib, io, logging, unittest
        from solution import configured, divide, level_of, log
        class Test(unittest.TestCase):
            def test_1(self):
                with self.assertLogs('solution', level='DEBUG') as found:
                    divide(1, 0)
                self.assertEqual(found.output[0], 'DEBUG:solution:divide 1 by 0')
                self.assertEqual(found.records[1].levelname, 'ERROR')
                self.assertEqual(level_of('solution'), 0)
                with self.assertNoLogs('solution'):
                    divide(1, 1)
                with self.assertRaises(AssertionError), self.assertLogs():
                    divide(1, 1)
            def test_2(self):
                with contextlib.redirect_stderr(io.StringIO()) as found:
                    log('x', 30, 'a warning')
                    log('x', 20, 'an information')
                self.assertEqual(found.getvalue(), 'a warning\\n')
            def test_3(self):
                with contextlib.redirect_stderr(io.StringIO()) as found:
                    self.assertEqual(configured(), 10)
                    log('x', 10, 'y')
                self.assertEqual(found.getvalue(), 'DEBUG:root:x\\nDEBUG:x:y\\n')
        """

    run_pair(tmp_path, _LOGS, tests, style="unittest")


_WARNS = """
    import warnings
    class OwnWarning(UserWarning): pass
    def old():
        warnings.warn('use new()', DeprecationWarning)
        return 1
    def warn(text): warnings.warn(text)
    def warn_own(): warnings.warn('mine', OwnWarning)
    def quiet():
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            warnings.warn('nothing')
    def recorded():
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter('always')
            warnings.warn('kept')
        return len(found)
"""


def test_what_a_candidate_warns_of_reaches_pytest(tmp_path: Path) -> None:
    """`pytest.warns`, `recwarn` and `catch_warnings` see it; filters of the tests hold."""
    tests = """
        import warnings, pytest
        from solution import old, warn, warn_own, quiet, recorded

        def test_warns():
            with pytest.warns(DeprecationWarning, match='new'):
                assert old() == 1
            with pytest.warns(UserWarning, match='mine'):
                warn_own()

        def test_recwarn(recwarn):
            for _ in range(3):
                old()
            assert len(recwarn) == 1  # as the filter "default" of the fixture says
            found = recwarn.pop(DeprecationWarning)
            assert (found.filename, found.lineno) == ('solution.py', 5)

        def test_record():
            with warnings.catch_warnings(record=True) as found:
                warnings.simplefilter('always')
                warn('a'); warn('a'); quiet()
                assert recorded() == 1
            assert [str(item.message) for item in found] == ['a', 'a']
            assert found[0].category is UserWarning

        def test_default_shows_each_place_once():
            for _ in range(2):
                with warnings.catch_warnings(record=True) as found:
                    warnings.simplefilter('default')
                    for _ in range(3):
                        warn('b')
                assert len(found) == 1

        def test_error():
            with warnings.catch_warnings():
                warnings.simplefilter('error')
                with pytest.raises(DeprecationWarning):
                    old()
            with pytest.warns(DeprecationWarning):
                old()

        @pytest.mark.filterwarnings('error:use')
        def test_mark():
            with pytest.raises(DeprecationWarning):
                old()
            with pytest.warns(UserWarning):
                warn('other')

        @pytest.mark.filterwarnings('ignore')
        def test_ignored(recwarn):
            warnings.simplefilter('ignore')
            old()
            assert len(recwarn) == 0
        """

    run_pair(tmp_path, _WARNS, tests)


def test_what_a_candidate_warns_of_reaches_unittest(tmp_path: Path) -> None:
    """`assertWarns` sees it."""
    tests = """
        import unittest
        from solution import old, warn
        class Test(unittest.TestCase):
            def test(self):
                with self.assertWarns(DeprecationWarning) as found:
                    old()
                self.assertEqual(str(found.warning), 'use new()')
                with self.assertWarnsRegex(UserWarning, 'no.e'):
                    warn('none')
                with self.assertRaises(AssertionError), self.assertWarns(UserWarning):
                    old()
        """

    run_pair(tmp_path, _WARNS, tests, style="unittest")


def test_random_numbers_continue_as_in_one_process(tmp_path: Path) -> None:
    """Seeds and draws of either side count for the other one."""
    program = """
        import random
        def draw(): return random.random()
        def gauss(): return random.gauss(0, 1)
        def many(n): return [random.random() for _ in range(n)][-1]
        def seed(number): random.seed(number)
        def shuffled(items): random.shuffle(items); return items
        """
    tests = """
        import random
        from solution import draw, gauss, many, seed, shuffled

        def many_here(n): return [random.random() for _ in range(n)][-1]
        def shuffled_here(items): random.shuffle(items); return items
        def both(run):
            random.seed(5)
            found = run(draw, gauss, many, seed, shuffled)
            random.seed(5)
            one = lambda: random.gauss(0, 1)
            assert found == run(random.random, one, many_here, random.seed, shuffled_here)

        here = random.random
        def test_draws(): both(lambda d, g, m, s, h: [d(), here(), d(), d(), here()])
        def test_gauss(): both(lambda d, g, m, s, h: [g(), random.gauss(0, 1), d(), g(), here()])
        def test_many(): both(lambda d, g, m, s, h: [m(5000), here(), m(1), m(311), here()])
        def test_seeds(): both(lambda d, g, m, s, h: [s(3), d(), here(), s('x'), here(), d()])
        def test_shuffle(): both(lambda d, g, m, s, h: [h([1, 2, 3, 4]), here(), h([1, 2, 3])])

        def test_states():
            draw()
            state = random.getstate()
            first = draw()
            random.setstate(state)
            assert draw() == first != draw()
        """

    run_pair(tmp_path, program, tests)


def test_the_process_is_shared(tmp_path: Path) -> None:
    """Environment, arguments, directory, recursion limit and the context of decimals."""
    program = """
        import os, sys
        from decimal import Decimal
        def read(name): return os.environ.get(name)
        def write(name, value): os.environ[name] = value
        def remove(name): del os.environ[name]
        def arguments(): return sys.argv[1:]
        def where(): return os.getcwd()
        def move(path): os.chdir(path)
        def deep(n): return 0 if n == 0 else 1 + deep(n - 1)
        def third(): return str(Decimal(1) / 3)
        """
    tests = """
        import os, sys, decimal
        from unittest.mock import patch
        import pytest
        from solution import read, write, remove, arguments, where, move, deep, third

        def test_environment(monkeypatch):
            assert read('A_KEY') is None
            with patch.dict(os.environ, {'A_KEY': 'ä'}):
                assert read('A_KEY') == 'ä'
            assert read('A_KEY') is None
            monkeypatch.setenv('A_KEY', 'b')
            assert read('A_KEY') == 'b'
            with patch.dict(os.environ, {}, clear=True):
                assert read('PATH') is None
            assert read('PATH')

        def test_environment_of_candidate():
            write('B_KEY', 'b')
            assert os.environ['B_KEY'] == 'b'
            del os.environ['B_KEY']
            assert read('B_KEY') is None
            os.environ['B_KEY'] = 'c'
            remove('B_KEY')
            assert 'B_KEY' not in os.environ

        def test_names_of_tests_stay_here():
            assert read('PYTEST_CURRENT_TEST') is None

        def test_interpreter_is_not_the_candidates():
            write('PYTHONPATH', '/x')
            assert os.environ.get('PYTHONPATH') != '/x'

        def test_arguments():
            with patch.object(sys, 'argv', ['x', 'y', 'z']):
                assert arguments() == ['y', 'z']
            sys.argv[1:] = ['w']
            assert arguments() == ['w']

        def test_directory(tmp_path, monkeypatch):
            start = os.getcwd()
            monkeypatch.chdir(tmp_path)
            assert where() == str(tmp_path)
            (tmp_path / 'inner').mkdir()
            move('inner')
            assert os.getcwd() == str(tmp_path / 'inner')
            os.chdir(start)
            assert where() == start
            move('/usr')
            assert os.getcwd() == start
            move(start)

        def test_recursion():
            limit = sys.getrecursionlimit()
            with pytest.raises(RecursionError):
                deep(3000)
            sys.setrecursionlimit(9000)
            assert deep(3000) == 3000
            sys.setrecursionlimit(limit)

        def test_decimals():
            with decimal.localcontext() as context:
                context.prec = 5
                assert third() == '0.33333'
            assert third() == '0.' + '3' * 28
        """

    run_pair(tmp_path, program, tests)


def test_modules_of_the_tests_are_visible_at_call_time(tmp_path: Path) -> None:
    """As in one file; names that the program defines stay its own."""
    program = """
        mine = 1
        def joined(a, b): return os.path.join(a, b)
        def root(n): return sqrt(n)
        def kept(): return mine
        """
    tests = """
        from solution import joined, root, kept
        def test(): assert (joined('a', 'b'), root(4), kept()) == ('a/b', 2, 1)
        """
    imports = (("os", "os"), ("sqrt", "math:sqrt"), ("mine", "math:pi"), ("joined_", "no_such"))

    run_pair(tmp_path, program, tests, imports=imports)


_HOSTILE = """
import json, sys
from nova_code_verifier.verifier.test_code.harness.candidates import CandidateLostError
from nova_code_verifier.verifier.test_code.harness.surroundings import Surroundings
around = Surroundings("random logging")
for received in json.load(sys.stdin):
    try:
        around.replay(received)
    except CandidateLostError:
        print("lost")
    else:
        print("accepted")
"""


def replay_in_a_process(*received: Any) -> list[str]:
    """Replay messages of a hostile candidate; return how each ended."""
    done = subprocess.run(
        [sys.executable, "-c", _HOSTILE],
        env={"PYTHONPATH": str(REPOSITORY)},
        input=json.dumps(received),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.split()


_RECORD = {
    "name": "x",
    "level": 40,
    "level_name": "ERROR",
    "text": "t",
    "path": "p",
    "line": 1,
    "function": "f",
}
_WARNING = {"category": "UserWarning", "text": "t", "path": "p", "line": 1}


_FORGED: list[Any] = [
    7,
    {"is_cut": True},
    {"events": 7},
    {"events": [7]},
    {"events": [["out", 7]]},
    {"events": [["err bytes", "xy"]]},
    {"events": [["log", {}]]},
    {"events": [["log", _RECORD | {"name": 7}]]},
    {"events": [["log", _RECORD | {"level": 10**12}]]},
    {"events": [["log", _RECORD | {"level": True}]]},
    {"events": [["log", _RECORD | {"extra": 7}]]},
    {"events": [["log", _RECORD | {"error": ["x"]}]]},
    {"events": [["warning", _WARNING | {"category": "SystemExit"}]]},
    {"events": [["warning", _WARNING | {"category": "open"}]]},
    {"events": [["out", "x" * 2**25]]},
    {"environment": {"A": 7}},
    {"environment": {"A": "\0"}},
    {"environment": {"": "a"}},
    {"environment": {"A=B": "a"}},
    {"environment": {"PYTHONPATH": "a"}},
    {"environment": {"PYTEST_ADDOPTS": "-x"}},
    {"environment": {str(number): "a" for number in range(1100)}},
    {"argv": "x"},
    {"argv": [7]},
    {"argv": ["x"] * 1000},
    {"directory": "relative"},
    {"directory": 7},
    {"random": 7},
    {"random": {"random": [None, 10**9, False]}},
    {"random": {"random": [10**30, 0, False]}},
    {"random": {"random": [None, -1, False]}},
    {"random": {"random": ["1", 1]}},
]


def test_what_no_honest_candidate_reports_ends_the_item() -> None:
    """Nothing of it is done, and no other exception is raised."""
    endings = replay_in_a_process(*_FORGED)

    accepted = [forged for forged, ending in zip(_FORGED, endings, strict=True) if ending != "lost"]
    assert accepted == []


def test_many_loggers_of_a_candidate_are_bounded() -> None:
    """Records of more than some hundred loggers reach the handlers of the root."""
    events = [["log", _RECORD | {"name": f"a{n}"}] for n in range(2000)]
    code = _HOSTILE + "\nimport logging; print(len(logging.root.manager.loggerDict) < 300)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(REPOSITORY)},
        input=json.dumps([{"events": events}]),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["accepted", "True"]


def test_an_error_in_a_record_is_an_ordinary_one() -> None:
    """A candidate cannot put an exception into a record that ends the run."""
    assert surroundings._read_error("KeyboardInterrupt", "x")[0] is Exception
    assert surroundings._read_error("UnicodeDecodeError", "x")[0] is Exception
    assert surroundings._read_error("KeyError", "x")[0] is KeyError
