"""One who sends nothing good costs himself: a neighbour on the same loop is served as before."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

import parley

ROUNDS = 300
# Medians over the same loop in one run; what is measured on an idle machine stands in docs/security.md.
TOLERATED = 8


def round_trips(client, conversation, name):
    """Seconds from each SEND to its RECEIPT, one after the other."""
    times = []
    for number in range(ROUNDS):
        began = time.perf_counter()
        client.send(conversation, "x", receipt=f"{name}{number}")
        client.receipt(f"{name}{number}")
        times.append(time.perf_counter() - began)
    return times


@pytest.mark.parametrize("kind, metric", [
    ("wrong tokens", "parley_handshakes_refused_total"), ("broken HTTP", "parley_http_requests_refused_total"),
    ("broken frames", "parley_sessions_failed_total"), ("broken STOMP", "parley_sessions_failed_total"),
    ("too fast", "parley_rate_limited_total")])
def test_a_neighbour_is_served_as_before(gateway, clients, pair, kind, metric):
    one, _, conversation = pair
    node = gateway(LOG_PUBLISH="off", RATE_HANDSHAKES_PER_NODE="1000/s:4000", RATE_SENDS="50/s:1000")
    neighbour = clients(one, node.url)
    round_trips(neighbour, conversation, "w")
    before = round_trips(neighbour, conversation, "b")
    enemy = parley.new_user()
    his = parley.create("DIRECT", [enemy, parley.new_user()])
    host, port = parley.address(node.url)
    flooder = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("flood.py"), kind, host, str(port), parley.token(enemy), his])
    try:
        begun = node.metric(metric)
        parley.wait_for(lambda: node.metric(metric) > begun + 100, what="the flood")
        begun = node.metric(metric)
        during = round_trips(neighbour, conversation, "d")
        assert flooder.poll() is None
        nonsense = node.metric(metric) - begun
    finally:
        flooder.kill()
        flooder.wait()
    slower = statistics.median(during) / statistics.median(before)
    rate = nonsense / sum(during)
    print(f"\n{kind}: {rate:.0f}/s, median {statistics.median(before) * 1e3:.2f} -> {statistics.median(during) * 1e3:.2f} ms ({slower:.2f})")
    assert nonsense > 50
    assert slower < TOLERATED, f"{slower:.1f} times slower under {rate:.0f} per second"
    # Refusals are told and logged, and the node is well.
    assert parley.call("GET", "/readyz", url=node.url).status == 200
