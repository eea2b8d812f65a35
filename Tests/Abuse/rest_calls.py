"""Every REST call with its fields, and all requests that have one of them wrong."""

from typing import NamedTuple

import boundaries
from boundaries import in_url


class Call(NamedTuple):
    method: str
    # Names in braces are filled in from the ground.
    path: str
    query: dict = {}
    # Raw JSON by member.
    body: dict = {}


HISTORY = "/api/conversations/{conversation}"
CALLS = [
    Call("GET", "/api/conversations", {"limit": "5", "cursor": "1.{user}"}),
    Call("POST", "/api/conversations", body={"type": '"GROUP"', "participantIds": '["{user}"]', "title": '"x"'}),
    Call("GET", HISTORY),
    Call("POST", HISTORY + "/participants", body={"userId": '"{user}"'}),
    Call("DELETE", HISTORY + "/participants/{nobody}"),
    Call("POST", HISTORY + "/archive"),
    Call("POST", HISTORY + "/unarchive"),
    Call("GET", HISTORY + "/messages", {"before": "1", "after": "1", "limit": "5"}),
    Call("POST", HISTORY + "/messages", body={
        "content": '"x"', "messageType": '"TEXT"', "clientMessageId": '"x"', "fileId": '"{file}"'}),
    Call("POST", HISTORY + "/read", body={"messageId": "{message}"}),
    Call("PATCH", HISTORY + "/messages/{message}", body={"content": '"x"'}),
    Call("DELETE", HISTORY + "/messages/{message}"),
    Call("POST", "/api/files", {"conversationId": "{conversation}", "fileName": "x.txt"}),
    Call("GET", "/api/files/{file}"),
    Call("GET", "/api/files/{file}", {"expires": "1", "signature": "x"}),
    Call("GET", "/api/files/{file}/link"),
    Call("POST", "/api/tickets", {"x": "1"}),
    Call("GET", "/api/admin/nodes", {"limit": "1"}),
    Call("GET", "/api/admin/sessions", {"user": "{user}", "limit": "1"}),
    Call("DELETE", "/api/admin/sessions/{nobody}"),
    Call("GET", "/ws", {"ticket": "x", "explain": "1", "access_token": "x"}),
]


class Asked(NamedTuple):
    method: str
    target: str
    body: bytes
    # For people: which field had which value.
    about: str


def query_requests(names):
    """Each query parameter with each boundary: alone, and beside the others."""
    for call in CALLS:
        path = call.path.format(**names)
        for field in call.query:
            values = list(boundaries.NUMBERS)
            if field == "cursor":
                values = list(boundaries.cursors(names["user"]))
            for value in values:
                yield asked(call, path, {field: value}, names)
                others = {name: text.format(**names) for name, text in call.query.items()} | {field: value}
                if len(others) > 1 and len(value) < 30:
                    yield asked(call, path, others, names)
            yield asked(call, f"{path}?{field}", {}, names)
            yield asked(call, f"{path}?{field}=%zz&{field}=1&{field}=2", {}, names)


def path_requests(names):
    """Each segment of a path that is an id, with each boundary."""
    for call in CALLS:
        for hole in [hole for hole in names if "{" + hole + "}" in call.path]:
            for value in [*boundaries.NUMBERS, ".", "..", "*", names["user"].upper(), "a" * 5_000]:
                yield asked(call, call.path.format(**names | {hole: in_url(value)}), {}, names)


def body_requests(names):
    """Each member of a body with each boundary and each wrong type, and bodies that aren't objects."""
    values = boundaries.json_values()
    for call in CALLS:
        path = call.path.format(**names)
        members = {name: fill(text, names) for name, text in call.body.items()}
        for member in members:
            for value in values:
                yield with_body(call, path, members | {member: value}, f"{member}={value[:30]}")
            for others in ({name: text for name, text in members.items() if name != member}, members | {"": "1"}):
                yield with_body(call, path, others, f"{member} missing, or one too many")
        if members:
            for text in [*values, "", "{", '{"a"', "\ufeff{}", "{}{}", "[" * 900_000]:
                yield Asked(call.method, path, text.encode(), f"{call.method} {path} body {text[:30]!r}")


def fill(text, names):
    for name, value in names.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def asked(call, path, query, names):
    words = "&".join(f"{name}={in_url(value)}" for name, value in query.items())
    target = path + ("?" + words if words else "")
    members = [f'"{name}":{fill(text, names)}' for name, text in call.body.items()]
    body = "{" + ",".join(members) + "}" if members else ""
    return Asked(call.method, target, body.encode(), f"{call.method} {target[:120]}")


def with_body(call, path, members, about):
    body = "{" + ",".join(f'"{name}":{value}' for name, value in members.items()) + "}"
    return Asked(call.method, path, body.encode("utf-8", "surrogatepass"), f"{call.method} {path} {about}")
