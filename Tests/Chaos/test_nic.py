"""A pulled cable is silence, and nothing else, for both ends. Where there are no namespaces, nothing is tested."""

import socket
import unittest

import nic
from stood_in_store import open_network

LINKS = {"node-1>redis": "redis", "node-1>postgres": "redis"}
SILENCE = 0.3


@unittest.skipUnless(nic.possible(), "namespaces need root and iproute2")
class Cable(unittest.TestCase):
    def setUp(self):
        self.server, self.network = open_network(self, "redis", LINKS, machines=True)
        self.near = socket.create_connection(
            (self.network.host("node-1>redis"), self.network.ports["node-1>redis"]), 5)
        self.addCleanup(self.near.close)
        self.far, (self.peer, _) = self.server.accept()
        self.addCleanup(self.far.close)
        self.far.settimeout(5)

    def assert_silent(self, end):
        end.settimeout(SILENCE)
        with self.assertRaises(TimeoutError):
            end.recv(100)
        end.settimeout(5)

    def test_the_stores_see_a_host_of_its_own(self):
        self.assertEqual(self.peer, self.network.nic("node-1").address)
        self.near.sendall(b"up")
        self.assertEqual(self.far.recv(100), b"up")

    def test_what_is_cut_arrives_when_the_cable_is_back(self):
        cable = self.network.nic("node-1")
        cable.unplug()
        self.near.sendall(b"up")
        self.far.sendall(b"down")
        self.assert_silent(self.far)
        self.assert_silent(self.near)
        cable.plug()
        self.assertEqual(self.far.recv(100), b"up")
        self.assertEqual(self.near.recv(100), b"down")

    def test_a_machine_that_dies_says_nothing(self):
        cable = self.network.nic("node-1")
        cable.unplug()
        self.near.close()
        for link in LINKS:
            self.network.set(link, "refuse")
        self.assert_silent(self.far)
        for link in LINKS:
            self.network.set(link, "pass")
        cable.plug()
        # The new machine with the old address knows nothing of it.
        self.far.sendall(b"down")
        with self.assertRaises(ConnectionResetError):
            self.far.recv(100)


if __name__ == "__main__":
    unittest.main()
