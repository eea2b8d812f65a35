"""Files on the demo page: chosen, dropped and pasted, shown, cancelled, tried again and refused."""

import re

import pytest
from playwright.sync_api import expect

import parley
from stores import query
from test_files import ask
from test_page import browser, sign_in

TEXT = b"Hello, file.\n" * 100

# A picture that the browser itself has made.
DRAW = """async ([type, width, height]) => {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  canvas.getContext('2d').fillRect(0, 0, width / 2, height);
  const blob = await new Promise((done) => canvas.toBlob(done, type));
  return [...new Uint8Array(await blob.arrayBuffer())];
}"""

HAND_OVER = """([element, kind, name, type, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name, { type }));
  const event = kind === 'paste'
    ? new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
    : new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true });
  document.getElementById(element).dispatchEvent(event);
}"""


def opened(sign_in, user, conversation, **more):
    page = sign_in(user, **more)
    page.locator(f'.conversation[data-id="{conversation}"]').click()
    return page


def choose(page, name, type, data):
    page.get_by_test_id("files").set_input_files({"name": name, "mimeType": type, "buffer": data})


def test_files_are_chosen_dropped_and_pasted(sign_in, pair):
    one, other, conversation = pair
    mine, theirs = opened(sign_in, one, conversation), opened(sign_in, other, conversation)
    choose(mine, "notes.txt", "text/plain", TEXT)
    mine.evaluate(HAND_OVER, ["open", "dragover", "dropped.bin", "", [1]])
    expect(mine.locator("#open")).to_have_attribute("data-drop", "true")
    mine.evaluate(HAND_OVER, ["open", "drop", "dropped.bin", "", [1, 2, 3]])
    expect(mine.locator("#open")).not_to_have_attribute("data-drop", "true")
    mine.evaluate(HAND_OVER, ["composer", "paste", "pasted.txt", "text/plain", [65]])
    for page in (mine, theirs):
        cards = page.get_by_test_id("file")
        expect(cards).to_have_count(3)
        expect(cards.filter(has_text="notes.txt")).to_contain_text("1.3 KB · text/plain")
        expect(cards.filter(has_text="dropped.bin")).to_contain_text("3 bytes · application/octet-stream")
        expect(cards.filter(has_text="pasted.txt")).to_be_enabled()
    expect(mine.locator(".progress:visible")).to_have_count(0)
    with theirs.expect_download() as download:
        theirs.get_by_test_id("file").filter(has_text="notes.txt").click()
    assert download.value.suggested_filename == "notes.txt"
    with open(download.value.path(), "rb") as saved:
        assert saved.read() == TEXT
    expect(theirs.locator("#conversations .preview").first).to_have_text(re.compile("notes.txt|dropped.bin|pasted.txt"))


@pytest.mark.parametrize("type", ["image/png", "image/jpeg", "image/webp"])
def test_a_picture_has_its_room_before_it_is_there(sign_in, pair, type):
    one, other, conversation = pair
    mine, theirs = opened(sign_in, one, conversation), opened(sign_in, other, conversation)
    held = []
    theirs.route(re.compile("/api/files/.*signature="), lambda route: held.append(route))
    picture = bytes(mine.evaluate(DRAW, [type, 720, 500]))
    choose(mine, "drawn", type, picture)
    shown = theirs.get_by_test_id("picture")
    expect(shown).to_have_attribute("src", re.compile("signature="))

    def size(what):
        box = what.bounding_box()
        return round(box["width"]), round(box["height"])

    before = size(theirs.locator(".message"))
    assert size(shown) == (360, 250)
    parley.wait_for(lambda: theirs.wait_for_timeout(50) or held, what="the request")
    held[0].continue_()
    expect(shown).to_have_js_property("naturalWidth", 720)
    assert size(theirs.locator(".message")) == before
    file = parley.history(conversation, other)[0]["file"]
    assert (file["fileType"], file["width"], file["height"]) == (type, 720, 500)
    expect(mine.get_by_test_id("picture")).to_have_attribute("alt", "drawn")


def test_an_upload_is_cancelled(sign_in, pair):
    one, other, conversation = pair
    page = opened(sign_in, one, conversation)
    page.route("**/api/files?*", lambda route: None)
    choose(page, "notes.txt", "text/plain", TEXT)
    expect(page.locator(".message .progress")).to_be_visible()
    page.get_by_role("button", name="cancel").click()
    expect(page.get_by_test_id("message")).to_have_count(0)
    assert parley.history(conversation, other) == []


def test_an_upload_whose_answer_was_lost_is_tried_again(sign_in, pair):
    one, other, conversation = pair
    page = opened(sign_in, one, conversation, expected="ERR_FAILED")
    keys = []

    def lose(route):
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            return route.continue_()
        # The server has it, and the page hears nothing of that.
        route.fetch()
        route.abort()

    page.route("**/api/files?*", lose)
    choose(page, "notes.txt", "text/plain", TEXT)
    expect(page.locator(".message")).to_have_attribute("data-state", "failed")
    page.get_by_role("button", name="try again").click()
    expect(page.locator(".message")).to_have_attribute("data-state", re.compile("sent|delivered|read"))
    assert len(keys) == 2 and keys[0] == keys[1]
    shown = parley.history(conversation, other)
    assert len(shown) == 1 and ask("GET", shown[0]["file"]["downloadUrl"], user=other).bytes == TEXT
    assert query(f"select count(*) from files where conversation_id = '{conversation}'") == "1"


def test_what_is_too_large_is_told(sign_in, pair, gateway, tmp_path):
    one, other, conversation = pair
    node = gateway(FILES_DIR=tmp_path, MAX_FILE_BYTES="1MiB", FILES_USER_QUOTA="1200KiB")
    page = opened(sign_in, one, conversation, url=node.url, expected="status of 413|ERR_CONNECTION")
    choose(page, "large.bin", "application/x-thing", bytes(20 << 20))
    expect(page.locator(".trouble").first).to_contain_text("too large")
    choose(page, "fits.bin", "application/x-thing", bytes(1 << 20))
    expect(page.get_by_test_id("file").filter(has_text="fits.bin")).to_be_enabled()
    choose(page, "beyond.bin", "application/x-thing", bytes(1 << 20))
    expect(page.locator(".trouble").last).to_contain_text("no room left")
    # What isn't to be sent goes.
    page.get_by_role("button", name="cancel").first.click()
    page.get_by_role("button", name="cancel").last.click()
    expect(page.get_by_test_id("message")).to_have_count(1)
    assert [message["file"]["fileName"] for message in parley.history(conversation, other)] == ["fits.bin"]
