"""Files in an S3 store: what comes back, and what a store does that fails, hangs or lies."""

import hashlib
import http.client
import os
import threading
import time

import pytest

import parley
import s3
from servers import Gateway
from stores import query
# Fixtures.
from test_encryption import keys, stores  # noqa: F401
from test_files import ask, upload, uploaded

PART = 128 * 65_552
MIB = 1 << 20


@pytest.fixture
def store(tmp_path):
    server = s3.Rclone(tmp_path)
    yield server
    server.resume()
    server.kill()


@pytest.fixture
def bad():
    """Starts stores that answer badly."""
    made = []

    def make(answer):
        made.append(s3.BadStore(answer))
        return made[-1]

    yield make
    for one in made:
        one.close()


def pieces(count, digest, size=MIB):
    """So many random pieces, whose digest is taken as they go."""
    for _ in range(count):
        piece = os.urandom(size)
        digest.update(piece)
        yield piece


def part(file, start, end, user, node):
    return ask("GET", file["downloadUrl"], node.url, headers={"Range": f"bytes={start}-{end}"}, user=user)


def chats(pair, node):
    """Whether messages go on: through the node whose store has a problem."""
    one, _, conversation = pair
    path = f"/api/conversations/{conversation}/messages"
    return parley.call("POST", path, one, {"content": "on"}, url=node.url).status == 201


def known_files(conversation):
    return query(f"select count(*) from files where conversation_id = '{conversation}'")


