"""Ways in which files come: as a request's content or in a form, checked, repeated, counted."""

import base64
import hashlib
import json
import os
import socket
import subprocess
import threading

import pytest

import parley
from stores import query
from test_files import FIRST, ask

TEXT = b"Hello, form.\r\n--not a boundary\r\n"


def curl(user, *arguments, target="/api/files", url=FIRST):
    """The status and the JSON that `curl` gets."""
    run = subprocess.run(
        ["curl", "-sS", "-w", "\n%{http_code}", url + target, "-H", "Authorization: Bearer " + parley.token(user), *arguments],
        capture_output=True, text=True, timeout=60, check=True)
    body, _, status = run.stdout.rpartition("\n")
    return int(status), json.loads(body)


def form(*parts, boundary="b", end=True):
    """A form's content; a part is a name, its content, and what else its disposition says."""
    content = b""
    for name, value, *more in parts:
        disposition = "; ".join([f'form-data; name="{name}"', *more])
        content += f"--{boundary}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + value + b"\r\n"
    return content + (f"--{boundary}--\r\n".encode() if end else b"")


def post(user, content, query="", url=FIRST, type="multipart/form-data; boundary=b", **headers):
    return ask("POST", "/api/files" + query, url, content, {"Content-Type": type} | headers, user)


def test_curl_sends_a_form(pair, tmp_path):
    one, other, conversation = pair
    large = os.urandom(3_000_000)
    for name, data in (("Übersicht 2026.txt", TEXT), ("empty.bin", b""), ("large.bin", large)):
        path = tmp_path / name
        path.write_bytes(data)
        status, file = curl(one, "-F", f"conversationId={conversation}", "-F", f"file=@{path};type=text/x-thing")
        assert status == 201, file
        assert (file["fileName"], file["fileSize"], file["fileType"]) == (name, len(data), "text/x-thing")
        assert ask("GET", file["downloadUrl"], user=other).bytes == data
    # What the query or a field says goes before the name that it has at its sender's.
    for arguments, target in ((["-F", "fileName=a.txt"], f"/api/files?conversationId={conversation}"),
                              ([], f"/api/files?conversationId={conversation}&fileName=a.txt")):
        status, file = curl(one, *arguments, "-F", f"file=@{path}", target=target)
        assert (status, file["fileName"]) == (201, "a.txt")
    # In chunks there is no length to look at before.
    status, file = curl(one, "-H", "Transfer-Encoding: chunked", "-F", f"conversationId={conversation}", "-F", f"file=@{path}")
    assert (status, file["fileSize"]) == (201, len(large))


def test_what_is_wrong_with_a_form_is_told_and_nothing_is_kept(pair, gateway, tmp_path):
    one, _, conversation = pair
    node = gateway(FILES_DIR=tmp_path, MAX_FILE_BYTES="1MiB")
    place, file = ("conversationId", conversation.encode()), ("file", TEXT, 'filename="a.txt"')
    many = [("x", b"")] * 17
    for content, code, field in (
            (form(place, file, end=False), "malformed-form", None),
            (form(place, file)[:-20], "malformed-form", None),
            (form(place), "missing-field", "file"),
            (form(place, ("file", b"", 'filename=""')), "missing-field", "file"),
            (form(place, file, file), "invalid-field", "file"),
            (form(file, place), "missing-field", "conversationId"),
            (form(place, file, ("fileName", b"late")), "invalid-field", "fileName"),
            (form(place, place, file), "invalid-field", "conversationId"),
            (form(place, *many, file), "malformed-form", None),
            (b"nonsense", "malformed-form", None), (b"", "malformed-form", None)):
        answer = post(one, content, url=node.url)
        assert (answer.status, answer.json["code"], answer.json.get("field")) == (400, code, field), content
    for type in ("multipart/form-data", "multipart/form-data; boundary=" + "x" * 71):
        assert post(one, form(place, file), url=node.url, type=type).json["field"] == "Content-Type"
    one_type, two_types = {"type": "multipart/form-data; boundary=b"}, {"content-type": "multipart/form-data; boundary=c"}
    assert post(one, form(place, file), url=node.url, **one_type, **two_types).json["field"] == "Content-Type"
    assert post(one, form(("conversationId", parley.new_user().encode()), file), url=node.url).status == 404
    # The limit is the file's.
    fits = ("file", b"x" * (1 << 20), 'filename="a"')
    assert post(one, form(place, fits), url=node.url).status == 201
    assert post(one, form(place, ("file", fits[1] + b"x", fits[2])), url=node.url).json["code"] == "file-too-large"
    assert post(one, b"", url=node.url, **{"Content-Length": str(2 << 20)}).json["code"] == "file-too-large"
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size != 1 << 20] == []
    assert node.metric("parley_uploads_total") == 1


