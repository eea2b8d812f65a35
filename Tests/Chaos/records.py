"""What the people of a run write down, and what PostgreSQL has in the end: all that the checks look at."""

from array import array
from dataclasses import dataclass, field
from typing import NamedTuple


class Row(NamedTuple):
    """A message as PostgreSQL has it."""

    conversation: str
    id: int
    last_event: int
    sender: str
    name: str
    content: str
    is_deleted: bool
    duplicate_of: int


@dataclass
class Writing:
    """What somebody wrote into a conversation; a message's name is its clientMessageId."""

    sender: str
    conversation: str
    acknowledged: dict = field(default_factory=dict)
    # Acknowledged edits and deletes: the message's id and the content that it has since, None for a deleted one.
    changes: dict = field(default_factory=dict)


@dataclass
class Hearing:
    """What somebody who stayed or resumed heard of a conversation, in the order it came."""

    user: str
    conversation: str
    events: array = field(default_factory=lambda: array("q"))
    messages: array = field(default_factory=lambda: array("q"))
    # Whether they were told (recovered:false) that they have to read the history for what they missed.
    was_told: bool = False
    # Hashes of the names: there are millions.
    names: array = field(default_factory=lambda: array("q"))

    def note(self, event, message, name):
        self.events.append(event)
        self.messages.append(message)
        self.names.append(hash(name))


@dataclass
class Presence:
    """When somebody wasn't a member, and when he heard what was sent when; all by one clock."""

    user: str
    # From the answer to the removal to the request that added him again.
    absences: list = field(default_factory=list)
    heard_at: array = field(default_factory=lambda: array("d"))
    sent_at: array = field(default_factory=lambda: array("d"))

    def note(self, heard_at, sent_at):
        self.heard_at.append(heard_at)
        self.sent_at.append(sent_at)
