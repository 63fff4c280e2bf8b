"""Replace the public base images by images of this machine's own files.

In: a path; for Lambda's Python image, the emulator. Out: at that path, a tar with a root file
system: the interpreter that runs this, the libraries that it needs and a shell, all of them at the
paths of the public image; for Lambda's, its runtime client and its emulator. No registry is needed.
"""

import re
import ssl
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from tests.container.root_tar import RootTar

_VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
_LANG = "/var/lang"
_PACKAGES = f"{_LANG}/lib/{_VERSION}/site-packages"
_SLIM = "/usr/local"

_LIBRARIES = (
    "/var/lang/lib", "/lib64", "/usr/lib64", "/var/runtime", "/var/runtime/lib", "/var/task",
    "/var/task/lib", "/opt/lib",
)  # fmt: skip

CONFIGURATION = [
    'ENTRYPOINT ["/lambda-entrypoint.sh"]',
    "WORKDIR /var/task",
    "ENV LANG=en_US.UTF-8",
    "ENV TZ=:/etc/localtime",
    "ENV PATH=/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    "ENV LD_LIBRARY_PATH=" + ":".join(_LIBRARIES),
    "ENV LAMBDA_TASK_ROOT=/var/task",
    "ENV LAMBDA_RUNTIME_DIR=/var/runtime",
]
"""The configuration of Lambda's image, as lines of a Dockerfile."""

SLIM_CONFIGURATION = [
    "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
    "ENV LANG=C.UTF-8",
    "ENV LD_LIBRARY_PATH=/usr/local/lib",  # there, the linker's cache has this directory
    'CMD ["python3"]',
]
"""The configuration of the slim image of Python, as lines of a Dockerfile."""

_DIRECTORIES = ("dev", "opt", "proc", "sys", "var/runtime", "var/task")
_PROGRAMS = ("sh", "chmod", "rm")
# Libraries of every system that wheels may need, and that no copied program needs.
_FOR_WHEELS = (
    "libdl.so.2",
    "libgcc_s.so.1",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libutil.so.1",
)
_LEFT_OUT = re.compile(
    r"\.a$|\.opt-[12]\.pyc$|/share/|/config-|/_tkinter"
    r"|/(test|idlelib|tkinter|turtledemo|ensurepip)/|/site-packages/(?!pip)"
)
_TEXTS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nsbx_user1051:x:993:990::/tmp:/bin/sh\n",
    "etc/group": "root:x:0:\nsbx_user1051:x:990:\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}
_PIP = """\
#!{python}
import sys
from pip._internal.cli.main import main
sys.exit(main())
"""
_SCRIPTS = {
    "var/runtime/bootstrap": (
        f"#!/bin/sh\nexport AWS_EXECUTION_ENV=AWS_Lambda_{_VERSION}\n"
        f'exec {_LANG}/bin/{_VERSION} -m awslambdaric "$_HANDLER"\n'
    ),
    "lambda-entrypoint.sh": (
        "#!/bin/sh\n"
        "[ $# -eq 1 ] || { echo 'the handler must be the only argument' >&2; exit 142; }\n"
        'export _HANDLER="$1"\n'
        '[ -n "$AWS_LAMBDA_RUNTIME_API" ] && exec /var/runtime/bootstrap\n'
        "exec /usr/local/bin/aws-lambda-rie /var/runtime/bootstrap\n"
    ),
}


class NoBaseImageError(Exception):
    """The image cannot be made on this machine; the message says why."""


def write_base_image(emulator: Path, tar: Path) -> None:
    """Write the root file system of Lambda's image to *tar*. Raises NoBaseImageError."""
    with RootTar(tar) as root:
        for directory in _DIRECTORIES:
            root.add_directory(directory)
        for path, text in _SCRIPTS.items():
            root.add_text(path, text, mode=0o755)
        for path, text in _TEXTS.items():
            root.add_text(path, text)
        _add_interpreter(root, _LANG)
        for distribution in _with_requirements("awslambdaric", "boto3"):
            _add_distribution(root, distribution)
        root.add_file(emulator, "usr/local/bin/aws-lambda-rie")
        _add_libraries(root)


def write_slim_image(tar: Path) -> None:
    """Write the root file system of the slim image of Python to *tar*. Raises NoBaseImageError."""
    with RootTar(tar) as root:
        for directory in ("dev", "opt", "proc", "sys"):
            root.add_directory(directory)
        root.add_text("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
        root.add_text("etc/group", "root:x:0:\n")
        root.add_text("etc/nsswitch.conf", _TEXTS["etc/nsswitch.conf"])
        # There, nothing of the interpreter's own library is compiled. Here a part is not: that is
        # enough to see that the build compiles it, and takes less time.
        _add_interpreter(
            root, _SLIM, without=re.compile(rf"{_LEFT_OUT.pattern}|/asyncio/__pycache__/")
        )
        _add_libraries(root)


def _add_interpreter(root: RootTar, home: str, *, without: re.Pattern[str] = _LEFT_OUT) -> None:
    """Add the interpreter that runs this at *home*, with pip, a shell and `/tmp`."""
    prefix = Path(sys.base_prefix)
    if prefix == Path("/usr"):
        raise NoBaseImageError(f"{_VERSION} is the system's, and has no directory of its own")
    root.add_directory("tmp", mode=0o1777)
    # First: they replace the interpreter's own.
    root.add_text(f"{home}/bin/pip", _PIP.format(python=f"{home}/bin/{_VERSION}"), mode=0o755)
    for name in ("python3", "python"):
        root.add_link(f"{home}/bin/{name}", _VERSION)
    root.add_tree(prefix, home, without=without)
    for program in _PROGRAMS:
        root.add_file(Path("/bin", program), f"bin/{program}")


def _add_libraries(root: RootTar) -> None:
    """Add what the files added so far need of this machine."""
    _add_certificates(root)
    root.add_libraries(except_below=(Path(sys.base_prefix), Path(sys.prefix)), also=_FOR_WHEELS)


def _with_requirements(*names: str) -> Iterator[metadata.Distribution]:
    """Yield installed distributions, and those that they require."""
    required = list(names)
    for name in required:  # the loop extends the list
        distribution = metadata.distribution(name)
        yield distribution
        for text in distribution.requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                required += [requirement.name] * (requirement.name not in required)


def _add_distribution(root: RootTar, distribution: metadata.Distribution) -> None:
    for file in distribution.files or ():
        if not file.as_posix().startswith(".."):  # a script in the environment's `bin`
            root.add_file(Path(str(distribution.locate_file(file))), f"{_PACKAGES}/{file}")


def _add_certificates(root: RootTar) -> None:
    """Add the certificates of this machine: pip, in a build, trusts the same registries."""
    paths = ssl.get_default_verify_paths()
    if paths.cafile is not None:
        root.add_file(Path(paths.cafile), paths.openssl_cafile)
