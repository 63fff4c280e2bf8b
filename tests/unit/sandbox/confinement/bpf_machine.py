"""A machine that runs classic BPF, as the kernel does for seccomp.

It follows the kernel's rules, not the code of `sandbox/confinement/seccomp.py`, so that the two
agree only if both are right. It refuses what the kernel's own check would refuse.
"""

import operator
import struct
from collections.abc import Callable

LOAD, AND, RETURN = 0x20, 0x54, 0x06
BRANCHES: dict[int, Callable[[int, int], bool]] = {0x15: operator.eq, 0x35: operator.ge}
_DATA = struct.Struct("<IIQ6Q")  # struct seccomp_data

Instruction = tuple[int, int, int, int]


def read_program(program: bytes) -> list[Instruction]:
    """Unpack `struct sock_filter`s: code, the jumps for yes and no, value."""
    return list(struct.iter_unpack("<HBBI", program))


def find_fault(program: bytes) -> str | None:
    """Return why the kernel would refuse this program, or None."""
    instructions = read_program(program)
    if not 0 < len(instructions) <= 4096:
        return "too short or too long"
    if instructions[-1][0] != RETURN:
        return "runs over its end"
    for here, instruction in enumerate(instructions):
        if not _is_sound(instruction, left=len(instructions) - here - 1):
            return f"instruction {here}: {instruction}"
    return None


def _is_sound(instruction: Instruction, *, left: int) -> bool:
    """Return whether one instruction, with *left* others after it, is valid."""
    code, yes, no, value = instruction
    if code in BRANCHES:
        return max(yes, no) < left
    if code == LOAD:
        return value % 4 == 0 and value < _DATA.size
    return code in {AND, RETURN}


def run(program: bytes, *, machine: int, number: int, arguments: tuple[int, ...] = ()) -> int:
    """Return the program's value for one system call."""
    padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = _DATA.pack(number, machine, 0, *(argument % 2**64 for argument in padded))
    instructions = read_program(program)
    word = here = 0
    while True:
        code, yes, no, value = instructions[here]
        here += 1
        if code == RETURN:
            return value
        if code == LOAD:
            (word,) = struct.unpack_from("<I", data, value)
        elif code == AND:
            word &= value
        else:
            here += yes if BRANCHES[code](word, value) else no
