"""Files: uploaded piece by piece, attached to messages, downloaded by whoever is in the conversation, and by nobody else."""

import hashlib
import http.client
import os
import pathlib
import socket
import threading
import time
import urllib.parse

import pytest

import parley
from servers import Gateway
from stores import query, redis, stored
from test_websocket import connected, frame, parse
from wire import Steps, Wire, through

FIRST, SECOND = parley.GATEWAYS[0], parley.GATEWAYS[-1]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


def upload(conversation, user, data, name="photo.png", type="image/png", url=FIRST, **headers):
    target = "/api/files?" + urllib.parse.urlencode({"conversationId": conversation, "fileName": name})
    headers = {"Authorization": "Bearer " + parley.token(user), "Content-Type": type} | headers
    return ask("POST", target, url, data, headers)


def ask(method, path, url=FIRST, body=None, headers=None, user=None):
    """A request by Python's own client, which streams what is no bytes."""
    connection = http.client.HTTPConnection(*parley.address(url), timeout=30)
    headers = dict(headers or {})
    if user:
        headers["Authorization"] = "Bearer " + parley.token(user)
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    answer = parley.Answer(response.status, response.headers, b"")
    answer.bytes = response.read()
    answer.text = answer.bytes.decode(errors="replace")
    connection.close()
    return answer


def uploaded(*arguments, **keywords):
    answer = upload(*arguments, **keywords)
    assert answer.status == 201, answer.text
    return answer.json


def test_a_file_goes_from_one_to_the_other(pair, clients):
    one, other, conversation = pair
    listener = clients(other, SECOND)
    topic, _ = listener.subscribe(f"/topic/conversation/{conversation}")
    file = uploaded(conversation, one, PNG)
    assert file["fileName"] == "photo.png" and file["fileType"] == "image/png" and file["fileSize"] == len(PNG)
    assert file["downloadUrl"] == f"/api/files/{file['fileId']}"
    sender = clients(one, FIRST)
    # What is sent behind it doesn't overtake it, though the file has to be looked up.
    sender.command("/app/chat.send", {"conversationId": conversation, "fileId": file["fileId"]})
    sender.send(conversation, "behind", receipt="r")
    sender.receipt("r")
    message = listener.next(topic)
    assert (message["messageType"], message["content"], message["file"]) == ("IMAGE", "", file)
    assert listener.next(topic)["content"] == "behind"
    answer = ask("GET", file["downloadUrl"], SECOND, user=other)
    assert (answer.status, answer.bytes) == (200, PNG)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"] == "inline; filename=\"photo.png\"; filename*=UTF-8''photo.png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff" and "sandbox" in answer.headers["Content-Security-Policy"]
    assert parley.history(conversation, other)[-1]["file"] == file
    # The same from PostgreSQL, when the cache has it no more.
    parley.wait_for(lambda: stored(conversation) == "2|2", what="the rows")
    key = redis("--scan", "--pattern", f"*:c:{conversation}")
    redis("XTRIM", key + ":events", "MAXLEN", 0)
    redis("HSET", key, "floor", redis("HGET", key, "last"))
    assert parley.history(conversation, other)[-1]["file"] == file


def test_a_file_of_any_size_comes_back_as_it_was(pair):
    one, other, conversation = pair
    for size in (0, 1, 65_535, 65_536, 65_537, 131_072, 1_000_003):
        data = os.urandom(size)
        file = uploaded(conversation, one, data, "data.bin", "application/x-thing")
        assert file["fileSize"] == size
        answer = ask("GET", file["downloadUrl"], user=other)
        assert answer.bytes == data
        assert answer.headers["Content-Disposition"].startswith("attachment;")


