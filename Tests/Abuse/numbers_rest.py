"""Boundary numbers and wrong types in every field of every REST call."""

import http_wire
import rest_calls
from attack import attack
from dice import Deck

HAND = 40
DECKS = {}


def deck(run, requests):
    """The ground's ids are in the requests, so that a deck is made when there is a ground."""
    if run.name not in DECKS:
        ground = run.ground
        DECKS[run.name] = Deck(requests({
            "conversation": ground.pairs[0], "user": ground.users[1], "nobody": run.world.nobody,
            "message": ground.message, "file": ground.small_file}), HAND)
    return DECKS[run.name]


async def ask(run, requests):
    """Calls one after the other, so that what ends a gateway is known by its words."""
    caller = run.caller(patience=5)
    for asked in run.deal(deck(run, requests)):
        run.say(asked.about)
        token = run.ground.admin if "/admin/" in asked.target else run.ground.tokens[0]
        headers = [http_wire.bearer(token), ("Content-Length", str(len(asked.body)))]
        if await caller.raw(http_wire.request(asked.method, asked.target, headers, asked.body)) is None:
            run.tally.ends["no answer"] += 1


@attack("rest-query", "a query parameter of a REST call is a boundary number, or none")
async def query(run):
    await ask(run, rest_calls.query_requests)


@attack("rest-path", "an id in the path of a REST call is a boundary number, or none")
async def path(run):
    await ask(run, rest_calls.path_requests)


@attack("rest-body", "a member of a REST body is a boundary number, has another type, or is missing")
async def body(run):
    await ask(run, rest_calls.body_requests)
