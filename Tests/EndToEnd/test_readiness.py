"""The set-up itself: everything that the other tests build on answers."""

import urllib.request


def status(url):
    with urllib.request.urlopen(url, timeout=5) as response:
        return response.status


def test_balancer_reaches_a_ready_gateway(url):
    assert status(f"{url}/readyz") == 200


def test_each_gateway_is_ready(gateway_urls):
    assert len(gateway_urls) == 2
    for gateway in gateway_urls:
        assert status(f"{gateway}/readyz") == 200
