"""What a program reaches for, by its text: a reading, not a wall (the kernel is that).

In: a program. Out: findings, each with its name, line, reason and severity. Nothing is run. Must
not know: what a finding costs.

RestrictedPython is the reader. Its own rules, which allow little more than arithmetic, are the
policy `strict`. The policy `default` looks at every node for processes, networks, deleted files,
dynamic code, native code, and a look at frames or at the garbage collector.
"""

import ast

from RestrictedPython.transformer import RestrictingNodeTransformer

from verifier.rubric import Policy
from verifier.syntax import parse
from verifier.types import Finding, Severity

_CHARACTERS_MAX = 100_000
_FINDINGS_MAX = 100  # of each severity
_DEPTH_MAX = 100
_PARTS_MAX = 3
_MILD_COST = 0.25


def find_risks(program: str, policy: Policy = Policy.DEFAULT) -> tuple[Finding, ...]:
    """Read a program. One that does not parse does nothing, so there is nothing to find."""
    if len(program) > _CHARACTERS_MAX:
        return (_finding("program", None, "is too long to be read", Severity.SEVERE),)
    try:
        tree = parse(program)
    except (SyntaxError, ValueError):
        return ()
    except (RecursionError, MemoryError):
        return (_finding("program", None, "is too deep to be read", Severity.SEVERE),)
    if policy is Policy.STRICT:
        return _read_strictly(tree)
    reader = _Reader()
    reader.read(tree)
    return tuple(sorted(reader.findings, key=lambda finding: finding.line))


def _read_strictly(tree: ast.Module) -> tuple[Finding, ...]:
    # Measured here, and not by a RecursionError, which hangs on how deep our caller is.
    if _depth(tree) > _DEPTH_MAX:
        return (_finding("program", None, "is too deep to be read", Severity.SEVERE),)
    recorder = _Recorder()
    recorder.visit(tree)
    return tuple(recorder.findings)


def _depth(tree: ast.AST) -> int:
    depth, level = 0, [tree]
    while level and depth <= _DEPTH_MAX:
        depth, level = depth + 1, [one for node in level for one in ast.iter_child_nodes(node)]
    return depth


def safety_of(findings: tuple[Finding, ...]) -> float:
    """Say how safe a program looks, in [0, 1]: 0 with any severe finding, less with mild ones."""
    if any(finding.severity is Severity.SEVERE for finding in findings):
        return 0.0
    return max(0.0, 1.0 - _MILD_COST * len(findings))


def _finding(name: str, node: ast.AST | None, reason: str, severity: Severity) -> Finding:
    line = getattr(node, "lineno", 0)
    return Finding(name=name[:_CHARACTERS_MAX], line=line, reason=reason, severity=severity)


class _Recorder(RestrictingNodeTransformer):
    """Records what RestrictedPython would refuse, and goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.findings: list[Finding] = []

    def note(self, name: str, node: ast.AST | None, reason: str, severity: Severity) -> None:
        if sum(one.severity is severity for one in self.findings) < _FINDINGS_MAX:
            self.findings.append(_finding(name, node, reason, severity))

    def error(self, node: ast.AST, info: str) -> None:
        self.note(type(node).__name__, node, info, Severity.MILD)


class _Reader(_Recorder):
    """Looks at every node, and minds only what is on the lists below."""

    def __init__(self) -> None:
        super().__init__()
        self._modules: dict[str, str] = {}

    def read(self, tree: ast.Module) -> None:
        """Look at every node, once it is known which names are modules."""
        nodes = list(ast.walk(tree))  # in no recursion: how deep a tree is changes nothing
        for node in nodes:
            self._bind(node)
        for node in nodes:
            self._look(node)

    def _bind(self, node: ast.AST) -> None:
        match node:
            case ast.Import(names=names):
                for alias in names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    self._modules[bound] = alias.name if alias.asname else bound
            case ast.ImportFrom(module=str() as module, names=names):
                for alias in names:
                    self._modules[alias.asname or alias.name] = f"{module}.{alias.name}"
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=known)) if (
                known in self._modules
            ):
                self._modules[name] = self._modules[known]

    def _look(self, node: ast.AST) -> None:
        match node:
            case ast.Import(names=names):
                for alias in names:
                    self._check_import(alias.name, node)
            case ast.ImportFrom(module=str() as module, names=names):
                self._check_import(module, node)
                for alias in names:
                    self._check(f"{module}.{alias.name}", node)
            case ast.Attribute(attr=attr):
                self._check(self._dotted(node), node)
                if attr in _INTROSPECTING:
                    self.note(attr, node, "looks into frames or classes", Severity.SEVERE)
            case ast.Call(func=ast.Name(id=name)) if name in _DYNAMIC:
                self.note(name, node, "runs code that is not in the program", Severity.MILD)

    def _dotted(self, node: ast.AST) -> str:
        """Write `o.path.join` as `os.path.join`, where `o` is `os`; "" for other expressions."""
        parts: list[str] = []
        # No further than any name on the lists: this is asked at every link of a chain.
        while isinstance(node, ast.Attribute) and len(parts) < _PARTS_MAX:
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self._modules:
            return ""
        return ".".join([self._modules[node.id], *reversed(parts)])

    def _check(self, name: str, node: ast.AST) -> None:
        if name in _REASONS:
            self.note(name, node, _REASONS[name], Severity.SEVERE)

    def _check_import(self, name: str, node: ast.AST) -> None:
        module = name.partition(".")[0]
        if module in _MODULES:
            self.note(name, node, _MODULES[module], Severity.SEVERE)
        else:
            self._check(name, node)


def _all(reason: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), reason)


_MODULES = (
    _all("starts processes", "subprocess multiprocessing pty posix _posixsubprocess")
    | _all("uses the network", "socket ssl http ftplib smtplib telnetlib requests urllib3 httpx")
    | _all("runs native code", "ctypes cffi _ctypes")
    | _all("looks at the garbage collector", "gc")
)
_REASONS: dict[str, str] = (
    _all("takes whatever is in it", "os.* shutil.* sys.* inspect.* threading.* urllib.*")
    | _all(
        "starts processes",
        "os.system os.popen os.fork os.forkpty os.posix_spawn os.posix_spawnp os.execv os.execve "
        "os.execl os.execle os.execlp os.execlpe os.execvp os.execvpe os.spawnl os.spawnle "
        "os.spawnlp os.spawnlpe os.spawnv os.spawnve os.spawnvp os.spawnvpe os.kill os.killpg",
    )
    | _all(
        "deletes files",
        "os.remove os.unlink os.rmdir os.removedirs shutil.rmtree os.truncate shutil.move",
    )
    | _all("uses the network", "urllib.request asyncio.open_connection asyncio.start_server")
    | _all(
        "looks into frames or classes",
        "sys._getframe sys._current_frames sys.settrace sys.setprofile inspect.currentframe "
        "inspect.stack inspect.trace inspect.getouterframes threading.settrace "
        "threading.setprofile",
    )
)
_INTROSPECTING = frozenset({
    "f_back", "f_globals", "f_locals", "f_builtins", "tb_frame", "gi_frame", "cr_frame",
    "ag_frame", "__subclasses__", "__globals__", "__builtins__",
})  # fmt: skip
_DYNAMIC = frozenset({"eval", "exec", "compile", "__import__"})
