"""The demo page in a real browser, as two people would use it."""

import re

import pytest
from playwright.sync_api import expect, sync_playwright

import parley

ALICE = "00000000-0000-4000-8000-00000000000a"
BOB = "00000000-0000-4000-8000-00000000000b"


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def sign_in(browser):
    """Opens the page for a user in a window of its own, and notes whatever the browser complains of."""
    complaints, contexts = [], []

    def open_page(user, frames=None, url=None, expected=None):
        context = browser.new_context()
        contexts.append(context)
        page = context.new_page()

        def note(message):
            # A browser complains of each answer that is a refusal.
            if message.type == "error" and not (expected and re.search(expected, message.text)):
                complaints.append(message.text)

        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if frames is not None:
            page.on("websocket", lambda socket: socket.on("framesent", lambda data: frames.append(str(data))))
        page.goto(f"{url or parley.URL}/#token={parley.token(user)}")
        expect(page.get_by_test_id("connection-state")).to_have_text("connected")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def test_two_people_talk(sign_in):
    conversation = parley.create("DIRECT", [ALICE, BOB])
    parley.call("POST", f"/api/conversations/{conversation}/messages", BOB, {"content": "from before"})
    alice, bob = sign_in(ALICE), sign_in(BOB)
    assert "token" not in alice.url
    for page in (alice, bob):
        page.locator("#conversations > *").first.click()
        expect(page.locator("#messages")).to_contain_text("from before")
    alice.locator("#composer").press_sequentially("Hel")
    expect(bob.locator("#typing")).to_contain_text("Alice is typing")
    alice.locator("#composer").press_sequentially("lo <b>Bob</b> 😀")
    alice.locator("#composer").press("Enter")
    expect(bob.locator("#messages")).to_contain_text("Hello <b>Bob</b> 😀")
    expect(bob.locator("#messages b", has_text="Bob")).to_have_count(0)
    expect(bob.locator("#typing")).to_have_text("", timeout=8_000)
    bob.locator("#composer").fill("Hi Alice")
    bob.locator("#composer").press("Enter")
    expect(alice.locator("#messages")).to_contain_text("Hi Alice")
    contents = [item["content"] for item in parley.history(conversation, ALICE)[:2]]
    assert contents == ["Hi Alice", "Hello <\u2060b>Bob<\u2060/b> 😀"]


def test_a_group_appears_and_says_who_joined(sign_in):
    alice = sign_in(ALICE)
    group = parley.create("GROUP", [BOB, ALICE], title=f"Group {parley.new_user()[:8]}")
    title = parley.call("GET", f"/api/conversations/{group}", ALICE).json["title"]
    alice.get_by_test_id("conversation").filter(has_text=title).click()
    parley.call("POST", f"/api/conversations/{group}/participants", BOB, {"userId": parley.new_user()})
    expect(alice.locator("#messages")).to_contain_text("Bob added")
    parley.call("DELETE", f"/api/conversations/{group}/participants/{ALICE}", BOB)
    expect(alice.get_by_test_id("conversation").filter(has_text=title)).to_have_count(0)


def test_old_groups_are_heard_too(sign_in):
    user, frames, others = parley.new_user(), [], [parley.new_user() for _ in range(120)]
    groups = [parley.create("GROUP", [other, user], title=f"Group {number}") for number, other in enumerate(others)]
    page = sign_in(user, frames)

    def unheard():
        # Frames come in while the browser is asked something.
        page.wait_for_timeout(50)
        sent = " ".join(frames)
        return [group for group in groups if f"/topic/conversation/{group}" not in sent]

    parley.wait_for(lambda: not unheard(), what="a subscription to each")
    parley.call("POST", f"/api/conversations/{groups[0]}/messages", others[0], {"content": "from long ago"})
    expect(page.locator("#conversations > *").first).to_contain_text("from long ago")


def test_a_bad_token_leads_back_to_the_sign_in(browser):
    page = browser.new_page()
    page.goto(f"{parley.URL}/#token={parley.token(ALICE, lifetime=-100)}")
    expect(page.locator("#sign-in-view")).to_be_visible()
    expect(page.locator("#sign-in-problem")).to_have_text(re.compile("."))
    page.close()


def test_the_page_is_served_with_a_strict_policy():
    answer = parley.call("GET", "/")
    assert answer.status == 200 and "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert parley.call("GET", "/api/conversations", ALICE).headers["X-Content-Type-Options"] == "nosniff"
    for path in ("app.css", "app.js", "stomp.js", "view.js", "conversation.js", "dialog.js", "files.js"):
        assert parley.call("GET", f"/assets/{path}").status == 200
