"""STOMP frames as bytes, as wrong as one likes, and taken apart."""

import json
from typing import NamedTuple


def stomp(command, headers=(), body=b""):
    """Headers are pairs, for one may want a name twice, or a dictionary."""
    pairs = headers.items() if isinstance(headers, dict) else headers
    body = body.encode() if isinstance(body, str) else body
    lines = "".join(f"{name}:{value}\n" for name, value in pairs)
    return f"{command}\n{lines}\n".encode("utf-8", "surrogatepass") + body + b"\0"


def connect(**headers):
    return stomp("CONNECT", {"accept-version": "1.2", "host": "parley", "heart-beat": "0,0"} | headers)


def subscribe(id, destination, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return stomp("SUBSCRIBE", {"id": id, "destination": destination} | named)


def send(destination, body, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    text = body if isinstance(body, (bytes, str)) else json.dumps(body)
    return stomp("SEND", {"destination": destination} | named, text)


def topic(conversation, typing=False):
    return f"/topic/conversation/{conversation}" + ("/typing" if typing else "")


class Said(NamedTuple):
    command: str
    headers: dict
    body: bytes


def parse(payload):
    """A frame of the server; None for a heart-beat."""
    text = payload.lstrip(b"\r\n")
    if not text:
        return None
    head, _, body = text.partition(b"\n\n")
    command, *lines = head.decode("utf-8", "replace").split("\n")
    # Of a name that comes twice the first one counts.
    headers = dict(line.partition(":")[::2] for line in reversed(lines))
    return Said(command, headers, body.rstrip(b"\n").removesuffix(b"\0"))
