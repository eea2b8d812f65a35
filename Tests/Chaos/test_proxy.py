"""What each mode of the proxy does to a connection, on the loopback."""

import socket
import unittest

from stood_in_store import open_network

# A connection that stays silent for so long hears nothing.
SILENCE = 0.2


class Proxy(unittest.TestCase):
    def setUp(self):
        self.server, self.network = open_network(self, "store", {"node>store": "store"})

    def set(self, mode, delay=0.0):
        self.network.set("node>store", mode, delay)

    def connect(self):
        """Both ends of a new connection through the link."""
        near = socket.create_connection(("127.0.0.1", self.network.ports["node>store"]), 5)
        self.addCleanup(near.close)
        far, _ = self.server.accept()
        far.settimeout(5)
        self.addCleanup(far.close)
        return near, far

    def assert_hears(self, end, data):
        self.assertEqual(end.recv(100), data)

    def assert_silent(self, end):
        end.settimeout(SILENCE)
        with self.assertRaises(TimeoutError):
            end.recv(100)
        end.settimeout(5)

    def assert_refused(self):
        """The reset may come while one connects, or a moment later."""
        with self.assertRaises(ConnectionResetError):
            with socket.create_connection(("127.0.0.1", self.network.ports["node>store"]), 5) as near:
                near.recv(100)

    def test_passes_both_ways(self):
        near, far = self.connect()
        near.sendall(b"up")
        self.assert_hears(far, b"up")
        far.sendall(b"down")
        self.assert_hears(near, b"down")
        near.close()
        self.assert_hears(far, b"")

    def test_refuses_by_reset(self):
        near, far = self.connect()
        self.set("refuse")
        for end in (near, far):
            self.assertRaises(ConnectionResetError, end.recv, 100)
        self.assert_refused()
        self.set("pass")
        self.test_passes_both_ways()

    def test_a_black_hole_keeps_everything_back(self):
        near, far = self.connect()
        self.set("blackhole")
        near.sendall(b"up")
        far.sendall(b"down")
        self.assert_silent(near)
        self.assert_silent(far)
        self.set("pass")
        self.assert_hears(far, b"up")
        self.assert_hears(near, b"down")

    def test_a_black_hole_keeps_the_end_back(self):
        near, far = self.connect()
        self.set("blackhole")
        near.close()
        self.assert_silent(far)
        self.set("pass")
        self.assert_hears(far, b"")

    def test_one_direction_alone(self):
        for mode, held, free in (("swallow-up", 0, 1), ("swallow-down", 1, 0)):
            ends = self.connect()
            self.set(mode)
            ends[held].sendall(b"held")
            ends[free].sendall(b"free")
            self.assert_hears(ends[held], b"free")
            self.assert_silent(ends[free])
            self.set("pass")
            self.assert_hears(ends[free], b"held")

    def test_delays_and_keeps_the_order(self):
        near, far = self.connect()
        self.set("delay", 2 * SILENCE)
        near.sendall(b"one ")
        self.assert_silent(far)
        self.set("pass")
        near.sendall(b"two")
        heard = b""
        while len(heard) < 7:
            heard += far.recv(100)
        self.assertEqual(heard, b"one two")

    def test_nobody_at_the_other_end(self):
        self.server.close()
        self.assert_refused()


if __name__ == "__main__":
    unittest.main()
