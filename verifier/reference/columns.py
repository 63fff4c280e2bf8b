"""Refuse the columns of a row that change what is right, and that we do not understand.

In: one dict of a reference. Out: nothing, or a VerifierError that names the key.

A row has columns of its data set that we ignore: ids, prompts, ratings. But a key that speaks of
judging, of the language or of limits, and that nothing reads, would be misread in silence: right
answers would be refused. The words of a key decide, and only if its value is set.

| a key with the word | is refused, unless |
|---|---|
| `input` or `output`, and `file` | it is stdin or stdout |
| `checker`, `judge`, `spj`, `interactor`, `grader`, … | it measures something (`judge_score`) |
| `type`, `kind`, `mode` | its value is none of `spj`, `interactive`, `special judge`, … |
| `tolerance`, `eps`, `atol`, … | it is no number, or 0 |
| `language`, `lang`, `compiler` | its value is Python, or a language that people speak |
| `ignore_case`, `any_order`, … | it is not set (`case_sensitive`, `order_matters`: it is true) |
| `compare` | it compares the result with the expected value by `==` |
| `limit`, `timeout` | `reference/limits.py` reads it, or it limits a text (`token_limit`) |

`validator` and `generator` stand for the inputs of tests, not for answers, and are ignored.
"""

import re
from contextlib import suppress
from typing import Any

from nova_code_verifier.verifier.errors import VerifierError
from nova_code_verifier.verifier.reference.fields import (
    Scope,
    bad_value,
    is_nan,
    quote,
    read_json,
    read_text,
)
from nova_code_verifier.verifier.reference.limit_keys import limit_key, words_of

