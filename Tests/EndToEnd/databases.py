"""PostgreSQL servers of a test's own, one of them a standby of the other."""

import os
import pathlib
import shutil
import subprocess
import tempfile

import parley
from servers import free_port
from stores import query

# PostgreSQL refuses to run as root: then it runs as the user that Debian's package has made.
AS_POSTGRES = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.getuid() == 0 else []
PROGRAMS = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]


class Databases:
    """A primary with a standby that streams from it; the one who is promoted takes over the primary's port."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="parley-databases-"))
        if AS_POSTGRES:
            shutil.chown(self.folder, "postgres")
        self.port, self.standby_port = free_port(), free_port()
        self.processes = {}
        self.run("initdb", "-D", self.folder / "primary", "-U", "parley", "--auth=trust", "--encoding=UTF8")
        self.start("primary", self.port)
        query("create database parley", self.url("postgres"))

    @property
    def address(self):
        return self.url("parley")

    def url(self, name, port=None):
        return f"postgresql://parley@127.0.0.1:{port or self.port}/{name}"

    def run(self, program, *arguments):
        command = [*AS_POSTGRES, PROGRAMS / program, *arguments]
        result = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, result.stdout + result.stderr

    def start(self, name, port, *settings):
        command = [*AS_POSTGRES, PROGRAMS / "postgres", "-D", self.folder / name, "-p", str(port)]
        for setting in ("listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", *settings):
            command += ["-c", setting]
        with open(self.folder / f"{name}.log", "a") as log:
            self.processes[name] = subprocess.Popen(command, cwd="/", stdout=log, stderr=log)
        parley.wait_for(lambda: self.answers(port), what=f"PostgreSQL ({name})")

    def answers(self, port):
        return subprocess.run([PROGRAMS / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode == 0

    def stop(self, name, how="immediate"):
        process = self.processes.pop(name)
        self.run("pg_ctl", "stop", "-D", self.folder / name, "-m", how)
        process.wait(timeout=20)

    def add_standby(self):
        source = self.url("parley")
        self.run("pg_basebackup", "-D", self.folder / "standby", "-d", source, "-R", "-X", "stream", "-c", "fast")
        self.start("standby", self.standby_port)
        self.wait_for_standby()

    def wait_for_standby(self):
        """Until the standby has everything that is committed now."""
        position = query("select pg_current_wal_lsn()", self.url("parley"))
        behind = f"select pg_last_wal_replay_lsn() >= '{position}'"
        parley.wait_for(lambda: query(behind, self.url("parley", self.standby_port)) == "t", what="the standby")

    def let_it_lag(self):
        """The standby hears nothing more."""
        url = self.url("parley", self.standby_port)
        query("alter system set primary_conninfo = ''", url)
        query("select pg_reload_conf()", url)
        receivers = "select count(*) from pg_stat_wal_receiver"
        parley.wait_for(lambda: query(receivers, url) == "0", what="the standby's lag")

    def fail_over(self):
        """The primary dies, and the standby takes its place with what it has."""
        self.stop("primary")
        self.stop("standby", "fast")
        self.start("standby", self.port)
        self.run("pg_ctl", "promote", "-D", self.folder / "standby")

    def end(self):
        for name in list(self.processes):
            self.stop(name)
        shutil.rmtree(self.folder)
