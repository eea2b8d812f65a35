"""What the processes logged: errors that nobody expects, and how many warnings of which kind each build wrote."""

import re
from collections import Counter

FIELD = r'{}=("(?:[^"\\]|\\.)*"|\S+)'
SERVERS = {"postgres": re.compile(r"\b(ERROR|FATAL|PANIC): +(.*)"), "redis": re.compile(r" (#) (.*)")}
# What belongs to starts and ends and to the machine's own settings; and what PostgreSQL says when a process is killed
# while it is being answered.
EXPECTED = re.compile(
    r"^(oO0OoO0OoO0Oo Redis is starting|Redis version=|Configuration loaded|Server initialized|"
    r"WARNING Memory overcommit|WARNING: The TCP backlog|User requested shutdown|Redis is now ready to exit|"
    r"the database system is (starting up|shutting down)$|connection to client lost$)")


def field(line, name):
    match = re.search(r"(?:^| )" + FIELD.format(name), line)
    return match[1].strip('"') if match else ""


def unexpected(build, text):
    """The lines of a gateway's or persister's log that tell of an error."""
    return [f"{build}: {line}" for line in text.splitlines() if field(line, "level") == "error"]


def unexpected_of_server(server, text):
    found = []
    for line in text.splitlines():
        if (match := SERVERS[server].search(line)) and not EXPECTED.search(match[2]):
            found.append(f"{server}: {line}")
    return found


def warnings(text):
    """How often each warning was logged."""
    return Counter(field(line, "msg") for line in text.splitlines() if field(line, "level") == "warning")
