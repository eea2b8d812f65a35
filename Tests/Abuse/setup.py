"""A Parley of the run's own, started by scripts/up in a folder of its own."""

import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
GATEWAYS = 2


class SetUp:
    def __init__(self, folder, port):
        self.folder = pathlib.Path(folder)
        self.programs = pathlib.Path(os.environ.get("PARLEY_BIN_DIR") or ROOT / ".build" / "release").resolve()
        self.environment = {
            **self.limits(), **os.environ, "PARLEY_DATA_DIR": str(folder), "PARLEY_PORT": str(port),
            "PARLEY_BIN_DIR": str(self.programs)}
        self.state = {}

    def limits(self):
        """Rates off, whichever this build knows, so that attacks reach what is behind; many sessions for few users."""
        text = subprocess.run([self.programs / "gateway", "--help"], capture_output=True, text=True).stdout
        rates = set(re.findall(r"PARLEY_RATE_[A-Z_]+", text))
        return dict.fromkeys(rates, "off") | {"PARLEY_MAX_SESSIONS_PER_USER": "1000", "PARLEY_LOG_PUBLISH": "off"}

    def up(self):
        command = [ROOT / "scripts" / "up", "--detach", "--gateways", str(GATEWAYS)]
        result = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        if result.returncode != 0:
            raise SystemExit(result.stdout + result.stderr)
        lines = (self.folder / "state.env").read_text().splitlines()
        self.state = {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines)}

    def down(self, keeps_data):
        command = [ROOT / "scripts" / "down", *([] if keeps_data else ["--wipe"])]
        subprocess.run(command, env=self.environment, capture_output=True, text=True)

    @property
    def secret(self):
        return self.state["PARLEY_JWT_SECRET"]

    @property
    def addresses(self):
        """Where clients connect: each gateway, and HAProxy in front of them."""
        urls = self.state["PARLEY_GATEWAY_URLS"].split()
        named = {f"gateway-{number}": url for number, url in enumerate(urls, 1)} | {"haproxy": self.state["PARLEY_URL"]}
        return {name: ("127.0.0.1", int(url.rpartition(":")[2])) for name, url in named.items()}

    def parley(self, *arguments):
        """A command line of the operator's, with the settings that it takes."""
        settings = {name: self.state[name] for name in ("PARLEY_REDIS_URL", "PARLEY_DATABASE_URL", "PARLEY_JWT_SECRET")}
        plain = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
        return [self.programs / "parley", *arguments], plain | settings
