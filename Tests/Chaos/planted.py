"""A small recorded history without fault, for the checks' own tests."""

from records import Hearing, Presence, Row, Writing


# As scripts/up notes it: ended by an operator, killed, and as it should.
EXITS = """2026-11-27T10:00:00Z haproxy 101 143
2026-11-27T10:00:01Z gateway-1 102 137
2026-11-27T10:00:02Z redis 103 0
2026-11-27T10:00:03Z postgres 104 130
"""


def history(conversation):
    """Five messages, one edited and one deleted since; heard with a repeat; a guest who was away from 10.0 to 20.0."""
    writing, hearing, presence = Writing("writer", conversation), Hearing("listener", conversation), Presence("guest")
    rows = []
    for number in range(5):
        name, id = f"w-{number}", 10 * (number + 1)
        writing.acknowledged[name] = id
        hearing.note(id, id, name)
        rows.append(Row(conversation, id, id, "writer", name, f"{name} 1.0", False, 0))
    rows[2] = rows[2]._replace(last_event=55, content="w-2 2.0 edited")
    rows[3] = rows[3]._replace(last_event=57, content="", is_deleted=True)
    writing.changes = {30: "w-2 2.0 edited", 40: None}
    hearing.note(50, 50, "w-4")
    hearing.note(55, 30, "w-2")
    hearing.note(57, 40, "w-3")
    presence.absences.append([10.0, 20.0])
    presence.note(5.0, 4.0)
    return writing, hearing, presence, rows
