"""Answer the routes that trainers call, without the layers of the web framework.

In: ASGI messages. Out: the answer of an endpoint. FastAPI describes these routes, and answers all
other requests. Its layers would take longer than reading a sample and writing its row.
"""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send


class Direct:
    """The innermost middleware: it has an endpoint for some paths of `POST`."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        routes: Mapping[str, Route],
        on_error: Callable[[Request, Exception], Awaitable[Response]],
        kinds: tuple[type[Exception], ...],
    ) -> None:
        """Answer *routes*, by path, and leave the rest to *app*.

        The endpoints take a request, and return a response or raise one of *kinds*.
        """
        self._app = app
        self._routes = routes
        self._on_error = on_error
        self._kinds = kinds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        is_post = scope["type"] == "http" and scope["method"] == "POST"
        route = self._routes.get(scope["path"]) if is_post else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        request = Request(scope, receive)
        try:
            response = await route.endpoint(request)
        except self._kinds as error:
            response = await self._on_error(request, error)
        await response(scope, receive, send)