def test_a_form_that_breaks_off_leaves_nothing(pair, gateway, tmp_path):
    one, _, conversation = pair
    node = gateway(FILES_DIR=tmp_path, IDLE_TIMEOUT="6s", HEARTBEAT="3s", PING_INTERVAL="2s", PONG_TIMEOUT="2s")
    content = form(("conversationId", conversation.encode()), ("file", b"x" * 70_000, 'filename="a"'))
    # It is longer, the client says, than what comes.
    head = (f"POST /api/files HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content) + 10}\r\n"
            f"Content-Type: multipart/form-data; boundary=b\r\nAuthorization: Bearer {parley.token(one)}\r\n\r\n").encode()
    with socket.create_connection(parley.address(node.url), timeout=30) as plain:
        plain.sendall(head + content)
        assert plain.recv(1 << 16).startswith(b"HTTP/1.1 408 ")
    with socket.create_connection(parley.address(node.url), timeout=30) as plain:
        plain.sendall(head + content[:60_000])
    parley.wait_for(lambda: not [path for path in tmp_path.rglob("*") if path.is_file()], what="nothing left")
    assert node.metric("parley_uploads_total") == 0


@pytest.mark.parametrize("size", [1, 7, 4_093])
def test_a_form_may_come_in_pieces(pair, size):
    one, _, conversation = pair
    content = form(("conversationId", conversation.encode()), ("file", TEXT * 20, 'filename="a.txt"'))
    answer = post(one, (content[at:at + size] for at in range(0, len(content), size)))
    assert answer.status == 201, answer.text
    assert ask("GET", answer.json["downloadUrl"], user=one).bytes == TEXT * 20


def put(conversation, user, data, type="application/octet-stream", url=FIRST, name="a", **headers):
    return post(user, data, f"?conversationId={conversation}&fileName={name}", url, type, **headers)


PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000002800000 01e0 0806000000".replace(" ", "")) + bytes(100)


def test_a_type_is_what_the_content_shows(pair):
    one, other, conversation = pair
    page = b"<!DOCTYPE html><script>alert(1)</script>"
    for data, told, type, shown in (
            (PNG, "text/html", "image/png", "inline"), (b"GIF89a\1\0\1\0", "image/png", "image/gif", "inline"),
            (page, "image/png", "application/octet-stream", "attachment"), (page, "text/html", "text/html", "attachment"),
            (page, "image/svg+xml", "image/svg+xml", "attachment"), (b"PK\3\4", "image/png", "application/zip", "attachment"),
            (b"PK\3\4", "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text", "attachment")):
        file = put(conversation, one, data, told).json
        assert file["fileType"] == type
        answer = ask("GET", file["downloadUrl"], user=other)
        assert answer.headers["Content-Type"] == type
        assert answer.headers["Content-Disposition"].startswith(shown + ";")
        sent = parley.call("POST", f"/api/conversations/{conversation}/messages", one, {"fileId": file["fileId"]})
        assert sent.status == 201
        assert parley.history(conversation, other)[0]["messageType"] == ("IMAGE" if shown == "inline" else "FILE")


