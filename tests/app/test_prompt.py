"""Connections that send small answers at once, on the server that the framework runs."""

import asyncio
import socket
import threading
from http.client import HTTPConnection

import pytest
import uvicorn
from websockets.sync.client import connect

from pages.shared.prompt import Prompt, hasten


async def tell(scope, receive, send):
    """An application that answers with its connection's TCP_NODELAY."""
    if scope["type"] == "lifespan":
        return
    option = receive.__self__.transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    text = str(bool(option))
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": text})
        await send({"type": "websocket.close"})
    else:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": text.encode()})


@pytest.fixture
def port():
    """The port of a server over a socket made as the framework makes its own: without naming TCP."""
    listening = socket.socket(socket.AF_INET)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    server = uvicorn.Server(
        uvicorn.Config(Prompt(tell), log_level="error", lifespan="off", ws="websockets-sansio", loop="asyncio")
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join(10)


def test_a_file_s_connection_waits_for_no_acknowledgement(port):
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"True"
    connection.close()


def test_an_edit_s_connection_waits_for_no_acknowledgement(port):
    with connect(f"ws://127.0.0.1:{port}/") as channel:
        assert channel.recv(timeout=10) == "True"


def test_a_server_made_otherwise_is_served_as_it_was():
    async def receive():
        return {}

    answers = []

    async def app(scope, receive, send):
        answers.append(await receive())

    asyncio.run(Prompt(app)({"type": "http"}, receive, None))
    assert not hasten(receive)
    assert answers == [{}]
