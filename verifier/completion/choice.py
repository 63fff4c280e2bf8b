"""Choose the block that is the answer.

In: the blocks of a completion that may be Python, and the names of the functions or classes that
are asked for, if any are. Of the tests, nothing but these names is known here. Out: one program.

Earlier blocks may be drafts, so the answer is the last block, or the last that defines a name that
is asked for. A block beside the answer does not count (`roles.py`). What the answer uses and does
not define comes from the blocks before it (`joining.py`). A block that is not tagged counts only if
no other does, and so does one that is never closed.

Only the last blocks are read, up to a number and a size: a completion may have thousands.
"""

from collections.abc import Callable, Sequence

from nova_code_verifier.verifier.completion.joining import join
from nova_code_verifier.verifier.completion.programs import Program
from nova_code_verifier.verifier.completion.roles import (
    example_of,
    imports,
    is_beside,
    is_part,
    methods_of,
    only_uses,
)
from nova_code_verifier.verifier.program.starter_code import returns_outside
from nova_code_verifier.verifier.types import Candidate, ExtractionMethod

_READ_BLOCKS_MAX = 64
_READ_CHARS_MAX = 100_000

_RANKS = (
    (ExtractionMethod.TAGGED_FENCE, ExtractionMethod.PREFILLED_FENCE),
    (ExtractionMethod.UNTAGGED_FENCE,),
    (ExtractionMethod.UNCLOSED_FENCE,),
)


def choose(
    blocks: Sequence[Candidate], names: Callable[[], frozenset[str]], *, completes_prompt: bool
) -> Candidate:
    """Return the answer among *blocks*, of which there is one at least.

    *names* returns what is asked for, such as `f` or `Solution().f`. If *completes_prompt*, an
    indented block, or one with a `return` outside of functions, is the body of what is asked for.
    """
    if len(blocks) == 1:
        return blocks[0]
    blocks = _last(blocks)
    programs = [Program(block.program) for block in blocks]
    ranks = [
        [index for index, block in enumerate(blocks) if block.method in methods]
        for methods in _RANKS
    ]
    wanted = names()
    index = _last_definition(programs, ranks, wanted)
    if index is None and completes_prompt:
        index = _last_body(programs)
    if index is None:
        index = _last_whole(programs, ranks)
    program = join(programs, index, wanted)
    return Candidate(program=program, method=blocks[index].method)


def _last(blocks: Sequence[Candidate]) -> list[Candidate]:
    """Return the last of *blocks*, one at least, up to the bounds."""
    kept: list[Candidate] = []
    left = _READ_CHARS_MAX
    for block in reversed(blocks[-_READ_BLOCKS_MAX:]):
        left -= len(block.program)
        if kept and left < 0:
            break
        kept.append(block)
    return kept[::-1]


def _last_definition(
    programs: Sequence[Program], ranks: Sequence[Sequence[int]], names: frozenset[str]
) -> int | None:
    """Return the index of the last program that defines one of *names*, if there is one."""
    # Without a class that has the method, a function of its name is the next best thing. An import
    # may be the answer, too (`from math import gcd`), but most imports are not.
    functions = frozenset(name.rpartition(".")[2] for name in names)
    ways = dict.fromkeys([(names, False), (functions, False), (functions, True)])
    for wanted, by_import in ways:
        for indices in ranks:
            for index in reversed(indices):
                program, earlier = programs[index], programs[:index]
                if any(
                    imports(program, name) is by_import and _defines(program, name, earlier)
                    for name in wanted
                ):
                    return index
    return None


def _last_body(programs: Sequence[Program]) -> int | None:
    """Return the index of the last program that is the body of a function."""
    for index in range(len(programs) - 1, -1, -1):
        program = programs[index]
        is_indented = program.text.lstrip("\n")[:1] in (" ", "\t")
        if is_indented or (program.tree and returns_outside(program.tree)):
            return index
    return None


def _defines(program: Program, name: str, earlier: Sequence[Program]) -> bool:
    """Return whether *program* defines *name*, and does not only quote or use a definition."""
    *owner, function = name.split("().")
    if program.tree is None:
        return function in program.seems_to_define and not is_part(program, earlier, function)
    # The graders of call tests also look for a function in `Solution`.
    methods = methods_of(program, owner[0] if owner else "Solution")
    is_defined = function in methods or (not owner and name in program.bindings)
    return (
        is_defined
        and not only_uses(program, name, earlier)
        and not is_part(program, earlier, function)
    )


def _last_whole(programs: Sequence[Program], ranks: Sequence[Sequence[int]]) -> int:
    """Return the index of the last program that is not beside the answer."""
    for indices in ranks:
        for index in reversed(indices):
            program, earlier = programs[index], programs[:index]
            if (shown := example_of(program, earlier)) is not None:
                return shown
            if not is_beside(program, earlier):
                return index
    return next(indices[-1] for indices in ranks if indices)
