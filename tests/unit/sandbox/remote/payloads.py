"""Jobs of every kind, and arbitrary frames, for the tests of requests and responses."""

import json

from hypothesis import strategies as st

from nova_code_verifier.sandbox.types import Call, ExactCall, Job, Limits, Run, Session, Substitute

RUNS = Job(
    program="print('\ud800')",
    questions=(Run(stdin=b"\xff\0", argv=("-x", "\ud800")), Run()),
    limits=Limits(cpu_seconds=0.5, wall_seconds=2.0, memory_bytes=2**20, output_bytes=2**20),
    give_up_after=2,
    prelude="x = '\ud800'",
)
CALLS = Job(
    program="def f(*a): return a",
    questions=(
        Call(entry_point="f", arguments=(1, [2.5, "x"], {3: None})),
        Call(entry_point="f", arguments=(float("inf"),)),
    ),
)
EXACT_CALLS = Job(
    program="def f(*a, **b): return a",
    questions=(
        ExactCall(entry_point="f", arguments=(1,), keywords=(("b", {2: ()}),)),
        ExactCall(entry_point="C().f", keeps_object=True, substitute=Substitute.TRUTH),
    ),
    prelude="import math",
    needs_all=True,
)
SESSIONS = Job(
    program="x = 1",
    questions=(
        Session(harness="# \ud800", harness_limits=Limits(memory_bytes=2**21), items_max=7),
    ),
)


def fields(*others: object, **changes: object) -> bytes:
    """Write the fields of an honest execution of a run, some of them changed, and others."""
    honest: dict[str, object] = {"ending": "finished", "exit_status": 0, "signal": None}
    honest |= {"type_name": None, "message": None, "cpu": 0.1, "wall": 0.1, "own": 0.1}
    honest |= {"memory": 1, "detail": "", "cause": "none", "is_confirmed": 0}
    return json.dumps([*(honest | changes).values(), *others]).encode()


arbitrary_frames = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [
                fields(),
                b"null",
                b'["kernel",[1]]',
                b'["kernel",[2]]',
                b"[1.0,1]",
                fields("finished"),
                b'["kernel",[1],["seccomp"]]',
                b"\0\0\0\1x",
            ]
        ),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ).map(lambda tree: json.dumps(tree).encode()),
    ),
    max_size=10,
)
