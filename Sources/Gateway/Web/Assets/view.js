// Turns data into elements. Everything that comes from a person is set as text, never parsed as markup.

import { fileElement } from './files.js';

const RUN_MS = 5 * 60_000;
const DAY_MS = 24 * 60 * 60_000;

// There is no table of users: the demo's three have names here, everybody else shows a piece of the id.
export const PEOPLE = new Map([
  ['00000000-0000-4000-8000-00000000000a', { name: 'Alice', hue: 262 }],
  ['00000000-0000-4000-8000-00000000000b', { name: 'Bob', hue: 158 }],
  ['00000000-0000-4000-8000-00000000000c', { name: 'Carol', hue: 18 }],
]);

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' });
const shortDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const longDate = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });

/** The name and colour of a user. */
export function person(id) {
  const known = PEOPLE.get(id);
  if (known) return known;
  let hue = 0;
  for (const character of String(id)) hue = (hue * 31 + character.charCodeAt(0)) % 360;
  return { name: `User ${String(id).slice(0, 4)}…${String(id).slice(-4)}`, hue };
}

/** Without the joiners that the server puts behind `<` for pages that parse text as markup; this one doesn't. */
function plain(text) {
  return text.replaceAll('<\u2060', '<');
}

function element(tag, className, content) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (content !== undefined) made.textContent = content;
  return made;
}

/** Paints an avatar: initials on the colour of whoever it stands for. */
export function paintAvatar(target, name, hue) {
  const words = name.split(/\s+/).filter(Boolean);
  target.textContent = words.slice(0, 2).map((word) => [...word][0].toUpperCase()).join('');
  // The CSP forbids style attributes; setting a property from a script is allowed.
  target.style.setProperty('--hue', hue);
}

function avatar(name, hue) {
  const made = element('span', 'avatar');
  made.setAttribute('aria-hidden', 'true');
  paintAvatar(made, name, hue);
  return made;
}

function startOfDay(time) {
  return new Date(time).setHours(0, 0, 0, 0);
}

function dayName(time) {
  const days = Math.round((startOfDay(Date.now()) - startOfDay(time)) / DAY_MS);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return longDate.format(time);
}

function shortWhen(time) {
  const days = Math.round((startOfDay(Date.now()) - startOfDay(time)) / DAY_MS);
  if (days === 0) return clock.format(time);
  return days < 7 ? weekday.format(time) : shortDate.format(time);
}

/** What a conversation is called, and its colour. */
export function titleOf(conversation, me) {
  const others = conversation.members.filter((id) => id !== me);
  if (conversation.type === 'DIRECT') return person(others[0] ?? me);
  const name = plain(conversation.title) || others.map((id) => person(id).name).join(', ') || 'Group';
  return { name, hue: person(conversation.id).hue };
}

export function showConversations(list, conversations, { me, current, onOpen }) {
  const focused = document.activeElement?.closest?.('.conversation')?.dataset.id;
  list.replaceChildren(...conversations.map((conversation) => {
    const { name, hue } = titleOf(conversation, me);
    const button = element('button', 'conversation');
    button.type = 'button';
    button.dataset.testid = 'conversation';
    button.dataset.id = conversation.id;
    if (conversation.id === current) button.setAttribute('aria-current', 'true');
    const last = conversation.last;
    const preview = last ? previewOf(last, me) : '';
    button.append(
      avatar(name, hue),
      element('span', 'name', name),
      element('span', 'when', last ? shortWhen(new Date(last.createdAt)) : ''),
      element('span', 'preview', preview),
    );
    if (conversation.unread > 0) {
      const badge = element('span', 'badge', conversation.unread >= 100 ? '99+' : conversation.unread);
      badge.setAttribute('aria-label', `${conversation.unread} unread`);
      button.append(badge);
    }
    button.addEventListener('click', () => onOpen(conversation.id));
    const item = element('li');
    item.append(button);
    return item;
  }));
  // Building the list anew must not take the keyboard's place away.
  if (focused) list.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
}

function previewOf(last, me) {
  if (last.messageType === 'SYSTEM') return systemText(last);
  const content = plain(last.content) || last.file?.fileName || '';
  return `${last.senderId === me ? 'You: ' : ''}${last.isDeleted ? 'Deleted' : content}`;
}

// What the server notes in a conversation, as a sentence.
function systemText({ content, senderId }) {
  const [word, user] = content.split(' ');
  const actor = person(senderId).name;
  switch (word) {
    case 'joined': return `${actor} added ${person(user).name}`;
    case 'left': return `${actor} left`;
    case 'removed': return `${actor} removed ${person(user).name}`;
    case 'archived': return `${actor} archived the conversation`;
    case 'unarchived': return `${actor} opened the conversation again`;
    default: return content;
  }
}

const TICKS = { uploading: ['◷', 'uploading'], sending: ['◷', 'sending'], sent: ['✓', 'sent'], delivered: ['✓✓', 'delivered'],
  read: ['✓✓', 'read'], failed: ['!', 'not sent'] };

