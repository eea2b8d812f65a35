"""Certificates of the tests' own authority, made by openssl."""

import ssl
import subprocess


class Authority:
    def __init__(self, folder):
        self.folder = folder
        self.file = folder / "authority.pem"
        self.run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                 "-subj", "/CN=Parley's tests", "-keyout", folder / "authority.key", "-out", self.file)

    @staticmethod
    def run(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=True)

    def issue(self, name, serial=1):
        """A certificate for this machine; the paths of it and of its key."""
        certificate, key, request = (self.folder / f"{name}.{end}" for end in ("pem", "key", "csr"))
        names = self.folder / "names"
        names.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        self.run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                 "-keyout", key, "-out", request)
        self.run("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.folder / "authority.key",
                 "-set_serial", serial, "-days", "2", "-extfile", names, "-out", certificate)
        return certificate, key

    def trust(self):
        """What a client has to whom this authority counts."""
        return ssl.create_default_context(cafile=str(self.file))

    def trust_with_threads(self):
        """The same for a client that reads in one thread and writes in another, as `websockets` does: Python's TLS sockets lose
        what is written while TLS 1.3's session tickets are read."""
        context = self.trust()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        return context
