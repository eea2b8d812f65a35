// The demo page: signs in, keeps the conversations, and carries messages between the server and the view.

import { Conversation } from './conversation.js';
import { openDialog, prepareDialog } from './dialog.js';
import { takeDropped, Upload } from './files.js';
import { StompClient } from './stomp.js';
import { MessageList, paintAvatar, person, showConversations, titleOf } from './view.js';

const PAGE = 50;
const LIST_EVERY_MS = 15_000;
/** So many groups are heard live, of the 500 subscriptions that a session may have; of the others the list tells. */
const FOLLOWED = 400;
const TYPING_EVERY_MS = 2_500;
const TYPING_ENDS_MS = 6_500;
const NEAR_PX = 90;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const STORED = 'parley-token';

const $ = (id) => document.getElementById(id);

let token;
let me;
let client;
let messages;
let current;
let endTypingTopic = () => {};
const conversations = new Map();
const typists = new Map();

// ---- Signing in

function claims(jwt) {
  try {
    const part = jwt.split('.')[1].replace(/-/g, '+').replace(/_/g, '/');
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (c) => c.charCodeAt(0))));
  } catch {
    return undefined;
  }
}

// The fragment never reaches a server or its log; it leaves the address bar so that no copied link carries the token.
function tokenFromAddress() {
  const found = new URLSearchParams(location.hash.slice(1)).get('token');
  if (found) {
    sessionStorage.setItem(STORED, found);
    history.replaceState(null, '', location.pathname + location.search);
  }
  return found ?? sessionStorage.getItem(STORED);
}

function showSignIn(problem = '') {
  client?.stop();
  client = undefined;
  $('app-view').hidden = true;
  $('sign-in-view').hidden = false;
  $('sign-in-problem').textContent = problem;
  $('token').focus();
}

function signOut(problem) {
  sessionStorage.removeItem(STORED);
  // Starting anew forgets every conversation, timer and subscription of the user before.
  if (problem === undefined) location.reload();
  else showSignIn(problem);
}

function signIn(candidate) {
  const found = claims(candidate);
  if (!UUID.test(found?.sub?.toLowerCase() ?? '')) {
    showSignIn('This is not a token of Parley: it should have three parts and name a user.');
    return;
  }
  token = candidate;
  me = found.sub.toLowerCase();
  sessionStorage.setItem(STORED, token);
  conversations.clear();
  current = undefined;
  $('open').hidden = true;
  $('welcome').hidden = false;
  $('sign-in-view').hidden = true;
  $('app-view').hidden = false;
  const self = person(me);
  $('my-name').textContent = self.name;
  paintAvatar($('my-avatar'), self.name, self.hue);
  messages = new MessageList($('messages'), { me, onRetry: retry, onCancel: cancel, onLink: linkTo });
  messages.clear();
  connect();
}

// ---- REST

async function api(method, path, body) {
  const headers = { authorization: `Bearer ${token}` };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const value = await response.json().catch(() => ({}));
  if (response.ok) return value;
  if (response.status === 401) signOut('The server does not accept this token any more. Please sign in again.');
  throw new Error(value.detail ?? value.title ?? `The server answered ${response.status}.`);
}

// For what is asked again later anyway: the connection state already tells that the server is away.
const quietly = (promise) => promise.catch(() => {});

function keep(description) {
  const known = conversations.get(description.id) ?? new Conversation(description.id, me);
  known.describe(description);
  conversations.set(known.id, known);
  return known;
}

async function loadConversations(query = '') {
  const { items = [], nextCursor } = await api('GET', `/api/conversations?limit=${PAGE}${query}`);
  for (const item of items) {
    const conversation = keep(item);
    // Messages of DIRECT conversations come by the user's queue; groups are heard on their topics only.
    if (conversation.type !== 'DIRECT') follow(conversation);
  }
  showList();
  return nextCursor;
}

async function loadAllConversations() {
  let cursor = await loadConversations();
  while (cursor && conversations.size < FOLLOWED) cursor = await loadConversations(`&cursor=${cursor}`);
}

function historyPath(conversation, query = '') {
  return `/api/conversations/${conversation.id}/messages?limit=${PAGE}${query}`;
}

