"""Errors in the logs are found, and what belongs to a start or an end isn't one."""

import unittest

import logs

GATEWAY = """time=2026-11-28T00:00:00.000Z level=info msg="gateway starting" node=gateway-1 version=0.1.0
time=2026-11-28T00:00:01.000Z level=warning msg="authorisation failed" node=gateway-1 error="level=error"
"""
ERROR = 'time=2026-11-28T00:00:02.000Z level=error msg="hole stays open" node=gateway-1 count=1'
POSTGRES = "2026-11-28 00:00:00.000 UTC [7] LOG:  database system is ready to accept connections\n"
REDIS = (
    "7:M 28 Nov 2026 00:00:00.000 # Server initialized\n"
    "7:M 28 Nov 2026 00:00:00.000 * Ready to accept connections\n")


class Logs(unittest.TestCase):
    def test_nothing_to_find(self):
        self.assertEqual(logs.unexpected("new", GATEWAY), [])
        self.assertEqual(logs.unexpected_of_server("postgres", POSTGRES), [])
        self.assertEqual(logs.unexpected_of_server("redis", REDIS), [])

    def test_an_error_of_a_gateway(self):
        self.assertEqual(logs.unexpected("old", GATEWAY + ERROR), [f"old: {ERROR}"])

    def test_errors_of_postgres(self):
        for word in ("ERROR", "FATAL", "PANIC"):
            line = f"2026-11-28 00:00:01.000 UTC [7] {word}:  column \"new\" does not exist"
            self.assertEqual(logs.unexpected_of_server("postgres", POSTGRES + line), [f"postgres: {line}"])

    def test_what_a_killed_process_leaves_in_the_log_of_postgres(self):
        line = "2026-11-28 00:00:01.000 UTC [7] FATAL:  connection to client lost"
        self.assertEqual(logs.unexpected_of_server("postgres", POSTGRES + line), [])

    def test_an_error_of_redis(self):
        line = "7:M 28 Nov 2026 00:00:00.000 # Client id=3 scheduled to be closed ASAP for overcoming of output limits."
        self.assertEqual(logs.unexpected_of_server("redis", REDIS + line), [f"redis: {line}"])

    def test_warnings_are_counted(self):
        self.assertEqual(logs.warnings(GATEWAY + ERROR), {"authorisation failed": 1})


if __name__ == "__main__":
    unittest.main()
