"""What Redis has of nodes and sessions: true after whatever was lost, and of one process per name."""

import json

import parley
from servers import Server, free_port
from stores import redis
from test_websocket import connected


def sessions_of(user):
    return set(redis("HKEYS", f"user:{user}:sessions").split())


def test_a_second_process_with_a_nodes_name_does_not_start(gateway):
    node = gateway(NODE_ID="only-one")
    user = parley.new_user()
    websocket, headers = connected(user, url=node.websocket)
    second = Server("gateway", LISTEN=f"127.0.0.1:{free_port()}", NODE_ID="only-one")
    assert "PARLEY_NODE_ID=only-one: another process has it and is alive" in "".join(second.refuses())
    # It has taken nothing of the first with it.
    assert redis("HKEYS", "sessions:only-one") == headers["session"]
    assert sessions_of(user) == {headers["session"]}
    assert node.is_ready()
    websocket.close()


def test_a_process_takes_the_place_of_one_that_was_killed(gateway):
    node = gateway(NODE_ID="killed")
    user = parley.new_user()
    _, headers = connected(user, url=node.websocket)
    node.kill()
    assert redis("EXISTS", "node:killed") == "1"
    # At once, and without the sessions that the other had.
    gateway(NODE_ID="killed")
    assert redis("EXISTS", "sessions:killed") == "0"
    assert sessions_of(user) == set()


def test_entries_that_redis_has_lost_or_kept_are_mended(gateway):
    node = gateway(NODE_ID="mended")
    user, other = parley.new_user(), parley.new_user()
    websocket, headers = connected(user, url=node.websocket)
    redis("DEL", "sessions:mended", f"user:{user}:sessions")
    phantom = json.dumps({"id": "phantom", "user": other, "node": "mended"})
    redis("HSET", "sessions:mended", "phantom", phantom, "second", phantom)
    redis("HSET", f"user:{other}:sessions", "phantom", "mended", "second", "mended")
    parley.wait_for(lambda: sessions_of(user) == {headers["session"]}, what="the lost entry")
    assert redis("HKEYS", "sessions:mended") == headers["session"]
    assert sessions_of(other) == set()
    websocket.close()
    parley.wait_for(lambda: sessions_of(user) == set(), what="the session's end")


def test_a_lapsed_node_keeps_its_sessions(gateway):
    node = gateway(NODE_ID="lapsed")
    user = parley.new_user()
    _, headers = connected(user, url=node.websocket)
    # As after an outage: the name is gone, and a neighbour has swept what was there.
    redis("DEL", "node:lapsed", "sessions:lapsed", f"user:{user}:sessions")
    parley.wait_for(lambda: sessions_of(user) == {headers["session"]}, what="the sessions")
    assert redis("EXISTS", "node:lapsed") == "1"
    assert node.is_ready()


def test_a_gateway_starts_where_the_clock_cannot_be_looked_at(gateway):
    redis("DEL", "{clock}:time")
    redis("RPUSH", "{clock}:time", "no time")
    try:
        node = gateway()
        assert node.is_ready()
    finally:
        redis("DEL", "{clock}:time")
