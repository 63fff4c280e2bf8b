"""Private memory for guests that ask for shared memory without a file.

Shared memory can be dropped from the address space and still be held, so that nobody sees it. The
filter, or the strict hook, refuses it. But `mmap.mmap(-1, size)` asks for it by default, and for a
guest, which has no child, private memory is the same.
"""

import _imp
import sys
from functools import wraps
from types import ModuleType
from typing import Any


def install(*, strict: bool) -> None:
    """Replace the class `mmap.mmap`, as soon as a guest imports it.

    A *strict* hook does not see flags, and so accepts maps with an explicit access only.
    """
    execute = _imp.exec_dynamic

    @wraps(execute)
    def exec_dynamic(module: ModuleType) -> int:
        status: int = execute(module)
        if module.__name__ == "mmap":
            _replace_class(module, strict=strict)
        return status

    _imp.exec_dynamic = exec_dynamic
    if "mmap" in sys.builtin_module_names:
        __import__("mmap")
    if "mmap" in sys.modules:
        _replace_class(sys.modules["mmap"], strict=strict)


def _replace_class(module: Any, *, strict: bool) -> None:  # noqa: ANN401  (`mmap` is not imported)
    original, is_strict = module.mmap, strict
    private, write = module.MAP_PRIVATE, module.PROT_WRITE
    copies, reads, writes = module.ACCESS_COPY, module.ACCESS_READ, module.ACCESS_WRITE
    default_prot, anonymous = module.PROT_READ | write, private | module.MAP_ANONYMOUS

    class mmap(original):  # type: ignore[misc, valid-type]  # noqa: N801  (the name that programs know)
        __slots__ = ()
        __doc__ = original.__doc__

        def __new__(  # noqa: PLR0917  (the signature of the original)
            cls,
            fileno: int,
            length: int,
            flags: int = module.MAP_SHARED,
            prot: int = default_prot,
            access: int = 0,
            offset: int = 0,
            **others: Any,  # noqa: ANN401
        ) -> Any:  # noqa: ANN401
            if fileno == -1 and not is_strict:
                return original.__new__(cls, -1, length, anonymous, prot, **others)
            if fileno == -1:
                access = copies
            elif is_strict and access == 0:
                access = copies if flags & private else writes if prot & write else reads
            if access:
                others["access"] = access
            else:
                others |= {"flags": flags, "prot": prot}
            return original.__new__(cls, fileno, length, offset=offset, **others)

    mmap.__module__, mmap.__qualname__ = "mmap", "mmap"
    module.mmap = mmap