function buildMessage(entry, { own, onRetry, onCancel }) {
  const made = element('article', 'message');
  made.dataset.testid = 'message';
  made.dataset.own = own;
  const { name, hue } = person(entry.senderId);
  made.style.setProperty('--hue', hue);
  const bubble = element('div', 'bubble');
  const meta = element('span', 'meta');
  const when = element('time', '', clock.format(entry.time));
  when.dateTime = entry.time.toISOString();
  when.title = entry.time.toLocaleString();
  meta.append(when);
  if (own) meta.append(element('span', 'tick'));
  bubble.append(element('div', 'attached'), element('span', 'content'), meta);
  if (!own) made.append(element('span', 'sender', name), avatar(name, hue));
  made.append(bubble);
  if (own) {
    const trouble = element('div', 'trouble');
    const again = element('button', 'again', 'try again');
    again.type = 'button';
    again.addEventListener('click', () => onRetry(entry.clientMessageId));
    trouble.append(element('span'), again);
    made.append(trouble);
    if (entry.source) {
      const progress = element('progress', 'progress');
      progress.setAttribute('aria-label', 'Uploaded');
      const cancel = element('button', 'again cancel', 'cancel');
      cancel.type = 'button';
      cancel.addEventListener('click', () => onCancel(entry.clientMessageId));
      made.append(progress, cancel);
    }
  }
  return made;
}

// Writes only what changed: a log that is live must not be announced anew.
function setText(target, value) {
  if (target && target.textContent !== value) target.textContent = value;
}

// Built anew only when it is another file, or the same one has arrived.
function updateFile(place, entry, onLink) {
  const file = entry.isDeleted ? undefined : entry.file;
  const shown = file ? (file.fileId ?? 'coming') : '';
  if ((place.dataset.file ?? '') === shown) return;
  place.dataset.file = shown;
  place.replaceChildren(...(file ? [fileElement(file, onLink)] : []));
}

function updateUpload(made, entry) {
  const progress = made.querySelector('.progress');
  if (!progress) return;
  progress.hidden = entry.state !== 'uploading';
  progress.value = entry.progress ?? 0;
  made.querySelector('.cancel').hidden = !['uploading', 'failed'].includes(entry.state);
}

function updateMessage(made, entry, { first, last, own, group, onLink }) {
  made.dataset.id = entry.id ?? '';
  made.dataset.state = entry.state;
  made.dataset.first = first;
  made.dataset.last = last;
  made.dataset.deleted = Boolean(entry.isDeleted);
  updateFile(made.querySelector('.attached'), entry, onLink);
  setText(made.querySelector('.content'), entry.isDeleted ? 'This message was deleted' : plain(entry.content));
  const label = entry.editedAt && !entry.isDeleted ? `edited ${clock.format(entry.time)}` : clock.format(entry.time);
  setText(made.querySelector('time'), label);
  if (own) {
    const tick = made.querySelector('.tick');
    const [sign, meaning] = TICKS[entry.state];
    setText(tick, sign);
    tick.title = meaning;
    updateUpload(made, entry);
    made.querySelector('.trouble').hidden = entry.state !== 'failed';
    setText(made.querySelector('.trouble span'), entry.trouble ?? '');
  } else {
    made.querySelector('.sender').hidden = !(group && first);
    made.querySelector('.avatar').style.setProperty('visibility', last ? 'visible' : 'hidden');
  }
}

/**
 * The elements of one open conversation. An element lives as long as its message, also when a sent message gets its id,
 * so that neither focus nor selection nor a test's handle is lost.
 */
export class MessageList {
  #container; #elements = new Map(); #options;

  constructor(container, options) {
    this.#container = container;
    this.#options = options;
  }

  clear() {
    this.#elements.clear();
    this.#container.replaceChildren();
  }

  /** Shows the entries in their order; `key` names an entry for its whole life. */
  show(entries, { group }) {
    const wanted = [];
    entries.forEach((entry, index) => {
      const before = entries[index - 1];
      const after = entries[index + 1];
      const newDay = !before || startOfDay(before.time) !== startOfDay(entry.time);
      if (newDay) wanted.push(this.#plain(`day ${startOfDay(entry.time)}`, 'day', dayName(entry.time)));
      if (entry.messageType === 'SYSTEM') {
        wanted.push(this.#plain(entry.key, 'notice', systemText(entry)));
        return;
      }
      const own = entry.senderId === this.#options.me;
      const { onRetry, onCancel, onLink } = this.#options;
      const place = { first: newDay || !sameRun(before, entry), last: !sameRun(entry, after), own, group, onLink };
      let made = this.#elements.get(entry.key);
      if (!made) {
        made = buildMessage(entry, { own, onRetry, onCancel });
        this.#elements.set(entry.key, made);
      }
      updateMessage(made, entry, place);
      wanted.push(made);
    });
    this.#place(wanted);
  }

  #plain(key, className, content) {
    const made = this.#elements.get(key) ?? element('p', className);
    this.#elements.set(key, made);
    setText(made, content);
    return made;
  }

  // Moves only what stands wrong; the usual new message at the end costs one insertion.
  #place(wanted) {
    const kept = new Set(wanted);
    for (const [key, made] of this.#elements) {
      if (kept.has(made)) continue;
      made.remove();
      this.#elements.delete(key);
    }
    let next = this.#container.firstElementChild;
    for (const made of wanted) {
      if (made === next) next = next.nextElementSibling;
      else this.#container.insertBefore(made, next);
    }
  }
}

function sameRun(one, other) {
  return Boolean(one && other) && one.senderId === other.senderId && other.messageType !== 'SYSTEM'
    && one.messageType !== 'SYSTEM' && other.time - one.time < RUN_MS
    && startOfDay(one.time) === startOfDay(other.time);
}
