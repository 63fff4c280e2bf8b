"""Find out from a program's text which risky functions it uses. This is advice, not confinement.

In: a program. Out: findings, each with its name, line, reason and severity. Nothing runs here: the
sandbox confines programs, whatever their text says.

RestrictedPython reads the program. The policy `default` looks at every node for processes,
networks, deleted files, dynamic code, native code, and access to frames or to the garbage
collector. The policy `strict` adds RestrictedPython's own rules, which allow little more than
arithmetic.
"""

import ast
from functools import lru_cache

from RestrictedPython.transformer import RestrictingNodeTransformer

from nova_code_verifier.verifier.completion.name_resolution import NameResolver
from nova_code_verifier.verifier.rubric import Policy
from nova_code_verifier.verifier.syntax import Nodes, parse, read_python
from nova_code_verifier.verifier.types import Finding, Severity

_CHARACTERS_MAX = 100_000
_FINDINGS_MAX = 100  # of each severity
_DEPTH_MAX = 100
_MILD_COST = 0.25


def find_risks(
    program: str, policy: Policy = Policy.DEFAULT, *, prelude: str = ""
) -> tuple[Finding, ...]:
    """List the risks of a program. A program that does not parse cannot run, and has none.

    The imports of its *prelude* are no risks, but the program may use what they import.
    """
    if len(program) > _CHARACTERS_MAX:
        return (_finding("program", None, "is too long to be read", Severity.SEVERE),)
    try:
        tree = read_python(program) or parse(program)
    except (SyntaxError, ValueError):
        return ()
    except (RecursionError, MemoryError):
        return (_finding("program", None, "is too deep to be read", Severity.SEVERE),)
    reader = _Reader()
    reader.read(tree, _nodes_of(prelude) if prelude else None)
    if policy is Policy.STRICT:
        reader.read_strictly(parse(program))  # this changes the tree
    return tuple(sorted(reader.findings, key=lambda finding: finding.line))


@lru_cache(maxsize=32)  # most programs have one of a few preludes
def _nodes_of(prelude: str) -> Nodes | None:
    tree = read_python(prelude)
    return Nodes(tree) if tree else None


def _depth(tree: ast.AST) -> int:
    depth, level = 0, [tree]
    while level and depth <= _DEPTH_MAX:
        depth, level = depth + 1, [child for node in level for child in ast.iter_child_nodes(node)]
    return depth


def safety_of(findings: tuple[Finding, ...]) -> float:
    """Return how safe a program looks, in [0, 1]: 0 with a severe finding, 1 with none."""
    if any(finding.severity is Severity.SEVERE for finding in findings):
        return 0.0
    return max(0.0, 1.0 - _MILD_COST * len(findings))


def _finding(name: str, node: ast.AST | None, reason: str, severity: Severity) -> Finding:
    line = getattr(node, "lineno", 0)
    return Finding(name=name[:_CHARACTERS_MAX], line=line, reason=reason, severity=severity)