def test_files_of_all_sizes_go_up_and_come_back(pair, gateway, store):
    one, other, conversation = pair
    node = gateway(**store.settings())
    for size in (0, 1, 65_536, PART - 1, PART, PART + 1, 3 * PART + 100_000):
        data = os.urandom(size)
        file = uploaded(conversation, one, data, "a.bin", url=node.url)
        assert file["fileSize"] == size
        key = f"files/{file['fileId'][:2]}/{file['fileId']}"
        assert store.files[key].read_bytes() == data
        assert ask("GET", file["downloadUrl"], node.url, user=other).bytes == data
        for start, end in ((0, 0), (65_535, 65_536), (size // 2, size - 1), (size - 7, size + 5)):
            if 0 <= start <= end < size + 6 and start < size:
                answer = part(file, start, end, other, node)
                assert (answer.status, answer.bytes) == (206, data[start:end + 1])
        assert ask("HEAD", file["downloadUrl"], node.url, user=other).headers["Content-Length"] == str(size)
    assert node.metric("parley_file_store_failures_total") == node.metric("parley_file_store_retries_total") == 0


def test_what_is_large_leaves_no_trace_in_memory(pair, gateway, store):
    one, _, conversation = pair
    node = gateway(**store.settings())
    uploaded(conversation, one, os.urandom(2 * PART), "warm.bin", url=node.url)
    before = node.memory()
    digest, received = hashlib.sha256(), hashlib.sha256()
    file = uploaded(conversation, one, pieces(100, digest), "large.bin", url=node.url)
    connection = http.client.HTTPConnection(*parley.address(node.url), timeout=30)
    connection.request("GET", file["downloadUrl"], headers={"Authorization": "Bearer " + parley.token(one)})
    response = connection.getresponse()
    highest = 0
    while data := response.read(1 << 18):
        received.update(data)
        highest = max(highest, node.memory())
    assert received.digest() == digest.digest()
    assert max(highest, node.memory()) - before < 16 * MIB


def test_a_slow_reader_holds_the_store_back(pair, gateway, store):
    one, _, conversation = pair
    node = gateway(**store.settings())
    data = os.urandom(40 * MIB)
    file = uploaded(conversation, one, data, "a.bin", url=node.url)
    before = node.memory()
    readers = []
    for _ in range(10):
        connection = http.client.HTTPConnection(*parley.address(node.url), timeout=30)
        connection.request("GET", file["downloadUrl"], headers={"Authorization": "Bearer " + parley.token(one)})
        readers.append(connection.getresponse())
    # Longer than the store may be silent: waiting for the client doesn't count.
    end = time.monotonic() + 3
    while time.monotonic() < end:
        assert node.memory() - before < 24 * MIB
        time.sleep(0.2)
    for response in readers:
        assert response.read() == data
    assert node.metric("parley_file_store_failures_total") == 0


def test_a_deleted_file_is_gone_from_the_store(pair, gateway, store):
    one, _, conversation = pair
    node = gateway(**store.settings())
    file = uploaded(conversation, one, b"gone soon", "a.txt", url=node.url)
    path = f"/api/conversations/{conversation}/messages"
    sent = parley.call("POST", path, one, {"fileId": file["fileId"]}, url=node.url)
    assert len(store.files) == 1
    assert parley.call("DELETE", f"{path}/{sent.json['messageId']}", one, url=node.url).status in (200, 204)
    parley.wait_for(lambda: not store.files, what="the removal")
    assert ask("GET", file["downloadUrl"], node.url, user=one).status == 404


def test_files_are_sealed_in_the_store(stores, keys, store):
    settings, _ = stores
    node = Gateway(**settings, ENCRYPTION_KEYS_FILE=keys("first"), **store.settings())
    one, other = parley.new_user(), parley.new_user()
    conversation = parley.create("DIRECT", [one, other], url=node.url)
    for size in (0, 10, PART, 2 * PART + 5):
        data = (b"a word that lies nowhere in clear " * (size // 34 + 1))[:size]
        file = uploaded(conversation, one, data, "a.txt", url=node.url)
        stored = store.files[f"files/{file['fileId'][:2]}/{file['fileId']}"].read_bytes()
        assert len(stored) == size + 16 * max(1, -(-size // 65_536)) and b"nowhere" not in stored
        assert ask("GET", file["downloadUrl"], node.url, user=other).bytes == data
        for start, end in ((0, 0), (65_530, 65_540), (size - 9, size - 1)):
            if 0 <= start and end < size:
                answer = part(file, start, end, other, node)
                assert (answer.status, answer.bytes) == (206, data[start:end + 1])
    node.stop()


# What a store does that isn't there, or isn't ours.

def refused(node, pair, what, size=1_000):
    """An upload fails with `what` in the log, and chat goes on."""
    one, _, conversation = pair
    failures = node.metric("parley_file_store_failures_total")
    answer = upload(conversation, one, os.urandom(size), url=node.url)
    assert (answer.status, answer.json["code"]) == (503, "try-later"), answer.text
    assert node.metric("parley_file_store_failures_total") == failures + 1
    parley.wait_for(lambda: any("file can't be written" in line and what in line for line in node.lines), what=what)
    assert known_files(conversation) == "0" and chats(pair, node)


def swept(gateway, what, **settings):
    """A gateway whose first look for files that nobody needs has failed with `what`."""
    # One node sweeps for all; one that a test has ended at it would have had its turn for a while.
    query("delete from leases where name = 'files'")
    node = gateway(**settings)
    parley.wait_for(lambda: any("files can't be swept" in line and what in line for line in node.lines), what=what)
    return node


@pytest.mark.parametrize("settings, what", [
    ({"S3_SECRET_ACCESS_KEY": "wrong"}, "403 SignatureDoesNotMatch"),
    ({"S3_ACCESS_KEY_ID": "wrong"}, "403 InvalidAccessKeyId"),
    ({"FILES_URL": "s3://nowhere?endpoint=http://127.0.0.1:{port}"}, "404 NoSuchBucket"),
    ({"FILES_URL": "s3://chat?endpoint=http://127.0.0.1:1"}, "can't be reached: Couldn't connect"),
    ({"FILES_URL": "s3://chat?endpoint=https://127.0.0.1:{port}"}, "can't be reached: SSL")])
def test_what_isnt_set_right_is_named(pair, gateway, store, settings, what):
    settings = {name: value.format(port=store.port) for name, value in settings.items()}
    node = swept(gateway, what, **store.settings(**settings))
    refused(node, pair, what)
    refused(node, pair, what, PART + 1)
    assert not store.files


def test_credentials_are_read_again(pair, gateway, store, tmp_path):
    one, _, conversation = pair
    file = tmp_path / "credentials"
    file.write_text(f"[default]\naws_access_key_id = {s3.ID}\naws_secret_access_key = old\n")
    settings = store.settings()
    node = swept(
        gateway, "SignatureDoesNotMatch", FILES_URL=settings["FILES_URL"], S3_CREDENTIALS_FILE=file, S3_TIMEOUT="1s")
    refused(node, pair, "SignatureDoesNotMatch")
    file.write_text(f"[default]\naws_access_key_id = {s3.ID}\naws_secret_access_key = {s3.SECRET}\n")
    parley.wait_for(lambda: upload(conversation, one, b"x", url=node.url).status == 201, what="the new key")


def test_a_client_that_has_to_wait_for_the_store_is_not_too_slow(pair, gateway, store):
    one, _, conversation = pair
    node = gateway(
        **store.settings(S3_TIMEOUT="30s"), IDLE_TIMEOUT="6s", HEARTBEAT="3s", PING_INTERVAL="2s", PONG_TIMEOUT="2s")
    store.pause()
    threading.Timer(14, store.resume).start()
    data = os.urandom(3 * PART)
    file = uploaded(conversation, one, data, "a.bin", url=node.url)
    assert ask("GET", file["downloadUrl"], node.url, user=one).bytes == data


@pytest.mark.parametrize("trouble", ["pause", "kill"])
def test_a_store_that_goes_in_the_middle_of_an_upload(pair, gateway, store, trouble):
    one, _, conversation = pair
    node = gateway(**store.settings())

    def content():
        yield os.urandom(PART + 1_000)
        getattr(store, trouble)()
        yield os.urandom(PART)

    answer = upload(conversation, one, content(), url=node.url)
    assert (answer.status, answer.json["code"]) == (503, "try-later")
    assert chats(pair, node) and node.metric("parley_file_store_failures_total") == 1
    assert node.metric("parley_file_store_retries_total") >= 1
    if trouble == "kill":
        store.start()
    store.resume()
    data = os.urandom(2 * PART)
    assert uploaded(conversation, one, data, url=node.url)["fileSize"] == len(data)
    assert known_files(conversation) == "1"
    parley.wait_for(lambda: len(store.files) == 1, what="nothing but the second")


@pytest.mark.parametrize("trouble", ["pause", "kill"])
def test_a_store_that_goes_in_the_middle_of_a_download(pair, gateway, store, trouble):
    one, _, conversation = pair
    node = gateway(**store.settings())
    data = os.urandom(24 * MIB)
    file = uploaded(conversation, one, data, "a.bin", url=node.url)
    connection = http.client.HTTPConnection(*parley.address(node.url), timeout=30)
    connection.request("GET", file["downloadUrl"], headers={"Authorization": "Bearer " + parley.token(one)})
    response = connection.getresponse()
    received = response.read(MIB)
    getattr(store, trouble)()
    # Whoever gets less than was announced knows that it isn't all.
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        response.read()
    assert data.startswith(received)
    assert ask("GET", file["downloadUrl"], node.url, user=one).status == 503
    assert chats(pair, node)
    assert node.metric("parley_file_store_failures_total") == 2, node.lines
    if trouble == "kill":
        store.start()
    store.resume()
    assert ask("GET", file["downloadUrl"], node.url, user=one).bytes == data


def test_a_store_that_comes_back_in_time_is_waited_for(pair, gateway, store):
    one, _, conversation = pair
    node = gateway(**store.settings(S3_TIMEOUT="4s"))
    store.kill()
    data, answers = os.urandom(PART + 5), []
    thread = threading.Thread(target=lambda: answers.append(upload(conversation, one, data, url=node.url)))
    thread.start()
    parley.wait_for(lambda: node.metric("parley_file_store_retries_total") >= 1, what="a second attempt")
    store.start()
    thread.join()
    assert answers[0].status == 201
    assert ask("GET", answers[0].json["downloadUrl"], node.url, user=one).bytes == data


def test_uploads_beyond_eight_wait_for_their_turn(pair, gateway, bad):
    one, _, conversation = pair
    lock, present, most = threading.Lock(), [0], [0]

    def answer(request):
        if request.method == "PUT":
            with lock:
                present[0] += 1
                most[0] = max(most[0], present[0])
            time.sleep(0.2)
            with lock:
                present[0] -= 1
        return good(request)

    store = bad(answer)
    node = gateway(**s3.settings(store.port, S3_TIMEOUT="5s"))
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(upload(conversation, one, b"x", url=node.url).status))
               for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [201] * 30 and 2 <= most[0] <= 8


# What a store says that is no answer.

UPLOAD = s3.answer(200, "<InitiateMultipartUploadResult><UploadId>u 1</UploadId></InitiateMultipartUploadResult>")
COMPLETE = s3.answer(200, "<CompleteMultipartUploadResult><ETag>t</ETag></CompleteMultipartUploadResult>")
EMPTY_LIST = s3.answer(200, "<ListMultipartUploadsResult></ListMultipartUploadsResult>")


def good(request):
    if "GET /chat/?" in request:
        return EMPTY_LIST
    if request.method == "POST":
        return COMPLETE if "uploadId=" in request else UPLOAD
    if request.method == "PUT":
        return s3.answer(200, headers="ETag: \"t&1\"\r\n")
    return s3.answer(204)


@pytest.mark.parametrize("answer, what, tries", [
    (s3.error(500, "InternalError"), "500 InternalError", True), (s3.error(503, "SlowDown"), "503 SlowDown", True),
    (s3.answer(502, "<html>"), "502", True), (b"", "can't be reached", True), (b"HTTP/1.1 2", "can't be reached", True),
    (b"nonsense", "can't be reached", True), (s3.error(403, "AccessDenied"), "403 AccessDenied", False),
    (s3.error(301, "PermanentRedirect", "x-amz-bucket-region: eu-west-1\r\n"),
     "the bucket is in the region eu-west-1", False),
    (s3.error(403, "RequestTimeTooSkewed", "Date: Fri, 24 May 2013 00:00:00 GMT\r\n"),
     "there it is Fri, 24 May 2013", False)])
def test_an_upload_that_is_answered_badly(pair, gateway, bad, answer, what, tries):
    store = bad(lambda request: answer if request.method in ("PUT", "POST") else good(request))
    node = gateway(**s3.settings(store.port))
    refused(node, pair, what)
    puts = [request for request in store.requests if request.method == "PUT"]
    # With growing pauses, and not without end.
    assert 3 <= len(puts) <= 6 if tries else len(puts) == 1
    # Who knows what became of it? It isn't to stay.
    parley.wait_for(lambda: any(request.method == "DELETE" for request in store.requests), what="its removal")
    refused(node, pair, what, PART + 1)


def test_a_multipart_upload_is_given_up_where_a_part_fails(pair, gateway, bad):
    store = bad(lambda request: s3.error(403, "AccessDenied") if "partNumber=2" in request else good(request))
    node = gateway(**s3.settings(store.port))
    refused(node, pair, "403 AccessDenied", 2 * PART)
    parley.wait_for(lambda: any("DELETE" in request for request in store.requests), what="the abort")
    assert [request.target for request in store.requests if request.method == "DELETE"][0].endswith("?uploadId=u%201")


def completed(pair, gateway, bad, answers, head=None):
    """An upload whose completion is answered by these, one after the other; its answer, and what the store heard."""
    one, _, conversation = pair
    left = list(answers)

    def answer(request):
        if request.method == "POST" and "uploadId=" in request:
            return left.pop(0)
        if request.method == "HEAD":
            return head
        return good(request)

    store = bad(answer)
    node = gateway(**s3.settings(store.port))
    data = os.urandom(PART + 10)
    result = upload(conversation, one, data, url=node.url)
    parts = [request for request in store.requests if "partNumber=" in request]
    digests = [request.headers["x-amz-content-sha256"] for request in parts]
    assert digests == [hashlib.sha256(part).hexdigest() for part in (data[:PART], data[PART:])]
    assert not left
    return result, store


def head(size):
    return f"HTTP/1.1 200 X\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n".encode()


def test_a_completion_is_believed_only_where_it_is_one(pair, gateway, bad):
    sorry = s3.answer(200, "\n\n <?xml version=\"1.0\"?><Error><Code>InternalError</Code></Error>")
    gone = s3.error(404, "NoSuchUpload")
    assert completed(pair, gateway, bad, [sorry, b"", COMPLETE])[0].status == 201
    # The first was carried out, though nobody heard of it.
    assert completed(pair, gateway, bad, [b"", gone], head(PART + 10))[0].status == 201
    for answers, there in (([gone], head(PART)), ([gone], s3.answer(404)), ([s3.answer(200, "<Other/>")], None),
                           ([s3.answer(200, "<Error><Code>AccessDenied</Code></Error>")], None)):
        result, store = completed(pair, gateway, bad, answers, there)
        assert result.status == 503
        parley.wait_for(lambda: sum(request.method == "DELETE" for request in store.requests) == 2, what="its removal")


@pytest.mark.parametrize("answer, status", [
    (s3.error(500, "InternalError"), 503), (s3.error(404, "NoSuchKey"), 503), (s3.error(403, "AccessDenied"), 503),
    (b"", 503),
    (s3.answer(200, "x" * 100_000), 503), (s3.answer(206, "x" * 100_000), 503),
    (b"HTTP/1.1 206 X\r\nContent-Range: bytes 10-99999/100000\r\nContent-Length: 99990\r\n\r\nhalf", 503),
    # Not all of it is there, though the store finds nothing wrong.
    (s3.answer(206, "x" * 40_000, "Content-Range: bytes 10-99999/100000\r\n"), 500), (s3.answer(204), 503)])
def test_a_download_that_is_answered_badly(pair, gateway, bad, answer, status):
    one, _, conversation = pair
    store = bad(lambda request: answer if request.method == "GET" and "/chat/files/" in request else good(request))
    node = gateway(**s3.settings(store.port))
    path = uploaded(conversation, one, b"x" * 100_000, "a.bin", url=node.url)["downloadUrl"]
    result = ask("GET", path, node.url, headers={"Range": "bytes=10-99999"}, user=one)
    assert result.status == status, result.text
    assert node.metric("parley_file_store_failures_total") == (status == 503)
    assert chats(pair, node)


def test_uploads_that_nobody_ends_are_swept(pair, gateway, bad):
    def entry(key, id, begun):
        return f"<Upload><Key>{key}</Key><UploadId>{id}</UploadId><Initiated>{begun}</Initiated></Upload>"

    old, new = "2026-01-01T00:00:00.000Z", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    ours, later = (f"files/{id[:2]}/{id}" for id in (parley.new_user(), parley.new_user()))
    first = entry(ours, "u1", old) + entry(ours, "u2", new) + entry("files/theirs", "u3", old)
    marks = "<IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>m</NextUploadIdMarker>"
    pages = {False: marks + first, True: entry(later, "u4", old)}

    def answer(request):
        if "GET /chat/?" not in request:
            return good(request)
        assert "prefix=files%2F" in request and "uploads=" in request
        page = pages["key-marker=k&" in request]
        return s3.answer(200, f"<ListMultipartUploadsResult>{page}</ListMultipartUploadsResult>")

    store = bad(answer)
    query("delete from leases where name = 'files'")
    gateway(**s3.settings(store.port))
    parley.wait_for(lambda: sum(request.method == "DELETE" for request in store.requests) == 2, what="the sweep")
    assert [request.target for request in store.requests if request.method == "DELETE"] == [
        f"/chat/{ours}?uploadId=u1", f"/chat/{later}?uploadId=u4"]


def test_a_staging_folder_that_isnt_there_stops_the_start(tmp_path):
    with pytest.raises(AssertionError, match="PARLEY_S3_STAGING_DIR=.*No such file"):
        Gateway(**s3.settings(1, S3_STAGING_DIR=tmp_path / "none"))