_SIDE_DICTS = ("metadata", "extra_info", "labels")
"""Dicts next to the tests that often hold settings of the row."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_READ_ELSEWHERE = _set("checker generated_checker output_judging_function limits shared_process")
_JUDGING = _set(
    "checker checkers judge judges judger judging spj interactor interactors interactive grader "
    "graders grading scorer scoring evaluator comparator comparer testlib specialjudge"
)


def _keys(names: str) -> frozenset[frozenset[str]]:
    return frozenset(map(words_of, names.split()))


_JUDGING_KEYS = _keys(
    "interaction interaction_format interaction_protocol output_validator output_validators "
    "validator_flags output_validator_flags score_function eval_function evaluation_function "
    "compare_function comparison_function ignore_case case_insensitive ignore_order any_order "
    "order_insensitive multiple_answers multiple_valid_answers float_compare tests_truncated "
    "tests_incomplete"
)
# Their values are right if they are true.
_STRICT_KEYS = _keys("case_sensitive order_matters order_sensitive tests_complete")
_TOLERANCE = _set("tolerance tolerances tol epsilon eps atol rtol precision")
_ERROR_KEYS = _keys("absolute_error relative_error abs_error rel_error allowed_error")
_LANGUAGE = _set("lang language compiler")
_LANGUAGES = _set("languages")  # one of them suffices
_LIMIT = _set("limit limits timeout timelimit memorylimit")

# A key with one of these words measures or describes something else.
_MEASURES = _set(
    "score scores rating ratings reward rewards model models reason reasons reasoning rationale "
    "explanation feedback comment comments confidence prompt prompts response responses rate "
    "accuracy count num number n avg mean pass passed result results verdict verdicts url link "
    "online token tokens cost latency date at by log logs llm gpt"
)
_OF_TEXTS = _set(
    "word words char chars character characters length context line lines turn turns step steps "
    "generation api request requests submission submissions attempt attempts message messages "
    "source code compile"
)
_OF_OTHER_LANGUAGES = _set(
    "natural human spoken source solution solutions original question content statement error "
    "errors output message warning warnings probability prob submission submissions gold "
    "reference src correct incorrect"
)
_SPOKEN = _set(
    "en eng english zh zho chinese mandarin cn ja jp jpn japanese ko kor korean de deu german fr "
    "fra french es spa spanish ru rus russian pt por portuguese it ita italian vi vietnamese id "
    "indonesian ar arabic hi hindi tr turkish uk ukrainian polish nl dutch th thai unknown"
)
_PYTHON = re.compile(
    r"(?:c?python|pypy|py)(?:[ _-]?3(?:[.-][0-9]+)*)?(?: ?\([^()]{0,40}\))?", re.IGNORECASE
)
_UNSET = _set("none null nan no false 0 default standard traditional normal stdio n/a")
_AMOUNT_CHARACTERS = 40
_KINDS = _set("type kind mode")
_SPECIAL = _set("spj interactive checker communication")
_FILE_WORDS = _set("input output in out file files filename name path")
_FILE_MODES = _keys("input_mode output_mode io_mode input_type output_type io_type")
_STANDARD_FILES = _set("stdin stdout stdio standard console -")
_SIDE_CHARACTERS_MAX = 100_000
_COMPARISON_WORDS = _set("result expected")  # of QuixBugs
_EQUALITIES = _set("result==expected expected==result list(result)==expected")


def refuse_misread_columns(scope: Scope) -> None:
    """Raise VerifierError for a key of *scope* that would be misread, or of a dict beside it."""
    _refuse_missing_tests(scope)
    _refuse_comparison(scope)
    for key in scope.values:
        if key not in _READ_ELSEWHERE:
            _refuse_file(scope, key)
            _refuse_key(scope, key)
            _refuse_limit(scope, key, is_read=limit_key(key) is not None)
    for side in _SIDE_DICTS:
        inner = Scope(field=scope.at(side), values=_side_dict(scope.values.get(side)))
        for key in inner.values:
            _refuse_key(inner, key)


def _refuse_comparison(scope: Scope) -> None:
    """Raise VerifierError for an expression that compares otherwise than calls are compared."""
    value = scope.values.get("compare")
    words = re.findall(r"\w+", value) if isinstance(value, str) else ()
    if _COMPARISON_WORDS.issubset(words) and "".join(str(value).split()) not in _EQUALITIES:
        problem = f"found {quote(value)}, expected result == expected; use test code"
        raise VerifierError(scope.at("compare"), problem)


def may_be_misread(key: str) -> bool:
    """Return whether *key* speaks of judging, language or limits."""
    words = _JUDGING | _TOLERANCE | _LANGUAGE | _LIMIT | _KINDS
    found = words_of(key)
    return not words.isdisjoint(found) or found in _JUDGING_KEYS | _STRICT_KEYS | _ERROR_KEYS


def refuse_column_of_case(scope: Scope, key: str) -> None:
    """Raise VerifierError for a *key* of a test case that sets a checker or a limit for itself."""
    _refuse_key(scope, key)
    _refuse_limit(scope, key, is_read=False)


def read_language(field: str, value: object) -> str:
    """Return "python" for any name of Python 3. Raise VerifierError for another language."""
    language = read_text(field, value)
    if not _is_python_or_spoken(language):
        raise bad_value(field, language, "python")
    return "python"  # so that all spellings agree


def _side_dict(value: object) -> dict[str, object]:
    """Return a dict, or that in a JSON string; no keys for anything else."""
    if isinstance(value, str) and value.startswith("{") and len(value) <= _SIDE_CHARACTERS_MAX:
        with suppress(VerifierError):
            value = read_json("", value)
    return value if isinstance(value, dict) else {}


def _refuse_missing_tests(scope: Scope) -> None:
    complete = scope.values.get("official_tests_complete")
    if complete is not None and complete != "" and not _is_set(complete):
        problem = (
            "found false: the other tests are missing, and grading by some of the tests would be "
            "wrong; add them to official_tests and set it to true"
        )
        raise VerifierError(scope.at("official_tests_complete"), problem)


def _refuse_file(scope: Scope, key: str) -> None:
    value, words = scope.values[key], words_of(key)
    if not isinstance(value, str | list) or not _is_set(value):
        return
    names_file = "file" in words or "filename" in words
    is_file = names_file and words <= _FILE_WORDS and not words.isdisjoint(("input", "output"))
    if is_file and not _is_standard(value):
        raise VerifierError(scope.at(key), _NO_FILE)
    if words in _FILE_MODES and value in ("file", "files"):
        raise VerifierError(scope.at(key), _NO_FILE)


def _is_standard(file: object) -> bool:
    return isinstance(file, str) and not _STANDARD_FILES.isdisjoint(file.casefold().split())


def _refuse_key(scope: Scope, key: str) -> None:
    value = scope.values[key]
    words = words_of(key)
    if words in _STRICT_KEYS and (value is False or str(value).casefold() == "false"):
        raise VerifierError(scope.at(key), _NO_JUDGE)
    if not _is_set(value):
        return
    if words & _KINDS and not words & _MEASURES and _is_special(value):
        raise VerifierError(scope.at(key), f"{_NO_JUDGE} (it is {quote(value)})")
    is_tolerance = words & _TOLERANCE or words in _ERROR_KEYS
    if _speaks_of_judging(words) or (is_tolerance and _is_amount(value, words)):
        raise VerifierError(scope.at(key), _NO_JUDGE)
    if words & (_LANGUAGE | _LANGUAGES) and not words & (_MEASURES | _OF_OTHER_LANGUAGES):
        _refuse_language(scope.at(key), value, one_of="languages" in words)


def _refuse_limit(scope: Scope, key: str, *, is_read: bool) -> None:
    value, words = scope.values[key], words_of(key)
    is_limit = words & _LIMIT and not words & (_MEASURES | _OF_TEXTS)
    if is_limit and not is_read and _is_set(value) and not isinstance(value, bool):
        raise VerifierError(scope.at(key), _NO_LIMIT)


_NO_JUDGE = (
    "found a setting for judging that we do not know, so right answers could be refused; set "
    "checker to one of ours, or remove this key if the tests are complete without it"
)
_NO_FILE = "found a file, which is not supported yet; expected stdin and stdout"
_NO_LIMIT = "found a limit that we do not know; use limits, time_limit or memory_limit"


def _speaks_of_judging(words: frozenset[str]) -> bool:
    if words in _JUDGING_KEYS or {"special", "judge"} <= words:
        return True
    return bool(words & _JUDGING) and not words & _MEASURES


def _is_special(kind: object) -> bool:
    words = words_of(kind) if isinstance(kind, str) else frozenset()
    return bool(words & _SPECIAL) or {"special", "judge"} <= words or kind == "special"


def _is_amount(value: Any, words: frozenset[str]) -> bool:  # noqa: ANN401  (tried as a number)
    if words & _MEASURES or isinstance(value, bool):
        return False
    try:
        return float(value[:_AMOUNT_CHARACTERS] if isinstance(value, str) else value) != 0
    except OverflowError:
        return True
    except (TypeError, ValueError):
        return False


def _refuse_language(field: str, value: object, *, one_of: bool) -> None:
    names = value if isinstance(value, list) else [value]
    if one_of and any(isinstance(name, str) and _is_python_or_spoken(name) for name in names):
        return
    for name in names:
        if isinstance(name, str) and not _is_python_or_spoken(name):
            raise bad_value(field, name, "python")
        if isinstance(name, int) and not isinstance(name, bool):
            raise bad_value(field, name, "python, not its number in another system")


def _is_python_or_spoken(language: str) -> bool:
    name = language.strip()
    spoken = re.split(r"[-_ ]", name.casefold(), maxsplit=1)[0] in _SPOKEN
    return bool(_PYTHON.fullmatch(name)) or spoken


def _is_set(value: object) -> bool:
    """Return whether *value* says something: not null, empty, false, 0, or a word for no."""
    if isinstance(value, str):
        return value.strip().casefold() not in ("", *_UNSET)
    return bool(value) and not is_nan(value)