class _Reader(RestrictingNodeTransformer):
    """Walks over a program and collects findings, by the tables below."""

    def __init__(self) -> None:
        super().__init__()
        self.findings: list[Finding] = []

    def read(self, tree: ast.Module, prelude: Nodes | None = None) -> None:
        """Look at every node that may matter."""
        nodes = Nodes(tree)
        names = NameResolver(nodes, prelude)
        self._look_at_imports(nodes)
        for node in nodes.of(ast.Attribute):
            self._check(names.of(node), node)
            if node.attr in _INTROSPECTING:
                self._note(node.attr, node, "looks into frames or classes", Severity.SEVERE)
        for name in nodes.of(ast.Name):
            if name.id in _DYNAMIC and names.of(name) == f"builtins.{name.id}":
                self._note(name.id, name, _RUNS_CODE, Severity.MILD)
        for indirect in (*nodes.of(ast.Call), *nodes.of(ast.Subscript)):
            self._check_module(names.of(indirect), indirect)
        if names.knows("pathlib"):
            self._look_at_paths(nodes, names)

    def read_strictly(self, tree: ast.Module) -> None:
        """Add a finding for everything that RestrictedPython refuses."""
        # Measured here: whether Python raises RecursionError depends on the depth of our caller.
        if _depth(tree) > _DEPTH_MAX:
            self._note("program", None, "is too deep to be read", Severity.SEVERE)
        else:
            self.visit(tree)

    def error(self, node: ast.AST, info: str) -> None:
        """Add a finding instead of an error (RestrictedPython calls this)."""
        self._note(type(node).__name__, node, info, Severity.MILD)

    def _note(self, name: str, node: ast.AST | None, reason: str, severity: Severity) -> None:
        if sum(finding.severity is severity for finding in self.findings) < _FINDINGS_MAX:
            self.findings.append(_finding(name, node, reason, severity))

    def _look_at_imports(self, nodes: Nodes) -> None:
        for node in nodes.of(ast.Import):
            for alias in node.names:
                self._check_module(alias.name, node)
        for taken in nodes.of(ast.ImportFrom):
            if taken.module and not taken.level:
                self._check_module(taken.module, taken)
                for alias in taken.names:
                    self._check(f"{taken.module}.{alias.name}", taken)

    def _look_at_paths(self, nodes: Nodes, names: NameResolver) -> None:
        """Take `.unlink()` and `.rmdir()` for a path's, unless the program defines them."""
        deleting = _DELETING - {function.name for function in nodes.of(ast.FunctionDef)}
        for node in nodes.of(ast.Call):
            match node.func:
                case ast.Attribute(attr=attr) if attr in deleting and not names.of(node.func):
                    self._note(attr, node, _DELETES, Severity.SEVERE)

    def _check(self, name: str, node: ast.AST) -> None:
        if name in _REASONS:
            reason = _REASONS[name]
            severity = Severity.MILD if reason == _RUNS_CODE else Severity.SEVERE
            self._note(name, node, reason, severity)

    def _check_module(self, name: str, node: ast.AST) -> None:
        module = name.partition(".")[0]
        if module in _MODULES:
            self._note(name, node, _MODULES[module], Severity.SEVERE)
        else:
            self._check(name, node)


def _all(reason: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), reason)


_RUNS_CODE = "runs code that is not in the program"
_DELETES = "deletes files"
_MODULES = (
    _all("starts processes", "subprocess multiprocessing pty posix _posixsubprocess webbrowser")
    | _all(
        "uses the network",
        "socket _socket ssl http ftplib smtplib telnetlib imaplib poplib nntplib "
        "socketserver xmlrpc wsgiref asyncore requests urllib3 httpx aiohttp websockets",
    )
    | _all("runs native code", "ctypes cffi _ctypes")
    | _all("looks at the garbage collector", "gc")
)
_REASONS: dict[str, str] = (
    _all("imports everything in it", "os.* shutil.* sys.* inspect.* threading.* urllib.*")
    | _all(
        "starts processes",
        "os.system os.popen os.fork os.forkpty os.posix_spawn os.posix_spawnp os.execv os.execve "
        "os.execl os.execle os.execlp os.execlpe os.execvp os.execvpe os.spawnl os.spawnle "
        "os.spawnlp os.spawnlpe os.spawnv os.spawnve os.spawnvp os.spawnvpe os.kill os.killpg "
        "asyncio.create_subprocess_exec asyncio.create_subprocess_shell "
        "asyncio.subprocess.create_subprocess_exec asyncio.subprocess.create_subprocess_shell "
        "concurrent.futures.ProcessPoolExecutor concurrent.futures.process",
    )
    | _all(
        _DELETES,
        "os.remove os.unlink os.rmdir os.removedirs shutil.rmtree os.truncate shutil.move "
        "pathlib.Path.unlink pathlib.Path.rmdir",
    )
    | _all(
        "uses the network",
        "urllib.request asyncio.open_connection asyncio.start_server "
        "asyncio.open_unix_connection asyncio.start_unix_server",
    )
    | _all(
        "looks into frames or classes",
        "sys._getframe sys._current_frames sys.settrace sys.setprofile inspect.currentframe "
        "inspect.stack inspect.trace inspect.getouterframes threading.settrace "
        "threading.setprofile",
    )
    | _all(
        _RUNS_CODE,
        "builtins.eval builtins.exec builtins.compile builtins.__import__ importlib.import_module "
        "importlib.__import__ runpy code codeop",
    )
)
_INTROSPECTING = frozenset({
    "f_back", "f_globals", "f_locals", "f_builtins", "tb_frame", "gi_frame", "cr_frame",
    "ag_frame", "__subclasses__", "__globals__", "__builtins__",
})  # fmt: skip
_DYNAMIC = frozenset({"eval", "exec", "compile", "__import__"})
_DELETING = frozenset({"unlink", "rmdir"})  # methods of a path