async function loadNewest(conversation) {
  const page = await api('GET', historyPath(conversation));
  conversation.replaceHistory(page);
  if (conversation === current) show();
}

async function loadOlder() {
  const conversation = current;
  if (!conversation?.nextBefore || conversation.loading) return;
  conversation.loading = true;
  $('older').hidden = false;
  try {
    const page = await api('GET', historyPath(conversation, `&before=${conversation.nextBefore}`));
    const scroller = $('scroller');
    const fromEnd = scroller.scrollHeight - scroller.scrollTop;
    conversation.addOlder(page);
    if (conversation === current) {
      show();
      scroller.scrollTop = scroller.scrollHeight - fromEnd;
    }
  } catch (error) {
    complain(error.message);
  } finally {
    conversation.loading = false;
    $('older').hidden = true;
  }
}

// ---- The live connection

function connect() {
  const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`;
  client = new StompClient({
    url,
    protocols: () => ['v12.stomp', `bearer.${token}`],
    onState: connectionChanged,
    onError: (error) => complain(error.message),
  });
  // Errors first: without that subscription a refusal ends the connection.
  client.subscribe('/user/queue/errors', refused);
  client.subscribe('/user/queue/acks', acknowledged);
  client.subscribe('/user/queue/messages', received);
  client.subscribe('/user/queue/conversations', changed);
  client.subscribe('/user/queue/receipts', (receipt) => {
    conversations.get(receipt.conversationId)?.moved(receipt);
    showSoon();
  });
  client.start();
}

function connectionChanged(state, detail) {
  const words = { connecting: 'connecting…', connected: 'connected', refused: 'signed out' };
  if (state === 'refused' && detail === 0) {
    // A browser doesn't tell the status of a refused handshake; REST does, and signs out on 401.
    quietly(api('GET', '/api/conversations?limit=1'));
    return;
  }
  $('app-view').dataset.connection = state;
  $('connection').textContent = words[state] ?? `reconnecting in ${Math.max(1, Math.round(detail / 1000))} s`;
  if (state === 'refused') signOut('Your session has ended. Please sign in again.');
  if (state !== 'connected') return;
  quietly(loadAllConversations());
  // Safe, because the server answers a repeated clientMessageId with its first answer.
  for (const conversation of conversations.values()) {
    for (const entry of conversation.sending()) transmit(conversation, entry);
  }
}

function follow(conversation) {
  if (conversation.followed) return;
  conversation.followed = true;
  client.subscribe(`/topic/conversation/${conversation.id}`, received, {
    headers: () => (conversation.position !== undefined ? { 'resume-after': conversation.position } : {}),
    onReceipt: (receipt, again) => {
      // What the server could not replay is read from the history instead. Nothing can be missing before the first
      // subscription to a DIRECT conversation: the user's queue brought it.
      const whole = again ? receipt.recovered === 'true' : conversation.type === 'DIRECT';
      if (!whole && conversation === current) quietly(loadNewest(conversation));
    },
  });
}

async function received(message) {
  let conversation = conversations.get(message.conversationId);
  if (!conversation) {
    // Somebody started a conversation with us.
    try {
      conversation = keep(await api('GET', `/api/conversations/${message.conversationId}`));
    } catch {
      return;
    }
  }
  const fresh = conversation.add(message);
  if (fresh && message.senderId !== me && (conversation !== current || document.hidden)) conversation.unread += 1;
  if (conversation === current) stopTyping(message.senderId);
  showSoon();
}

// A conversation was created, or its members or its archive changed.
function changed({ event, conversation: description }) {
  // Another device of one's own has read it.
  if (event === 'read') {
    const read = conversations.get(description.id);
    if (read && read.newestOfOthers() <= description.lastReadMessageId) read.unread = 0;
    return showSoon();
  }
  const known = keep(description);
  if (known.members.includes(me)) {
    if (known.type !== 'DIRECT') follow(known);
  } else {
    conversations.delete(known.id);
  }
  showSoon();
}

// What stands on the screen of somebody who looks at it is read; what has come is delivered.
function noteRead() {
  if (!current || !client?.connected) return;
  const newest = current.newestOfOthers();
  const seen = current.noted ?? 0;
  if (newest <= seen || document.hidden) return;
  current.noted = newest;
  client.sendAndForget('/app/chat.read', { conversationId: current.id, messageId: newest });
}

function acknowledged(ack) {
  conversations.get(ack.conversationId)?.acknowledge(ack.clientMessageId, ack.messageId);
  showSoon();
}

function refused(error) {
  // A lost typing notice is nobody's loss.
  if (error.destination === '/app/chat.typing') return;
  if (error['receipt-id']) client.reject(error['receipt-id'], Object.assign(new Error(error.message), error));
  if (error.destination !== '/app/chat.send') complain(error.message);
}

// ---- Sending

function randomId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Outside https and localhost browsers have no randomUUID.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function sendComposed() {
  const content = $('composer').value;
  if (!current || content.trim() === '') return;
  $('composer').value = '';
  lastTyping = 0;
  const entry = current.compose(content, randomId());
  show();
  toEnd();
  transmit(current, entry);
}

async function transmit(conversation, entry) {
  // While the connection is down the message waits as "sending"; the next connection sends it.
  if (!client.connected) return;
  const { clientMessageId, content, file } = entry;
  try {
    const body = { conversationId: conversation.id, content, clientMessageId, fileId: file?.fileId };
    const receipt = await client.send('/app/chat.send', body);
    conversation.acknowledge(clientMessageId, Number(receipt['message-id']?.split('.').pop()));
  } catch (error) {
    if (error.code !== 'lost') conversation.fail(clientMessageId, error.message);
  }
  showSoon();
}

function retry(clientMessageId) {
  const entry = current?.retry(clientMessageId);
  if (entry?.state === 'uploading') upload(current, entry);
  else if (entry) transmit(current, entry);
  show();
}

// ---- Files

function sendFiles(files) {
  if (!current || files.length === 0) return;
  const entries = files.map((file) => current.compose('', randomId(), file));
  show();
  toEnd();
  for (const entry of entries) upload(current, entry);
}

const uploads = new Map();

async function upload(conversation, entry) {
  const key = entry.clientMessageId;
  const used = token;
  const one = new Upload();
  uploads.set(key, one);
  const onProgress = (part) => {
    entry.progress = part;
    showSoon();
  };
  try {
    const file = await one.start(entry.source, { conversation: conversation.id, key, token: used, onProgress });
    conversation.uploaded(key, file);
    transmit(conversation, entry);
  } catch (error) {
    if (error.cancelled) conversation.drop(key);
    else conversation.fail(key, error.message);
    // Somebody else may have signed in meanwhile.
    if (error.status === 401 && token === used) signOut('The server does not accept this token any more. Please sign in again.');
  } finally {
    uploads.delete(key);
    showSoon();
  }
}

function cancel(clientMessageId) {
  const one = uploads.get(clientMessageId);
  if (one) return one.cancel();
  current?.drop(clientMessageId);
  show();
}

async function linkTo(file) {
  const { url } = await api('GET', `${file.downloadUrl}/link`);
  return url;
}

// ---- Typing

let lastTyping = 0;

function composing() {
  if (!current || $('composer').value === '' || Date.now() - lastTyping < TYPING_EVERY_MS) return;
  lastTyping = Date.now();
  client.sendAndForget('/app/chat.typing', { conversationId: current.id, typing: true });
}

function typingChanged(event) {
  const user = event.userId ?? event.senderId;
  if (user === me || event.conversationId !== current?.id) return;
  if (!event.typing) return stopTyping(user);
  clearTimeout(typists.get(user));
  // The notice that typing has ended may be lost, so it also ends by itself.
  typists.set(user, setTimeout(() => stopTyping(user), TYPING_ENDS_MS));
  showTyping();
}

function stopTyping(user) {
  clearTimeout(typists.get(user));
  typists.delete(user);
  showTyping();
}

function showTyping() {
  const names = [...typists.keys()].map((id) => person(id).name);
  const verb = names.length === 1 ? 'is' : 'are';
  $('typing').textContent = names.length ? `${names.join(' and ')} ${verb} typing…` : '';
}

// ---- Showing

let drawing;

// Many messages in one moment make one drawing; a timer, because hidden pages get no animation frames.
function showSoon() {
  drawing ??= setTimeout(show, 16);
}

function nearEnd() {
  const { scrollHeight, scrollTop, clientHeight } = $('scroller');
  return scrollHeight - scrollTop - clientHeight < NEAR_PX;
}

function toEnd() {
  $('scroller').scrollTop = $('scroller').scrollHeight;
  $('latest').hidden = true;
}

function show() {
  clearTimeout(drawing);
  drawing = undefined;
  showList();
  if (!current) return;
  const follows = nearEnd();
  const height = $('scroller').scrollHeight;
  messages.show(current.entries(), { group: current.type !== 'DIRECT' });
  if (follows) {
    toEnd();
    noteRead();
  } else if ($('scroller').scrollHeight > height) $('latest').hidden = false;
}

function showList() {
  const list = [...conversations.values()].sort((a, b) => b.activity - a.activity);
  showConversations($('conversations'), list, { me, current: current?.id, onOpen: open });
  $('no-conversations').hidden = list.length > 0;
}

function open(id) {
  const conversation = conversations.get(id);
  $('app-view').dataset.pane = 'thread';
  if (conversation === current) return $('composer').focus();
  endTypingTopic();
  for (const user of [...typists.keys()]) stopTyping(user);
  current = conversation;
  conversation.unread = 0;
  const { name, hue } = titleOf(conversation, me);
  $('thread-title').textContent = name;
  paintAvatar($('thread-avatar'), name, hue);
  const others = conversation.members.map((user) => (user === me ? 'you' : person(user).name));
  $('thread-subtitle').textContent = conversation.type === 'DIRECT' ? 'Direct conversation' : others.join(', ');
  $('welcome').hidden = true;
  $('open').hidden = false;
  messages.clear();
  show();
  toEnd();
  // Live first, then the history: what arrives in between is then known from both, and shown once.
  follow(conversation);
  endTypingTopic = client.subscribe(`/topic/conversation/${id}/typing`, typingChanged);
  loadNewest(conversation).then(toEnd, (error) => complain(error.message));
  $('composer').focus();
}

let complaint;

function complain(message) {
  $('error').textContent = message;
  $('error').hidden = false;
  clearTimeout(complaint);
  complaint = setTimeout(() => ($('error').hidden = true), 6_000);
}

// ---- Wiring

async function create(users, title) {
  const type = users.length === 1 ? 'DIRECT' : 'GROUP';
  const body = { type, participantIds: [me, ...users] };
  if (type === 'GROUP' && title) body.title = title;
  const conversation = keep(await api('POST', '/api/conversations', body));
  open(conversation.id);
}

function atSubmit(form, action) {
  $(form).addEventListener('submit', (event) => {
    event.preventDefault();
    action();
  });
}

prepareDialog(create);
atSubmit('sign-in-form', () => signIn($('token').value.trim()));
atSubmit('composer-form', sendComposed);
$('sign-out').addEventListener('click', () => signOut());
$('new-conversation').addEventListener('click', () => openDialog(me));
$('back').addEventListener('click', () => delete $('app-view').dataset.pane);
$('latest').addEventListener('click', toEnd);
$('composer').addEventListener('input', composing);
$('composer').addEventListener('keydown', (event) => {
  // While an input method composes a character, Enter belongs to it.
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  sendComposed();
});
$('composer').addEventListener('paste', (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (files.length === 0) return;
  event.preventDefault();
  sendFiles(files);
});
$('attach').addEventListener('click', () => $('files').click());
$('files').addEventListener('change', () => {
  sendFiles([...$('files').files]);
  // The same file may be chosen again.
  $('files').value = '';
});
takeDropped($('open'), sendFiles);
$('scroller').addEventListener('scroll', () => {
  if (nearEnd()) $('latest').hidden = true;
  if ($('scroller').scrollTop < NEAR_PX) loadOlder();
});
document.addEventListener('visibilitychange', () => {
  if (document.hidden || !client) return;
  if (current) current.unread = 0;
  quietly(loadConversations());
});
window.addEventListener('online', () => client?.retryNow());
window.addEventListener('hashchange', () => {
  if (location.hash.includes('token=')) location.reload();
});
// A notice can be lost, so a visible page asks now and then.
setInterval(() => {
  if (client?.connected && !document.hidden) quietly(loadConversations());
}, LIST_EVERY_MS);

const found = tokenFromAddress();
if (found) signIn(found);
else showSignIn();
