// What the page knows of one conversation: whose it is, its messages by id, and those on their way.

export class Conversation {
  type = 'DIRECT';
  title = '';
  members = [];
  last = undefined;
  unread = 0;
  activity = 0;
  /** The newest event seen, which a subscription resumes after; 0 where the list has told that there is none. */
  position = undefined;
  /** Where the next older page of history ends, if there is one. */
  nextBefore = undefined;
  followed = false;
  loading = false;

  #me;
  #described = false;
  #sent = new Map();
  #pending = new Map();

  constructor(id, me) {
    this.id = id;
    this.#me = me;
  }

  /** Takes what REST says of it. The server's count of unread messages is only a start: from then on we count. */
  describe(description) {
    this.type = description.type ?? this.type;
    this.title = description.title ?? this.title;
    this.members = (description.participants ?? []).map((one) => (one.userId ?? one).toLowerCase());
    if (!this.#described) {
      this.unread = description.unread ?? 0;
      // What comes after the list and before the subscription is replayed.
      if (description.lastMessage !== undefined) this.position ??= description.lastMessage?.eventId ?? 0;
    }
    this.#described = true;
    this.#touch(Date.parse(description.updatedAt ?? description.createdAt));
    if (description.lastMessage) this.#noteLast(description.lastMessage);
  }

  /** Takes an event in its newest state; true when it is a message not seen before. Copies change nothing. */
  add(message) {
    const eventId = message.eventId ?? message.id;
    this.position = Math.max(this.position ?? 0, eventId);
    const known = this.#sent.get(message.id);
    if (known) {
      if (known.eventId === undefined || known.eventId < eventId) Object.assign(known, facts(message, eventId));
      this.#noteLast(message);
      return false;
    }
    const mine = message.senderId === this.#me ? this.#pending.get(message.clientMessageId) : undefined;
    // Our own message keeps its key, and with it its place in the document.
    const entry = mine ?? { key: `m${message.id}` };
    if (mine) this.#pending.delete(message.clientMessageId);
    this.#sent.set(message.id, Object.assign(entry, facts(message, eventId)));
    this.#noteLast(message);
    return !mine;
  }

  /** Puts the newest page in place of what was known: what was missed in between must not look whole. */
  replaceHistory({ items = [], nextBefore }) {
    const before = this.#sent;
    this.#sent = new Map();
    const newest = items.reduce((highest, item) => Math.max(highest, item.id), 0);
    for (const item of items) {
      const known = before.get(item.id);
      if (known) this.#sent.set(item.id, known);
      this.add(item);
    }
    // Live messages may have overtaken the page.
    for (const [id, entry] of before) if (id > newest) this.#sent.set(id, entry);
    this.nextBefore = nextBefore ?? undefined;
  }

  addOlder({ items = [], nextBefore }) {
    for (const item of items) this.add(item);
    this.nextBefore = nextBefore ?? undefined;
  }

  /** Notes a message that is on its way; with a `source` its file has to be uploaded first. */
  compose(content, clientMessageId, source) {
    const entry = {
      key: clientMessageId, clientMessageId, senderId: this.#me, content, time: new Date(), state: 'sending',
    };
    if (source) {
      const file = { fileName: source.name, fileType: source.type, fileSize: source.size };
      Object.assign(entry, { source, file, state: 'uploading', progress: 0 });
    }
    this.#pending.set(clientMessageId, entry);
    this.#touch(entry.time.getTime());
    return entry;
  }

  acknowledge(clientMessageId, id) {
    const entry = this.#pending.get(clientMessageId);
    if (!entry || !Number.isSafeInteger(id)) return;
    this.#pending.delete(clientMessageId);
    if (this.#sent.has(id)) return;
    Object.assign(entry, { id, state: 'sent', trouble: undefined });
    this.#sent.set(id, entry);
    const { content, file } = entry;
    this.#noteLast({ id, senderId: this.#me, content, file, createdAt: entry.time.toISOString() });
  }

  /** Somebody has got or read everything up to a message. With two people that is what a message's status is. */
  moved({ userId, lastDeliveredMessageId, lastReadMessageId }) {
    if (this.type !== 'DIRECT' || userId === this.#me) return;
    for (const entry of this.#sent.values()) {
      if (entry.id <= lastReadMessageId) entry.state = 'read';
      else if (entry.id <= lastDeliveredMessageId && entry.state === 'sent') entry.state = 'delivered';
    }
  }

  /** The newest message of somebody else, which one has read by looking at it. */
  newestOfOthers() {
    let newest = 0;
    for (const entry of this.#sent.values()) if (entry.senderId !== this.#me) newest = Math.max(newest, entry.id);
    return newest;
  }

  fail(clientMessageId, trouble) {
    const entry = this.#pending.get(clientMessageId);
    if (entry) Object.assign(entry, { state: 'failed', trouble });
  }

  /** Prepares a failed message for another try under the same id, so that it can't be stored twice. */
  retry(clientMessageId) {
    const entry = this.#pending.get(clientMessageId);
    const state = entry?.source && !entry.file.fileId ? 'uploading' : 'sending';
    return entry && Object.assign(entry, { state, trouble: undefined });
  }

  /** The file of a message has come to the server: now the message is sent. */
  uploaded(clientMessageId, file) {
    Object.assign(this.#pending.get(clientMessageId), { file, state: 'sending', source: undefined });
  }

  /** Forgets a message that is not to be sent. */
  drop(clientMessageId) {
    this.#pending.delete(clientMessageId);
  }

  sending() {
    return [...this.#pending.values()].filter((entry) => entry.state === 'sending');
  }

  /** Everything in order: ids give the order of what the server has, the rest follows as it was written. */
  entries() {
    return [...this.#sent.values()].sort((a, b) => a.id - b.id).concat([...this.#pending.values()]);
  }

  #noteLast(message) {
    if (this.last && this.last.id > message.id) return;
    this.last = message;
    this.#touch(Date.parse(message.createdAt));
  }

  #touch(time) {
    if (time > this.activity) this.activity = time;
  }
}

function facts(message, eventId) {
  const { id, senderId, content, messageType, clientMessageId, file, editedAt, isDeleted, createdAt } = message;
  return {
    id, eventId, senderId, content, messageType, clientMessageId, file, editedAt, isDeleted, time: new Date(createdAt),
    state: message.status?.toLowerCase() ?? 'sent', trouble: undefined,
  };
}
