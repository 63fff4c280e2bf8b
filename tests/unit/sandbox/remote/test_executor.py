"""The remote executor: which programs run where."""

from nova_code_verifier.sandbox.host.local import LocalExecutor
from nova_code_verifier.sandbox.remote.executor import RemoteExecutor
from tests.unit.sandbox.remote.fake_function import FakeFunction, job_of


def test_trusted_programs_stay_on_this_machine() -> None:
    """An executor with preloaded modules runs its programs here, never in the function."""
    started: list[tuple[str, ...]] = []

    def start(modules: tuple[str, ...]) -> LocalExecutor:
        started.append(modules)
        return LocalExecutor(workers=1, preloaded=modules)

    function = FakeFunction()
    with RemoteExecutor(function, start) as executor:
        trusted = executor.with_preloaded(("json",))
        assert executor.with_preloaded(("json",)) is trusted
        (_, (execution,)) = next(iter(trusted.run([job_of("print(6 * 7)")])))

    assert (started, execution.stdout, function.requests) == ([("json",)], b"42\n", [])
    assert executor.isolates_trusted_code
    assert not trusted.isolates_trusted_code