def test_what_a_file_is_stands_in_answers_and_messages(pair):
    one, other, conversation = pair
    data = PNG + os.urandom(200_000)
    digest = hashlib.sha256(data)
    file = put(conversation, one, data).json
    assert (file["sha256"], file["width"], file["height"]) == (digest.hexdigest(), 640, 480)
    assert "width" not in put(conversation, one, PNG[:20]).json
    parley.call("POST", f"/api/conversations/{conversation}/messages", one, {"fileId": file["fileId"]})
    assert parley.history(conversation, other)[0]["file"] == file
    for method in ("GET", "HEAD"):
        assert ask(method, file["downloadUrl"], user=other).headers["Repr-Digest"] == field(data)
    assert "Repr-Digest" not in ask("GET", file["downloadUrl"], user=other, headers={"Range": "bytes=0-9"}).headers
    # A file of an earlier release has none of them.
    query(f"update files set sha256 = null, width = null, height = null where id = '{file['fileId']}'")
    assert "Repr-Digest" not in ask("GET", file["downloadUrl"], user=other).headers
    again = parley.call("POST", f"/api/conversations/{conversation}/messages", one, {"fileId": file["fileId"]})
    assert again.status == 201 and set(parley.history(conversation, other)[0]["file"]) == {
        "fileId", "fileName", "fileType", "fileSize", "downloadUrl"}


def field(data):
    return "sha-256=:" + base64.b64encode(hashlib.sha256(data).digest()).decode() + ":"


def test_a_wrong_digest_is_refused_and_nothing_is_kept(pair, gateway, tmp_path):
    one, _, conversation = pair
    node = gateway(FILES_DIR=tmp_path)
    data = os.urandom(100_000)
    whole = form(("conversationId", conversation.encode()), ("file", data, 'filename="a"'))
    for name in ("Content-Digest", "Repr-Digest"):
        answer = put(conversation, one, data, url=node.url, **{name: field(data + b"x")})
        assert (answer.status, answer.json["code"]) == (400, "digest-mismatch")
        assert post(one, whole, url=node.url, **{name: field(data)}).json["code"] == "digest-mismatch"
        assert put(conversation, one, data, url=node.url, **{name: "sha-256=x"}).json["field"] == "Content-Digest"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert query(f"select count(*) from files where conversation_id = '{conversation}'") == "0"
    assert put(conversation, one, data, url=node.url, **{"Content-Digest": field(data)}).status == 201
    assert post(one, whole, url=node.url, **{"Repr-Digest": "sha-512=:AAAA:, " + field(whole)}).status == 201


def test_a_repeat_under_the_same_key_gets_the_first_answer(pair, gateway, tmp_path):
    one, other, conversation = pair
    node = gateway(FILES_DIR=tmp_path)
    data, key = os.urandom(300_000), {"Idempotency-Key": parley.new_user()}
    first = put(conversation, one, data, url=node.url, **key)
    assert first.status == 201
    whole = form(("conversationId", conversation.encode()), ("file", data, 'filename="a"'))
    for again in (put(conversation, one, data, url=node.url, **key), post(one, whole, url=node.url, **key)):
        assert (again.status, again.json, again.headers["Location"]) == (201, first.json, first.json["downloadUrl"])
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
    assert query(f"select count(*) from files where conversation_id = '{conversation}'") == "1"
    assert node.metric("parley_uploads_total") == 1
    # Anything else under this key is a mistake of the client.
    elsewhere = parley.create("DIRECT", [one, parley.new_user()])
    for answer in (put(conversation, one, data + b"x", url=node.url, **key), put(elsewhere, one, data, url=node.url, **key),
                   put(conversation, one, data, url=node.url, name="b", **key),
                   put(conversation, one, data, "text/plain", url=node.url, **key)):
        assert (answer.status, answer.json["code"]) == (422, "key-reused")
    assert put(conversation, other, data, url=node.url, **key).json["fileId"] != first.json["fileId"]
    assert put(conversation, one, data, url=node.url, **{"Idempotency-Key": "a b"}).json["field"] == "Idempotency-Key"
    # A file that is gone with its message isn't answered with.
    gone = {"Idempotency-Key": parley.new_user()}
    file = put(conversation, one, data, url=node.url, **gone).json["fileId"]
    body = {"content": "", "messageType": "FILE", "fileId": file}
    path = f"/api/conversations/{conversation}/messages"
    message = parley.call("POST", path, one, body, url=node.url).json["messageId"]
    assert parley.call("DELETE", f"{path}/{message}", one, url=node.url).status == 200
    assert put(conversation, one, data, url=node.url, **gone).json["fileId"] != file
    # After a day the key is forgotten.
    query(f"update files set created_at = now() - interval '2 days' where id = '{first.json['fileId']}'")
    gateway(FILES_DIR=tmp_path)
    parley.wait_for(lambda: put(conversation, one, data + b"x", url=node.url, **key).status == 201, what="the key's end")


