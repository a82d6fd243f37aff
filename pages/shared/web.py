"""What the server adds to the framework: the components' files, security headers, and a last word on errors."""

import gzip
import io
import logging
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cnn_core import kernels
from cnn_core.rational import common_denominator
from pages.shared import answers, navigation, preload, samples, take_away
from pages.shared.learn.groups import GROUPS
from pages.shared.prompt import Prompt

COMPONENTS_FOLDER = Path(__file__).resolve().parents[1] / "components"

_THUMBNAIL = 192  # px: twice the size at which it is shown

# Inline components are imported from blob: addresses; everything else comes from this server alone.
_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"content-security-policy": (
        b"default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
        b"img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; worker-src 'self' blob:; "
        b"object-src 'none'; base-uri 'self'"
    ),
}


_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


async def _module(request: Request) -> Response:
    """One of the components' modules or styles, and none of the Python beside them.

    A page asks for forty of them at once: they are answered from memory, and a thread is spent on none.
    """
    try:
        file = (COMPONENTS_FOLDER / request.path_params["path"]).resolve()
        found = file.suffix in _TYPES and file.is_relative_to(COMPONENTS_FOLDER) and file.is_file()
    except (OSError, ValueError):  # a name too long for the system, or no name at all
        found = False
    if not found:
        return Response("Not found", status_code=404)
    changed = file.stat().st_mtime_ns
    tag = f'"{changed:x}"'
    # Ask again each time: an updated server must never meet yesterday's modules.
    headers = {"cache-control": "no-cache", "etag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    headers |= {"vary": "accept-encoding", **({"content-encoding": "gzip"} if packed else {})}
    return Response(_content(file, changed, packed), media_type=_TYPES[file.suffix], headers=headers)


@lru_cache(maxsize=512)
def _content(file: Path, _changed: int, packed: bool) -> bytes:
    """A file's bytes, packed once and not, as the framework would, for each who asks."""
    data = file.read_bytes()
    return gzip.compress(data, mtime=0) if packed else data


def _page(entry: navigation.Entry, address: str) -> Route:
    """One of our pages: the framework's own, and in its head what to fetch ahead."""

    async def answer(_request: Request) -> Response:
        text = preload.document(COMPONENTS_FOLDER, ui_path(), entry.component)
        return HTMLResponse(text, headers={"cache-control": "no-cache"})  # as the framework has it

    return Route(f"{_base()}/{address}", answer)


class _SecurityHeaders:
    """Adds the headers above to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_HEADERS.items()]
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def ui_path() -> str:
    """The path under which the components' files are served, without a slash at its end."""
    return f"{_base()}/ui"


def _base() -> str:
    """The path under which all of the app is served, without a slash at its end."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


def routes() -> Sequence[BaseRoute]:
    """The routes Kernelscope serves beside the framework's own."""
    # A framework that keeps its page elsewhere serves it itself, and nothing is fetched ahead.
    pages = navigation.PAGES if preload.found() else ()
    return [
        Route(f"{ui_path()}/take/{{session}}/{{name}}", take_away.serve),
        Route(f"{ui_path()}/explain/{{session}}", answers.serve_explanation),
        Route(f"{ui_path()}/answers/{{component}}/{{session}}", answers.serve, methods=["POST"]),
        Route(f"{ui_path()}/samples.json", _samples),
        Route(f"{ui_path()}/kernels.json", _kernels),
        Route(f"{ui_path()}/groups.json", _groups),
        Route(f"{ui_path()}/samples/{{name}}.png", _sample),
        Route(f"{ui_path()}/{{path:path}}", _module),
        *(_page(entry, "") for entry in pages[:1]),
        *(_page(entry, entry.name) for entry in pages),
    ]


def _samples(_request: Request) -> Response:
    """The gallery's words; the page asks for them when the gallery is opened."""
    words = ("name", "title", "sentence", "licence")
    return JSONResponse([{word: getattr(sample, word) for word in words} for sample in samples.SAMPLES])


def _kernels(_request: Request) -> Response:
    """The library's words and weights; the page asks for them when the library is opened."""
    words = ("name", "title", "sentence", "parts", "family")
    listed = [
        {
            **{word: getattr(kernel, word) for word in words},
            "weights": kernel.weights.tolist(),
            "counted": common_denominator(kernel.weights.ravel().tolist()),
        }
        for kernel in kernels.LIBRARY
    ]
    return JSONResponse(listed)


def _groups(_request: Request) -> Response:
    """What a teacher may leave to the learner; the page asks when a lesson is put together."""
    return JSONResponse([{"name": name, "title": group.title, "views": group.views} for name, group in GROUPS.items()])


def _sample(request: Request) -> Response:
    """A sample of the gallery as a small picture."""
    name = request.path_params["name"]
    if name not in samples.names():
        return Response("Not found", status_code=404)
    return Response(_thumbnail(name), media_type="image/png", headers={"cache-control": "max-age=3600"})


@cache
def _thumbnail(name: str) -> bytes:
    picture = Image.fromarray(np.rint(samples.pixels(name).transpose(1, 2, 0) * 255).astype(np.uint8))
    height, width = picture.height, picture.width
    side = min(height, width)  # the middle square
    left, top = (width - side) // 2, (height - side) // 2
    square = picture.crop((left, top, left + side, top + side)).resize((_THUMBNAIL, _THUMBNAIL))
    file = io.BytesIO()
    square.save(file, "PNG")
    return file.getvalue()


def middleware() -> Sequence[Middleware]:
    """The ASGI layers around the framework, the outermost first."""
    return [Middleware(Prompt), Middleware(_SecurityHeaders)]


def tell_of_error(error: Exception) -> bool:
    """Put a sentence on the screen in place of a traceback, and the traceback in the server's log.

    Returns:
        True, which tells the framework that the error has been shown.
    """
    logging.getLogger(__name__).error("An uncaught error reached the page", exc_info=error)
    st.error(
        "Something went wrong on the server and was written to its log. Your work is kept: undo or reload the page."
    )
    return True
