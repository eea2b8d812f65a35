"""REST calls to a certain gateway, or through the balancer, beside everything else."""

import asyncio
import http.client
import json
import urllib.error
import urllib.request
from typing import NamedTuple

from people import token

PATIENCE = 10
# Nothing came, or only half of it.
NO_ANSWER = 0
FOR_NOW = 503


class Answer(NamedTuple):
    status: int
    content: bytes = b""

    @property
    def json(self):
        return json.loads(self.content)


def ask(request):
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return Answer(response.status, response.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read())
    except (OSError, http.client.HTTPException):
        return Answer(NO_ANSWER)


async def call(world, url, method, path, user, body=None, **claims):
    """`body` is sent as JSON, or as it is where it is bytes; `claims` go into the token."""
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    headers = {"Authorization": "Bearer " + token(user, world.secret, **claims), "Content-Type": "application/json"}
    return await asyncio.to_thread(ask, urllib.request.Request(url + path, data, headers, method=method))


async def insist(world, *arguments, **claims):
    """The same until it is taken: of what is refused for now, nothing was changed."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while True:
        answer = await call(world, *arguments, **claims)
        if answer.status != FOR_NOW or asyncio.get_running_loop().time() > deadline:
            return answer
        await asyncio.sleep(0.25)
