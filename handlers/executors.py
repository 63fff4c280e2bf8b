"""Start the executor that the settings ask for: on this machine, or in an executor function.

In: settings. Out: an executor that is warming up.
"""

from typing import TYPE_CHECKING

from nova_code_verifier.handlers.settings import ExecutorSessions, Settings, SettingsError
from nova_code_verifier.sandbox.host.local import LocalExecutor

if TYPE_CHECKING:
    from nova_code_verifier.sandbox.remote.executor import RemoteExecutor


def start_executor(
    settings: Settings, *, workers: int | None = None
) -> "LocalExecutor | RemoteExecutor":
    """Start the executor for candidates. *workers* overrides the setting.

    Raises SettingsError if the settings name an executor function that cannot be called from here.
    """
    if not settings.executor_function:
        return start_local(settings, workers=workers)
    try:
        from nova_code_verifier.handlers.executor_function.client import function_invoker  # noqa: PLC0415  (boto3 takes half a second)
    except ModuleNotFoundError as error:
        raise SettingsError(
            "VERIFIER_EXECUTOR_FUNCTION: the single file runs candidates by itself; to run them in"
            f" another function, deploy the image ({error})"
        ) from None
    from nova_code_verifier.sandbox.remote.executor import RemoteExecutor  # noqa: PLC0415

    return RemoteExecutor(
        function_invoker(
            settings.executor_function,
            connections=settings.executor_concurrency,
            fresh_environment=settings.executor_fresh_environment,
        ),
        lambda modules: start_local(settings, workers=workers, preloaded=modules),
        concurrency=settings.executor_concurrency,
        jobs_per_request=settings.executor_batch,
        required=settings.weakest_level,
        may_send_sessions=settings.executor_sessions is not ExecutorSessions.NEVER,
        fast_paths=settings.fast_paths,
    )


def start_local(
    settings: Settings,
    *,
    workers: int | None = None,
    preloaded: tuple[str, ...] = (),
    guests_bytes: float | None = None,
) -> LocalExecutor:
    """Start an executor on this machine. Its guests find the modules *preloaded* imported.

    *guests_bytes* is the memory for all guests, if it is not all that there is.
    """
    return LocalExecutor(
        workers=workers or settings.workers,
        level=settings.isolation,
        required=settings.required_isolation,
        preloaded=preloaded,
        fast_paths=settings.fast_paths,
        memory_bytes=settings.limits.memory_bytes,
        guests_bytes=guests_bytes,
    )
