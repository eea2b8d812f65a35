"""A TCP wire between a server and a store, which can be held at any request."""

import os
import select
import socket
import threading
import time
import urllib.parse

import parley
from servers import Gateway


class Steps:
    """Counts what a server sends on all its wires, and holds everything behind a given number of requests."""

    def __init__(self):
        self.changed = threading.Condition()
        self.left = None
        self.is_held = False

    def hold_after(self, count):
        with self.changed:
            self.left, self.is_held = count, False

    def release(self):
        with self.changed:
            self.left, self.is_held = None, False
            self.changed.notify_all()

    def take(self):
        """Called with each request; returns when it may go on."""
        with self.changed:
            if self.left is None:
                return
            if self.left > 0:
                self.left -= 1
                return
            self.is_held = True
            self.changed.notify_all()
            self.changed.wait_for(lambda: not self.is_held)

    def wait_until_held(self, other_end):
        """Whether it came to a hold before `other_end`, a thread, was through."""
        while other_end.is_alive():
            with self.changed:
                if self.changed.wait_for(lambda: self.is_held, 0.01):
                    return True
        return False


class Wire:
    """Passes connections on to a store, request by request; answers to requests that hold `slow` come `delay` seconds late."""

    def __init__(self, host, port, steps):
        self.target, self.steps = (host, port), steps
        self.slow, self.delay = None, 0
        # Whether an answer is held back at present, or was.
        self.is_late = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(client, socket.create_connection(self.target)), daemon=True).start()

    def carry(self, client, store):
        for end in (client, store):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        is_slow = threading.Event()
        answers = threading.Thread(target=self.carry_answers, args=(client, store, is_slow), daemon=True)
        answers.start()
        try:
            while data := client.recv(1 << 16):
                self.steps.take()
                # Who has died meanwhile asks nothing any more.
                if select.select([client], [], [], 0)[0] and not client.recv(1, socket.MSG_PEEK):
                    break
                if self.slow and self.slow in data:
                    is_slow.set()
                store.sendall(data)
        except OSError:
            pass
        finally:
            for end in (client, store):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def carry_answers(self, client, store, is_slow):
        try:
            while data := store.recv(1 << 16):
                if is_slow.is_set():
                    is_slow.clear()
                    self.is_late = True
                    time.sleep(self.delay)
                client.sendall(data)
        except OSError:
            pass

    def close(self):
        self.listener.close()


def through(url, wire):
    parts = urllib.parse.urlsplit(url)
    credentials, at, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{credentials}{at}127.0.0.1:{wire.port}").geturl()


class Wired:
    """A gateway whose requests can be held."""

    def __init__(self, **settings):
        self.steps = Steps()
        self.wires = []
        for name in ("REDIS_URL", "DATABASE_URL"):
            url = os.environ["PARLEY_" + name]
            parts = urllib.parse.urlsplit(url)
            self.wires.append(Wire(parts.hostname, parts.port, self.steps))
            settings[name] = through(url, self.wires[-1])
        self.gateway = Gateway(**settings)

    def change(self, method, path, user, body=None):
        """Starts a call; the thread, and where its answer will be."""
        answers = []

        def call():
            try:
                answers.append(parley.call(method, path, user, body, url=self.gateway.url))
            except OSError as error:
                answers.append(error)

        thread = threading.Thread(target=call)
        thread.start()
        return thread, answers

    def end(self):
        self.steps.release()
        if self.gateway.process.poll() is None:
            self.gateway.kill()
        for wire in self.wires:
            wire.close()