def test_what_is_large_is_streamed_both_ways(pair, gateway):
    one, _, conversation = pair
    node = gateway(FILES_DIR=os.environ["PARLEY_DATA_DIR"] + "/files")
    before = node.memory()
    piece = os.urandom(1 << 20)
    digest = hashlib.sha256()

    def pieces():
        for _ in range(80):
            digest.update(piece)
            yield piece

    # Without a length, it goes in chunks.
    file = uploaded(conversation, one, pieces(), "large.bin", "application/zip", url=node.url)
    assert file["fileSize"] == 80 << 20
    connection = http.client.HTTPConnection(*parley.address(node.url), timeout=30)
    connection.request("GET", file["downloadUrl"], headers={"Authorization": "Bearer " + parley.token(one)})
    response, received = connection.getresponse(), hashlib.sha256()
    assert response.headers["Content-Length"] == str(80 << 20)
    while data := response.read(1 << 16):
        received.update(data)
    assert received.digest() == digest.digest()
    assert node.memory() - before < 16 << 20
    assert node.metric("parley_uploaded_bytes_total") == node.metric("parley_downloaded_bytes_total") == 80 << 20


def test_parts_and_conditions(pair):
    one, other, conversation = pair
    data = os.urandom(200_000)
    path = uploaded(conversation, one, data, "a.bin")["downloadUrl"]
    for header, part in (("bytes=0-0", slice(0, 1)), ("bytes=65530-131080", slice(65_530, 131_081)),
                         ("bytes=199990-", slice(199_990, None)), ("bytes=-7", slice(-7, None))):
        answer = ask("GET", path, headers={"Range": header}, user=other)
        assert (answer.status, answer.bytes) == (206, data[part])
        start, end, size = answer.headers["Content-Range"].removeprefix("bytes ").replace("/", "-").split("-")
        assert (int(end) - int(start) + 1, size) == (len(answer.bytes), "200000")
    answer = ask("GET", path, headers={"Range": "bytes=200000-"}, user=other)
    assert (answer.status, answer.headers["Content-Range"]) == (416, "bytes */200000")
    answer = ask("HEAD", path, user=other)
    assert (answer.status, answer.bytes, answer.headers["Content-Length"]) == (200, b"", "200000")
    assert ask("HEAD", path, headers={"Range": "bytes=0-9"}, user=other).status == 200
    tag = answer.headers["ETag"]
    assert ask("GET", path, headers={"If-None-Match": tag}, user=other).status == 304
    assert ask("GET", path, headers={"Range": "bytes=0-9", "If-Range": tag}, user=other).status == 206
    assert ask("GET", path, headers={"Range": "bytes=0-9", "If-Range": '"x"'}, user=other).status == 200


def test_only_who_is_in_the_conversation_may(pair):
    one, other, conversation = pair
    stranger = parley.new_user()
    assert upload(conversation, stranger, PNG).status == 404
    file = uploaded(conversation, one, PNG)
    for path in (file["downloadUrl"], file["downloadUrl"] + "/link"):
        assert ask("GET", path, user=stranger).status == 404
        assert ask("GET", path).status == 401
    assert ask("GET", f"/api/files/{parley.new_user()}", user=one).status == 404
    # A file belongs to its conversation and to who has uploaded it.
    elsewhere = parley.create("DIRECT", [one, stranger])
    send = {"fileId": file["fileId"], "content": "mine"}
    assert parley.call("POST", f"/api/conversations/{elsewhere}/messages", one, send).status == 404
    answer = parley.call("POST", f"/api/conversations/{conversation}/messages", other, send)
    assert (answer.status, answer.json["field"]) == (404, "fileId")
    assert parley.call("POST", f"/api/conversations/{conversation}/messages", one, send).status == 201


def test_a_link_needs_no_token_and_ends(pair, gateway):
    one, other, conversation = pair
    node = gateway(FILES_DIR=os.environ["PARLEY_DATA_DIR"] + "/files", FILE_LINK_LIFETIME="10s")
    path = uploaded(conversation, one, PNG)["downloadUrl"]
    link = ask("GET", path + "/link", user=other).json
    # Any node takes what another has signed.
    assert ask("GET", link["url"], SECOND).bytes == PNG
    start, _, signature = link["url"].partition("signature=")
    assert ask("GET", start + "signature=" + signature[::-1], SECOND).status == 403
    assert ask("GET", link["url"].replace("expires=", "expires=9")).status == 403
    other_path = uploaded(conversation, one, b"other")["downloadUrl"]
    assert ask("GET", link["url"].replace(path, other_path)).status == 403
    # Without a token nobody learns which files there are.
    assert ask("GET", f"/api/files/{parley.new_user()}?expires=9999999999&signature=AAAA").status == 403
    short = ask("GET", path + "/link", node.url, user=other).json["url"]
    assert ask("GET", short).status == 200
    parley.wait_for(lambda: ask("GET", short).status == 403, what="the end of the link")