def test_of_two_at_once_one_is_stored(pair, gateway, tmp_path):
    one, _, conversation = pair
    nodes = [gateway(FILES_DIR=tmp_path) for _ in range(2)]
    for _ in range(5):
        data, key = os.urandom(200_000), {"Idempotency-Key": parley.new_user()}
        answers = [None] * 4

        def send(number):
            answers[number] = put(conversation, one, data, url=nodes[number % 2].url, **key)

        threads = [threading.Thread(target=send, args=(number,)) for number in range(len(answers))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {answer.status for answer in answers} == {201}
        assert len({answer.json["fileId"] for answer in answers}) == 1
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 5


def test_files_of_a_user_take_so_much_in_all(pair, gateway, tmp_path):
    one, other, conversation = pair
    node = gateway(FILES_DIR=tmp_path, FILES_USER_QUOTA="100KiB")

    def send(size, user=one, **headers):
        return put(conversation, user, os.urandom(size), url=node.url, **headers)

    def used(user=one):
        answer = ask("GET", "/api/files/quota", node.url, user=user).json
        assert answer["quotaBytes"] == 100 << 10
        return answer["usedBytes"]

    first = send(60 << 10).json["fileId"]
    assert send(40 << 10, **{"Idempotency-Key": "last"}).status == 201
    assert used() == 100 << 10
    # By its length, and without one by what comes.
    for data in (b"x", iter([b"x" * 10_000] * 20)):
        answer = put(conversation, one, data, url=node.url)
        assert (answer.status, answer.json["code"]) == (413, "quota-exceeded")
    assert send(0).status == 201
    assert send(100 << 10, other).status == 201
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 4
    # What is deleted makes room.
    path = f"/api/conversations/{conversation}/messages"
    message = parley.call("POST", path, one, {"fileId": first}, url=node.url).json["messageId"]
    assert parley.call("DELETE", f"{path}/{message}", one, url=node.url).status == 200
    assert used() == 40 << 10
    assert send((60 << 10) + 1).json["code"] == "quota-exceeded"
    assert send(60 << 10).status == 201


def test_a_repeat_needs_no_room(pair, gateway, tmp_path):
    one, _, conversation = pair
    node = gateway(FILES_DIR=tmp_path, FILES_USER_QUOTA="100KiB")
    data = os.urandom(100 << 10)
    answers = [put(conversation, one, data, url=node.url, **{"Idempotency-Key": "a"}) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201] and answers[0].json == answers[1].json


def test_what_is_under_way_at_once_doesnt_open_the_quota(pair, gateway, tmp_path):
    one, _, conversation = pair
    node = gateway(FILES_DIR=tmp_path, FILES_USER_QUOTA="100KiB")
    statuses = []
    threads = [
        threading.Thread(target=lambda: statuses.append(put(conversation, one, b"x" * (60 << 10), url=node.url).status))
        for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {201, 413} and 201 in statuses
    assert put(conversation, one, b"x" * (60 << 10), url=node.url).status == 413
