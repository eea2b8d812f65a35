"""What is written is what was meant, and what is said is taken apart, split anywhere."""

import hashlib
import hmac
import json
import unittest

import boundaries
import http_wire
import rest_calls
import stomp_wire
import tokens
import websocket_wire
from websocket_wire import PING, TEXT, frame

ANSWERS = (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
           b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n"
           b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x01x")


class HTTP(unittest.TestCase):
    def test_a_request(self):
        self.assertEqual(
            http_wire.request("POST", "/a", [("X", "1")], b"xy"),
            b"POST /a HTTP/1.1\r\nHost: parley\r\nX: 1\r\nContent-Length: 2\r\n\r\nxy")
        self.assertNotIn(b"Content-Length: 2", http_wire.request("POST", "/", [("Content-Length", "-1")], b"xy"))

    def test_chunks_that_lie(self):
        self.assertEqual(http_wire.chunked(b"abc"), b"3\r\nabc\r\n0\r\n\r\n")
        self.assertEqual(http_wire.chunked(b"abc", sizes=["ffff"]), b"ffff\r\nabc\r\n0\r\n\r\n")

    def test_answers_split_anywhere(self):
        for at in range(len(ANSWERS)):
            answers = http_wire.Answers()
            found = answers.feed(ANSWERS[:at]) + answers.feed(ANSWERS[at:])
            self.assertEqual([(one.status, one.body) for one in found],
                             [(100, b""), (200, b"abc"), (404, b"def"), (204, b""), (101, b"")])
            self.assertEqual(bytes(answers.rest), b"\x81\x01x")

    def test_the_answer_to_head_has_no_body(self):
        answers = http_wire.Answers()
        answers.is_head = True
        self.assertEqual(len(answers.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")), 1)

    def test_what_is_no_answer_is_told(self):
        with self.assertRaises(ValueError):
            http_wire.Answers().feed(b"nonsense\r\n\r\n")


class WebSocket(unittest.TestCase):
    def test_frames_there_and_back(self):
        payloads = [b"", b"x" * 125, b"x" * 126, b"x" * 65_535, b"x" * 65_536]
        data = b"".join(frame(TEXT, payload, mask=None) for payload in payloads)
        found = websocket_wire.Frames().feed(data)
        self.assertEqual([one.payload for one in found], payloads)
        frames = websocket_wire.Frames()
        self.assertEqual(frames.feed(data[:130]) + frames.feed(data[130:]), found)

    def test_a_mask(self):
        self.assertEqual(frame(PING, b"ab", mask=b"\1\2\3\4"), b"\x89\x82\1\2\3\4``")

    def test_lengths_that_lie(self):
        self.assertEqual(frame(TEXT, b"ab", mask=None, says=5), b"\x81\x05ab")
        self.assertEqual(frame(TEXT, b"ab", mask=None, size=8), b"\x81\x7f" + b"\0" * 7 + b"\x02ab")
        self.assertEqual(frame(TEXT, b"", mask=None, says=2**63)[:4], b"\x81\x7f\x80\x00")
        self.assertEqual(frame(11, b"", fin=False, reserved=5, mask=None), b"\x5b\x00")


class Stomp(unittest.TestCase):
    def test_frames_there_and_back(self):
        said = stomp_wire.parse(stomp_wire.send("/app/x", {"a": 1}, receipt="r"))
        self.assertEqual((said.command, said.headers, json.loads(said.body)),
                         ("SEND", {"destination": "/app/x", "receipt": "r"}, {"a": 1}))
        self.assertIsNone(stomp_wire.parse(b"\n"))
        self.assertEqual(stomp_wire.parse(b"A\nx:1\nx:2\n\n\0").headers, {"x": "1"})
        self.assertEqual(stomp_wire.subscribe("1", "/t", resume_after="0"),
                         b"SUBSCRIBE\nid:1\ndestination:/t\nresume-after:0\n\n\0")


class Boundaries(unittest.TestCase):
    def test_the_numbers_that_broke_something_are_there(self):
        for number in (2**63 - 1, -(2**63), 2**53, 2**64, 0):
            self.assertIn(str(number), boundaries.NUMBERS)
        self.assertIn("-9223372036854775808.u", list(boundaries.cursors("u")))
        self.assertIn("u9223372036854775807", list(boundaries.positions()))

    def test_every_field_meets_every_boundary(self):
        names = {"conversation": "c", "user": "u", "nobody": "n", "message": 5, "file": "f"}
        targets = {asked.target for asked in rest_calls.query_requests(names)}
        self.assertIn("/api/conversations/c/messages?after=9223372036854775807", targets)
        self.assertIn("/api/conversations?cursor=-9223372036854775808.u", targets)
        self.assertIn("/api/files/9223372036854775808", {asked.target for asked in rest_calls.path_requests(names)})
        bodies = {asked.body for asked in rest_calls.body_requests(names)}
        self.assertIn(b'{"messageId":9223372036854775807}', bodies)
        self.assertIn(b'{"messageId":"9223372036854775807"}', bodies)


class Tokens(unittest.TestCase):
    def test_a_token_is_signed(self):
        head, claims, signature = tokens.signed('{"exp":1e400}', "secret").split(".")
        wanted = hmac.new(b"secret", f"{head}.{claims}".encode(), hashlib.sha256).digest()
        self.assertEqual(signature, tokens.encoded(wanted))


if __name__ == "__main__":
    unittest.main()