def test_who_has_a_link_is_held_to_a_rate(pair, gateway):
    one, _, conversation = pair
    node = gateway(FILES_DIR=os.environ["PARLEY_DATA_DIR"] + "/files", RATE_READS="1/h:4")
    link = ask("GET", uploaded(conversation, one, PNG)["downloadUrl"] + "/link", user=one).json["url"]
    # The address is that of all tests.
    redis("DEL", "rate:reads:127.0.0.1")
    # Of the state that one has nothing is sent, but the store is asked all the same.
    answers = [ask("GET", link, node.url, headers={"If-None-Match": "*"}) for _ in range(6)]
    assert [answer.status for answer in answers] == [304] * 4 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) > 60
    redis("DEL", "rate:reads:127.0.0.1")
    # A user's bucket is another one.
    assert parley.call("GET", "/api/conversations", one, url=node.url).status == 200


def test_transfers_leave_descriptors_for_others(pair, gateway):
    one, _, conversation = pair
    node = gateway(FILES_DIR=os.environ["PARLEY_DATA_DIR"] + "/files", descriptors=256)
    path = uploaded(conversation, one, b"x" * (8 << 20))["downloadUrl"]
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {parley.token(one)}\r\n\r\n".encode()
    held = []
    try:
        for _ in range(16):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            client.connect(parley.address(node.url))
            client.sendall(request)
            assert client.recv(12) == b"HTTP/1.1 200"
            held.append(client)
        for answer in (ask("GET", path, node.url, user=one), upload(conversation, one, PNG, url=node.url)):
            assert answer.status == 503 and answer.json["code"] == "try-later" and answer.headers["Retry-After"] == "5"
        assert parley.call("GET", "/api/conversations", one, url=node.url).status == 200
    finally:
        for client in held:
            client.close()
    parley.wait_for(lambda: ask("GET", path, node.url, user=one).status == 200, what="a place")


def test_a_deleted_message_takes_its_file_with_it(pair):
    one, other, conversation = pair
    file = uploaded(conversation, one, PNG)
    link = ask("GET", file["downloadUrl"] + "/link", user=other).json["url"]
    path = f"/api/conversations/{conversation}/messages"
    message = parley.call("POST", path, one, {"fileId": file["fileId"]}).json["messageId"]
    assert parley.call("PATCH", f"{path}/{message}", one, {"content": "x"}).status == 403
    assert parley.call("DELETE", f"{path}/{message}", one).status == 200
    assert [ask("GET", address, user=other).status for address in (file["downloadUrl"], link)] == [404, 404]
    assert parley.history(conversation, other)[0]["file"] is None
    folder = pathlib.Path(os.environ["PARLEY_DATA_DIR"], "files")
    assert not list(folder.rglob(file["fileId"]))


def test_a_message_that_stays_keeps_its_file(pair):
    one, other, conversation = pair
    file = uploaded(conversation, one, PNG)
    path = f"/api/conversations/{conversation}"
    message = parley.call("POST", path + "/messages", one, {"fileId": file["fileId"]}).json["messageId"]
    assert parley.call("POST", path + "/archive", one).status == 200
    assert parley.call("DELETE", f"{path}/messages/{message}", one).status == 409
    assert ask("GET", file["downloadUrl"], user=other).bytes == PNG
    assert parley.call("POST", path + "/unarchive", one).status == 200
    assert parley.call("DELETE", f"{path}/messages/{message}", one).status == 200
    assert ask("GET", file["downloadUrl"], user=other).status == 404


