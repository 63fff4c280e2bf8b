"""The types of the standard library that two processes know by the same name.

In: a type, or a name that another process wrote. Out: its name, or the type. The list is fixed: a
guest names nothing that is not on it, and causes no other import. It holds builtins, types of data,
and exceptions; nothing on it does more, when it is called, than to make a value.

Not on it are the exceptions that tools use for themselves: KeyboardInterrupt, GeneratorExit,
`asyncio.CancelledError`, and all of pytest and unittest.
"""

import builtins
import importlib
import sys
from typing import Any

_NOT_BY_NAME = frozenset({BaseException, BaseExceptionGroup, KeyboardInterrupt, GeneratorExit})
_BUILTINS = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and kind not in _NOT_BY_NAME and not name.startswith("_")
}
_DATA_TYPES = {
    "types": """
        NoneType EllipsisType NotImplementedType FunctionType BuiltinFunctionType MethodType
        GeneratorType CoroutineType AsyncGeneratorType ModuleType MappingProxyType SimpleNamespace
        GenericAlias UnionType
    """,
    "collections": "deque Counter OrderedDict defaultdict ChainMap UserDict UserList UserString",
    "collections.abc": """
        Hashable Iterable Iterator Reversible Generator Collection Container Callable Sized Set
        MutableSet Mapping MutableMapping KeysView ItemsView ValuesView Sequence MutableSequence
        Awaitable Coroutine AsyncIterable AsyncIterator AsyncGenerator
    """,
    "abc": "ABC ABCMeta",
    "argparse": "Namespace",
    "array": "array",
    "calendar": "Day Month",
    "datetime": "datetime date time timedelta timezone tzinfo",
    "decimal": "Decimal",
    "difflib": "Match",
    "enum": "Enum IntEnum StrEnum Flag IntFlag EnumType",
    "fractions": "Fraction",
    "functools": "_CacheInfo",
    "http": "HTTPStatus HTTPMethod",
    "inspect": "_ParameterKind",
    "io": "StringIO BytesIO",
    "ipaddress": """
        IPv4Address IPv6Address IPv4Network IPv6Network IPv4Interface IPv6Interface
    """,
    "numbers": "Number Complex Real Rational Integral",
    "os": "stat_result terminal_size PathLike",
    "pathlib": "PurePath PurePosixPath PureWindowsPath Path PosixPath",
    "plistlib": "PlistFormat",
    "re": "Pattern Match RegexFlag",
    "shutil": "_ntuple_diskusage",
    "signal": "Signals Handlers Sigmasks",
    "socket": "AddressFamily SocketKind",
    "statistics": "LinearRegression NormalDist",
    "string": "Template Formatter",
    "time": "struct_time",
    "typing": "Any",
    "urllib.parse": """
        ParseResult SplitResult DefragResult ParseResultBytes SplitResultBytes DefragResultBytes
    """,
    "uuid": "UUID SafeUUID",
    "zoneinfo": "ZoneInfo",
}
# Each subclass of Exception that is an attribute of such a module.
_EXCEPTION_MODULES = """
    argparse asyncio binascii calendar concurrent.futures concurrent.futures.process
    concurrent.futures.thread configparser copy csv dataclasses decimal email.errors ftplib
    getopt graphlib gzip http.client http.cookies imaplib importlib.metadata io ipaddress json
    locale lzma mailbox multiprocessing netrc optparse pickle plistlib poplib pyexpat queue re
    select shutil signal smtplib socket sqlite3 ssl statistics struct subprocess tarfile
    threading tokenize tomllib urllib.error wave xml.dom xml.etree.ElementTree xml.parsers.expat
    xml.sax xmlrpc.client zipfile zlib zoneinfo
"""
_MODULES_OF_EXCEPTIONS = frozenset(_EXCEPTION_MODULES.split())
_NAMES_OF_DATA = {module: frozenset(names.split()) for module, names in _DATA_TYPES.items()}

_kinds: dict[tuple[str, str], type] = {("builtins", name): kind for name, kind in _BUILTINS.items()}
# By id: a metaclass may define `__hash__`. `_kinds` keeps each type, so that no id is used twice.
_names = {id(kind): (module, kind.__name__) for (module, _), kind in _kinds.items()}
_unseen = dict.fromkeys([*_NAMES_OF_DATA, *_EXCEPTION_MODULES.split()])
_modules_seen = [0]


def write_type(kind: type) -> tuple[str, str] | None:
    """Return the names of the module and the type, or None if the list does not have it."""
    if id(kind) not in _names and len(sys.modules) != _modules_seen[0]:
        see_loaded()
    return _names.get(id(kind))


def see_loaded() -> None:
    """Note the types of all modules on the list that are loaded.

    It touches every object in them. A zygote does it once, so that no guest copies their pages.
    """
    _modules_seen[0] = len(sys.modules)
    for module in [module for module in _unseen if module in sys.modules]:
        _see(module)


def read_type(module: object, name: object) -> type[Any]:
    """Return the type of that name. Raises ValueError if the list does not have it."""
    if type(module) is not str or type(name) is not str:
        raise ValueError("the name of a type is not text")
    if module in _unseen:
        importlib.import_module(module)
        _see(module)
    kind = _kinds.get((module, name))
    if kind is None:
        raise ValueError("there is no such type")
    return kind


def _see(module: str) -> None:
    """Note the types of a module that is loaded."""
    del _unseen[module]
    names = _NAMES_OF_DATA.get(module, frozenset())
    # Tests may have replaced `datetime.datetime`, but nobody replaces it in `_datetime`.
    for holder in (f"_{module}", module):
        for name, kind in list(getattr(sys.modules.get(holder), "__dict__", {}).items()):
            if issubclass(type(kind), type) and (
                name in names or (module in _MODULES_OF_EXCEPTIONS and issubclass(kind, Exception))
            ):
                first = _kinds.setdefault((module, name), kind)
                _names.setdefault(id(first), (module, name))
