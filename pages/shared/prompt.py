"""Small answers leave at once.

The framework opens its listening socket without naming TCP, by which asyncio knows the connections that it makes prompt
(``asyncio.base_events._set_nodelay``). Left so, an answer's body waits until the browser has acknowledged its head, and
an edit's second message for the first: 40 ms each, measured on loopback (RFC 896 meeting RFC 1122's delayed
acknowledgement). A page asks for a hundred small files.
"""

import socket

from starlette.types import ASGIApp, Receive, Scope, Send


class Prompt:
    """Has every connection that is served send what it is given without waiting for more."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or channel."""
        if scope["type"] in ("http", "websocket"):
            hasten(receive)
        await self.app(scope, receive, send)


def hasten(receive: Receive) -> bool:
    """Set TCP_NODELAY on the connection behind ``receive``.

    ASGI tells nothing of connections: uvicorn's ``receive`` is a method of what holds the transport. A server that is
    made otherwise is served as it was, only slower.

    Returns:
        Whether the connection was found and took the option.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    found = transport.get_extra_info("socket") if transport is not None else None
    if found is None or found.family not in (socket.AF_INET, socket.AF_INET6):
        return False
    try:
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:  # closed meanwhile
        return False
    return True