def test_two_delete_a_message_at_once(pair):
    one, other, conversation = pair
    path = f"/api/conversations/{conversation}/messages"
    for _ in range(20):
        file = uploaded(conversation, one, b"x")
        message = parley.call("POST", path, one, {"fileId": file["fileId"]}).json["messageId"]
        threads = [
            threading.Thread(target=parley.call, args=("DELETE", f"{path}/{message}", one), kwargs={"url": url})
            for url in (FIRST, FIRST, SECOND)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ask("GET", file["downloadUrl"], user=other).status == 404
        row = query(f"select deleted_at is null, removed_at is null from files where id = '{file['fileId']}'")
        assert row == "f|f"


def test_a_retry_gets_the_first_answer_though_the_file_is_gone(pair):
    one, _, conversation = pair
    path = f"/api/conversations/{conversation}/messages"
    body = {"fileId": uploaded(conversation, one, PNG)["fileId"], "clientMessageId": "again"}
    first = parley.call("POST", path, one, body).json["messageId"]
    assert parley.call("DELETE", f"{path}/{first}", one).status == 200
    again = parley.call("POST", path, one, body)
    assert (again.status, again.json["messageId"]) == (201, first)
    assert parley.call("POST", path, one, body | {"clientMessageId": "new"}).status == 404
    assert len(parley.history(conversation, one)) == 1


def test_a_file_whose_message_came_to_nothing_is_swept(pair):
    one, _, conversation = pair
    path = f"/api/conversations/{conversation}"
    shown, other, refused, older = (uploaded(conversation, one, PNG)["fileId"] for _ in range(4))

    def send(file, **more):
        return parley.call("POST", path + "/messages", one, {"fileId": file} | more).status

    def claims(file):
        return query(f"select is_shown, claims from files where id = '{file}'")

    assert send(shown, clientMessageId="one") == 201
    assert send(shown, clientMessageId="one") == 201
    # What the first one shows is shown, whatever else is said under its id.
    assert send(other, clientMessageId="one") == 201
    note = upload(conversation, one, b"text", name="a.txt", type="text/plain").json["fileId"]
    assert send(note, messageType="IMAGE") == 400
    # Uploaded by a gateway that doesn't count.
    query(f"update files set claims = null, is_shown = true where id = '{older}'")
    assert parley.call("POST", path + "/archive", one).status == 200
    assert (send(refused), send(shown), send(older)) == (409, 409, 409)
    parley.wait_for(lambda: claims(shown) == "t|1", what="its one message")
    for file in (other, note, refused):
        parley.wait_for(lambda: claims(file) == "f|0", what="being given back")
    parley.wait_for(lambda: claims(older) == "t|", what="staying")


def test_what_nobody_needs_is_swept(pair, gateway, tmp_path):
    one, _, conversation = pair
    node = gateway(FILES_DIR=tmp_path)
    kept, shown, unshown, deleted = (uploaded(conversation, one, PNG, url=node.url)["fileId"] for _ in range(4))
    assert parley.call("POST", f"/api/conversations/{conversation}/messages", one, {"fileId": shown}).status == 201
    parley.wait_for(lambda: stored(conversation) == "1|1", what="the row")
    query(f"update files set created_at = now() - interval '2 days' where id in ('{shown}', '{unshown}')")
    # Of these two one was hidden for a delete that came to nothing.
    query(f"update files set deleted_at = now() - interval '1 hour' where id in ('{deleted}', '{shown}')")
    unfinished, fresh = tmp_path / "incoming" / "old", tmp_path / "incoming" / "new"
    for file in (unfinished, fresh):
        file.touch()
    os.utime(unfinished, (1, 1))
    # What is unshown is given up at one look and removed at a later one.
    gateway(FILES_DIR=tmp_path)
    parley.wait_for(lambda: not unfinished.exists(), what="the sweep")
    assert query(f"select count(*) from files where id = '{unshown}' and deleted_at is not null") == "1"
    query(f"update files set deleted_at = now() - interval '1 hour' where id = '{unshown}'")
    gateway(FILES_DIR=tmp_path)
    parley.wait_for(lambda: {path.name for path in tmp_path.rglob("*-*")} == {kept, shown}, what="the second sweep")
    assert fresh.exists()
    assert query(f"select count(*) from files where removed_at is not null and conversation_id = '{conversation}'") == "2"


@pytest.mark.parametrize("name, kept", [
    ("../../etc/passwd", "passwd"), ("<img src=x onerror=alert(1)>.png", "_img src=x onerror=alert(1)_.png"),
    ("rechnung_\u202efdp.exe", "rechnung_fdp.exe"), ("Übersicht \"2026\".pdf", "Übersicht _2026_.pdf"), ("", "file"),
    ("a\r\nSet-Cookie: x=y", "aSet-Cookie_ x=y")])
def test_names_are_made_safe(pair, name, kept):
    one, other, conversation = pair
    file = uploaded(conversation, one, b"x", name, "text/html")
    assert file["fileName"] == kept
    answer = ask("GET", file["downloadUrl"], user=other)
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert urllib.parse.unquote(answer.headers["Content-Disposition"].split("UTF-8''")[1]) == kept


def test_what_is_too_large_is_refused(pair, gateway, tmp_path):
    one, _, conversation = pair
    node = gateway(FILES_DIR=tmp_path, MAX_FILE_BYTES="1MiB")
    assert upload(conversation, one, b"x" * (1 << 20), url=node.url).status == 201
    # By its length before a byte is read, else when there is too much.
    answer = upload(conversation, one, b"", url=node.url, **{"Content-Length": str((1 << 20) + 1)})
    assert (answer.status, answer.json["code"], answer.headers["Connection"]) == (413, "file-too-large", "close")
    with socket.create_connection(parley.address(node.url), timeout=10) as plain:
        plain.sendall(
            f"POST /api/files?conversationId={conversation} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            f"Authorization: Bearer {parley.token(one)}\r\n\r\n".encode())
        for _ in range(17):
            plain.sendall(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
        assert plain.recv(1 << 16).startswith(b"HTTP/1.1 413 ")
    assert [len(list((tmp_path / "incoming").iterdir())), node.metric("parley_uploads_total")] == [0, 1]
    assert node.metric("parley_http_requests_refused_total") == 2
    assert sum("request refused" in line and "file-too-large" in line for line in node.stop()) == 2


def test_who_uploads_too_often_is_told_when_to_go_on(pair, gateway, tmp_path):
    one, _, conversation = pair
    node = gateway(FILES_DIR=tmp_path, RATE_UPLOADS="1/s:3")
    answers = [upload(conversation, one, b"x", url=node.url) for _ in range(6)]
    assert [answer.status for answer in answers][:3] == [201] * 3
    refused = [answer for answer in answers if answer.status == 429]
    assert refused and all(int(answer.headers["Retry-After"]) >= 1 and answer.json["code"] == "too-fast" for answer in refused)


def test_broken_uploads_leave_nothing(pair, gateway, tmp_path):
    one, _, conversation = pair
    node = gateway(
        FILES_DIR=tmp_path, HEARTBEAT="3s", IDLE_TIMEOUT="6s", PING_INTERVAL="2s", PONG_TIMEOUT="2s", UPLOAD_TIMEOUT="9s")
    head = (f"POST /api/files?conversationId={conversation} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n"
            f"Authorization: Bearer {parley.token(one)}\r\n\r\n").encode()

    def begun():
        plain = socket.create_connection(parley.address(node.url), timeout=30)
        plain.sendall(head + b"x" * 70_000)
        return plain

    def incoming():
        return list((tmp_path / "incoming").iterdir())

    with begun():
        parley.wait_for(incoming, what="the upload's beginning")
    parley.wait_for(lambda: not incoming(), what="the end of what a broken connection leaves")
    # Who stops is told; so is who dribbles.
    with begun() as silent:
        assert silent.recv(1 << 16).startswith(b"HTTP/1.1 408 ")
    with begun() as slow:
        slow.settimeout(0.5)
        started, answer = time.monotonic(), b""
        while not answer:
            slow.sendall(b"x")
            try:
                answer = slow.recv(1 << 16)
            except TimeoutError:
                pass
        assert answer.startswith(b"HTTP/1.1 408 ") and 7 < time.monotonic() - started < 20
    parley.wait_for(lambda: not incoming(), what="nothing left")


def test_a_disk_that_fails_leaves_no_descriptor(pair, gateway, tmp_path):
    one, _, conversation = pair
    node = gateway(FILES_DIR=tmp_path)
    for number in range(256):
        # No folder can be made where these are.
        (tmp_path / f"{number:02x}").touch()
    before = len(os.listdir(f"/proc/{node.process.pid}/fd"))
    for _ in range(20):
        answer = upload(conversation, one, PNG, url=node.url)
        assert (answer.status, answer.json["code"]) == (503, "try-later")
    parley.wait_for(lambda: len(os.listdir(f"/proc/{node.process.pid}/fd")) <= before + 1, what="closed descriptors")
    assert not list((tmp_path / "incoming").iterdir())


@pytest.mark.parametrize("coding", ["sized", "chunked"])
def test_an_upload_that_waits_full_goes_on(pair, gateway, coding):
    """All of it, and the next request, is there before anybody has taken a byte."""
    one, _, conversation = pair
    parts = urllib.parse.urlsplit(os.environ["PARLEY_REDIS_URL"])
    wire = Wire(parts.hostname, parts.port, Steps())
    node = gateway(FILES_DIR=os.environ["PARLEY_DATA_DIR"] + "/files", REDIS_URL=through(os.environ["PARLEY_REDIS_URL"], wire))
    head = (f"POST /api/files?conversationId={conversation} HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {parley.token(one)}\r\n")
    wire.slow, wire.delay = conversation.encode(), 0.5
    for size in (256 << 10, 300_000, 1_000_000, 70_000):
        data = b"x" * size
        if coding == "sized":
            text = f"{head}Content-Length: {size}\r\n\r\n".encode() + data
        else:
            text = f"{head}Transfer-Encoding: chunked\r\n\r\n{size:x}\r\n".encode() + data + b"\r\n0\r\n\r\n"
        for behind in (b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"):
            with socket.create_connection(parley.address(node.url), timeout=20) as plain:
                plain.sendall(text + behind)
                answers = b""
                while answers.count(b"HTTP/1.1 ") < (2 if behind else 1):
                    more = plain.recv(1 << 16)
                    assert more, answers
                    answers += more
                assert answers.startswith(b"HTTP/1.1 201 ") and f'"fileSize":{size}'.encode() in answers
    wire.close()


def test_a_stopping_node_ends_what_it_has_begun(pair, gateway):
    one, other, conversation = pair
    node = gateway(FILES_DIR=os.environ["PARLEY_DATA_DIR"] + "/files", SHUTDOWN_TIMEOUT="20s")
    data = os.urandom(24 << 20)
    path = uploaded(conversation, one, data, "large.bin")["downloadUrl"]
    down = http.client.HTTPConnection(*parley.address(node.url), timeout=30)
    down.request("GET", path, headers={"Authorization": "Bearer " + parley.token(other)})
    response = down.getresponse()
    up = socket.create_connection(parley.address(node.url), timeout=30)
    up.sendall(f"POST /api/files?conversationId={conversation} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n"
               f"Authorization: Bearer {parley.token(one)}\r\n\r\n".encode() + b"x" * 50_000)
    idle = socket.create_connection(parley.address(node.url), timeout=30)
    node.process.terminate()
    # Half of the time is for sessions; then whoever has nothing under way is let go.
    assert idle.recv(1) == b""
    assert response.read() == data
    up.sendall(b"x" * 50_000)
    answer = up.recv(1 << 16)
    assert answer.startswith(b"HTTP/1.1 201 ") and b"Connection: close" in answer
    assert node.process.wait(timeout=20) == 0


def test_a_client_that_waits_for_100_continue(pair):
    one, _, conversation = pair
    head = (f"POST /api/files?conversationId={{}}&fileName=a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
            f"Authorization: Bearer {parley.token(one)}\r\nExpect: 100-continue\r\n\r\n")
    with socket.create_connection(parley.address(FIRST), timeout=10) as plain:
        plain.sendall(head.format(conversation).encode())
        assert plain.recv(1 << 16) == b"HTTP/1.1 100 Continue\r\n\r\n"
        plain.sendall(b"abcGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        text = b""
        while text.count(b"HTTP/1.1 ") < 2:
            text += plain.recv(1 << 16)
        assert text.startswith(b"HTTP/1.1 201 ") and b"HTTP/1.1 200 OK" in text
    # Who may not isn't asked to send it first.
    with socket.create_connection(parley.address(FIRST), timeout=10) as plain:
        plain.sendall(head.format(parley.new_user()).encode())
        assert plain.recv(1 << 16).startswith(b"HTTP/1.1 404 ")


def test_bad_requests_are_told_what_is_wrong(pair, gateway):
    one, _, conversation = pair
    assert upload(conversation, one, b"x", type="multipart/form-data").json["field"] == "Content-Type"
    assert upload(conversation, one, b"x", type="nonsense").json["field"] == "Content-Type"
    assert ask("POST", "/api/files", body=b"x", user=one).json["field"] == "conversationId"
    assert ask("GET", "/api/files", user=one).status == 405
    assert ask("PUT", f"/api/files/{parley.new_user()}", user=one).headers["Allow"] == "GET, HEAD"
    for body, field in (({"messageType": "FILE", "content": "x"}, "fileId"), ({"fileId": "x"}, "fileId"),
                        ({"fileId": parley.new_user(), "messageType": "TEXT", "content": "x"}, "messageType")):
        answer = parley.call("POST", f"/api/conversations/{conversation}/messages", one, body)
        assert (answer.status, answer.json["field"]) == (400, field)
    # A gateway without a folder says so.
    node = gateway()
    answer = upload(conversation, one, b"x", url=node.url)
    assert (answer.status, answer.json["code"]) == (403, "not-allowed")


def test_a_slow_client_doesnt_fill_the_node(pair, gateway):
    one, _, conversation = pair
    node = gateway(FILES_DIR=os.environ["PARLEY_DATA_DIR"] + "/files", STALLED_TIMEOUT="2s", PONG_TIMEOUT="2s")
    path = uploaded(conversation, one, os.urandom(48 << 20), "large.bin")["downloadUrl"]
    before = node.memory()
    slow = []
    for _ in range(10):
        plain = socket.create_connection(parley.address(node.url), timeout=10)
        plain.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {parley.token(one)}\r\n\r\n".encode())
        slow.append(plain)
    parley.wait_for(lambda: node.metric("parley_connections_stalled_total") == 10, what="their end")
    assert node.memory() - before < 16 << 20
    for plain in slow:
        plain.close()


def test_a_folder_that_cant_be_written_to_stops_the_start(tmp_path):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(AssertionError, match="PARLEY_FILES_DIR.*can't be written"):
        Gateway(FILES_DIR=file)


def test_many_uploads_at_once(pair, clients):
    one, other, conversation = pair
    data = [os.urandom(50_000 + number) for number in range(24)]
    files = [None] * len(data)

    def put(number):
        files[number] = uploaded(conversation, one, data[number], f"{number}.bin", url=parley.GATEWAYS[number % 2])

    threads = [threading.Thread(target=put, args=(number,)) for number in range(len(data))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, file in enumerate(files):
        assert ask("GET", file["downloadUrl"], parley.GATEWAYS[(number + 1) % 2], user=other).bytes == data[number]
    websocket, _ = connected(one)
    for file in files:
        websocket.send(frame("SEND", parley.json.dumps({"conversationId": conversation, "fileId": file["fileId"]}),
                             destination="/app/chat.send"))
    websocket.send(frame("SEND", parley.json.dumps({"conversationId": conversation, "content": "last"}),
                         destination="/app/chat.send", receipt="r"))
    assert parse(websocket.recv(timeout=20))[0] == "RECEIPT"
    websocket.close()
    shown = [item["file"] and item["file"]["fileId"] for item in parley.history(conversation, other)][::-1]
    assert shown == [file["fileId"] for file in files] + [None]
