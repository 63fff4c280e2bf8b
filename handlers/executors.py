"""Start the executor that the settings ask for: on this machine, or an executor function.

In: settings. Out: an executor, warming up. Must not know: what it will run.
"""

from typing import TYPE_CHECKING

from nova_code_verifier.handlers.settings import Settings
from nova_code_verifier.sandbox.host.local import LocalExecutor

if TYPE_CHECKING:
    from nova_code_verifier.sandbox.remote.executor import RemoteExecutor


def start_executor(
    settings: Settings, *, workers: int | None = None
) -> "LocalExecutor | RemoteExecutor":
    """Start the executor for candidates; *workers* go before those of the settings."""
    if not settings.executor_function:
        return start_local(settings, workers=workers)
    from nova_code_verifier.handlers.executor_function.client import function_invoker  # noqa: PLC0415  (boto3 takes half a second)
    from nova_code_verifier.sandbox.remote.executor import RemoteExecutor  # noqa: PLC0415

    return RemoteExecutor(
        function_invoker(
            settings.executor_function,
            connections=settings.executor_concurrency,
            always_fresh=settings.executor_fresh_environment,
        ),
        lambda modules: start_local(settings, workers=workers, preloaded=modules),
        concurrency=settings.executor_concurrency,
        jobs_per_request=settings.executor_batch,
        required=settings.weakest_level,
    )


def start_local(
    settings: Settings, *, workers: int | None = None, preloaded: tuple[str, ...] = ()
) -> LocalExecutor:
    """Start an executor on this machine, whose guests find the modules *preloaded* loaded."""
    return LocalExecutor(
        workers=workers or settings.workers,
        level=settings.isolation,
        required=settings.required_isolation,
        preloaded=preloaded,
    )
