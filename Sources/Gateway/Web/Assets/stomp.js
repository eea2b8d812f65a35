// A small STOMP 1.2 client over WebSocket: frames in and out, receipts as promises, heart-beats, and reconnecting.
// https://stomp.github.io/stomp-specification-1.2.html

const HEARTBEAT_MS = 10_000;
// The peer's clock and the network get this much more than it promised before it counts as gone.
const HEARTBEAT_LENIENCY = 2.5;
const CONNECT_TIMEOUT_MS = 10_000;
const RECEIPT_TIMEOUT_MS = 15_000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
// A connection that lasted this long proves the server well: the next failure starts again at the shortest delay.
const PROVEN_AFTER_MS = 10_000;
// Close codes that a new attempt with the same token can't get past.
const FINAL_CODES = new Set([4401, 4403]);

const utf8 = new TextEncoder();
const text = new TextDecoder();
const LF = 10;
const CR = 13;
const NUL = 0;

const ESCAPES = { '\\': '\\\\', '\r': '\\r', '\n': '\\n', ':': '\\c' };
const UNESCAPES = { '\\\\': '\\', '\\r': '\r', '\\n': '\n', '\\c': ':' };

function escapeHeader(value) {
  return String(value).replace(/[\\\r\n:]/g, (character) => ESCAPES[character]);
}

function unescapeHeader(value) {
  return value.replace(/\\[\s\S]?/g, (pair) => {
    // The specification makes an undefined escape fatal, so that no two peers read a header differently.
    if (!(pair in UNESCAPES)) throw new Error(`undefined escape in a STOMP header: ${pair}`);
    return UNESCAPES[pair];
  });
}

/** The text of one frame, its closing NUL included. A body always gets its length, in bytes. */
export function encode(command, headers = {}, body = '') {
  // CONNECT escapes nothing, because a 1.0 server would take the backslashes literally.
  const quote = command === 'CONNECT' ? String : escapeHeader;
  const lines = [command];
  for (const [name, value] of Object.entries(headers)) lines.push(`${quote(name)}:${quote(value)}`);
  if (body !== '') lines.push(`content-length:${utf8.encode(body).length}`);
  return `${lines.join('\n')}\n\n${body}\0`;
}

/** All frames in one WebSocket message; line feeds between them are heart-beats. Throws on a broken frame. */
export function decode(data) {
  const bytes = typeof data === 'string' ? utf8.encode(data) : new Uint8Array(data);
  const frames = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] === LF || bytes[at] === CR) {
      at += 1;
      continue;
    }
    const frame = decodeOne(bytes, at);
    frames.push(frame);
    at = frame.end;
  }
  return frames;
}

function decodeOne(bytes, start) {
  let at = start;
  const line = () => {
    const end = bytes.indexOf(LF, at);
    if (end < 0) throw new Error('a STOMP frame ends inside its headers');
    const content = text.decode(bytes.subarray(at, bytes[end - 1] === CR ? end - 1 : end));
    at = end + 1;
    return content;
  };
  const command = line();
  const unquote = command === 'CONNECTED' ? String : unescapeHeader;
  const headers = {};
  for (let header = line(); header !== ''; header = line()) {
    const colon = header.indexOf(':');
    if (colon < 0) throw new Error('a STOMP header without a colon');
    const name = unquote(header.slice(0, colon));
    // Of a repeated header the first one counts.
    if (!Object.hasOwn(headers, name)) headers[name] = unquote(header.slice(colon + 1));
  }
  const length = headers['content-length'];
  const end = length === undefined ? bytes.indexOf(NUL, at) : at + Number(length);
  if (end < at || bytes[end] !== NUL) throw new Error('a STOMP frame without its closing NUL');
  return { command, headers, body: text.decode(bytes.subarray(at, end)), end: end + 1 };
}

/** Why a frame got no receipt: `lost` (the connection ended), `timeout`, or the server's own code. */
export class StompError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * Keeps one connection up until `stop` is called. Subscriptions survive a reconnect; frames sent meanwhile don't: their
 * promises are rejected with `lost`, and the caller knows whether repeating them is safe.
 *
 * `onState(state, detail)` hears `connecting`, `connected`, `waiting` (detail: milliseconds) and `refused` (detail: the
 * close code, or 0 when the handshake failed, whose status a browser doesn't tell).
 */
export class StompClient {
  #url; #protocols; #onState; #onError;
  #socket = null;
  #connected = false;
  #stopped = true;
  #attempts = 0;
  #retryTimer; #connectTimer; #outTimer; #inTimer;
  #lastHeard = 0;
  #counter = 0;
  #receipts = new Map();
  #subscriptions = new Map();

  constructor({ url, protocols, onState, onError }) {
    this.#url = url;
    this.#protocols = protocols;
    this.#onState = onState;
    this.#onError = onError;
  }

  get connected() {
    return this.#connected;
  }

  start() {
    this.#stopped = false;
    this.#open();
  }

  /** Ends the connection politely and for good. */
  stop() {
    this.#stopped = true;
    if (this.#connected) this.#write(encode('DISCONNECT'));
    clearTimeout(this.#retryTimer);
    this.#drop();
  }

  /** Cuts the wait for the next attempt short, for example when the network came back. */
  retryNow() {
    if (this.#stopped || this.#socket) return;
    this.#open();
  }

  /**
   * Subscribes now and after every reconnect. `headers()` is asked each time, so that a position can be named;
   * `onReceipt(headers, again)` follows each time the server has confirmed it. Returns a function that ends it.
   */
  subscribe(destination, onMessage, { headers = () => ({}), onReceipt = () => {} } = {}) {
    const id = `s${(this.#counter += 1)}`;
    const subscription = { id, destination, onMessage, headers, onReceipt, again: false };
    this.#subscriptions.set(id, subscription);
    if (this.#connected) this.#subscribe(subscription);
    return () => {
      if (this.#subscriptions.delete(id) && this.#connected) this.#write(encode('UNSUBSCRIBE', { id }));
    };
  }

  /** Sends JSON and resolves with the headers of its receipt. */
  send(destination, value) {
    if (!this.#connected) return Promise.reject(new StompError('lost', 'not connected'));
    const headers = { destination, 'content-type': 'application/json' };
    return this.#withReceipt('SEND', headers, JSON.stringify(value));
  }

  /** Sends JSON and doesn't want to know: for what is worth nothing a moment later. */
  sendAndForget(destination, value) {
    if (!this.#connected) return;
    this.#write(encode('SEND', { destination, 'content-type': 'application/json' }, JSON.stringify(value)));
  }

  /** Tells the sender of a frame that the server refused it: a refused frame never gets its receipt. */
  reject(receipt, error) {
    this.#settle(receipt)?.reject(error);
  }

  #subscribe(subscription) {
    const again = subscription.again;
    subscription.again = true;
    const headers = { id: subscription.id, destination: subscription.destination, ...subscription.headers() };
    this.#withReceipt('SUBSCRIBE', headers, '').then(
      (receipt) => subscription.onReceipt(receipt, again),
      // A lost connection subscribes again by itself; a refusal is told on the errors queue.
      () => {},
    );
  }

  #withReceipt(command, headers, body) {
    const receipt = `r${(this.#counter += 1)}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.reject(receipt, new StompError('timeout', 'The server did not answer in time.')),
        RECEIPT_TIMEOUT_MS,
      );
      this.#receipts.set(receipt, { resolve, reject, timer });
      this.#write(encode(command, { ...headers, receipt }, body));
    });
  }

  #settle(receipt) {
    const waiting = this.#receipts.get(receipt);
    if (!waiting) return undefined;
    clearTimeout(waiting.timer);
    this.#receipts.delete(receipt);
    return waiting;
  }

  #open() {
    clearTimeout(this.#retryTimer);
    this.#onState('connecting');
    const socket = new WebSocket(this.#url, this.#protocols());
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    let opened = false;
    this.#connectTimer = setTimeout(() => this.#lose(socket, 0, true), CONNECT_TIMEOUT_MS);
    socket.onopen = () => {
      opened = true;
      const beats = `${HEARTBEAT_MS},${HEARTBEAT_MS}`;
      socket.send(encode('CONNECT', { 'accept-version': '1.2', host: location.host, 'heart-beat': beats }));
    };
    socket.onmessage = (event) => this.#receive(socket, event.data);
    socket.onclose = (event) => this.#lose(socket, event.code, opened);
  }

  #receive(socket, data) {
    if (socket !== this.#socket) return;
    this.#lastHeard = Date.now();
    let frames;
    try {
      frames = decode(data);
    } catch (error) {
      this.#onError({ code: 'protocol', message: error.message });
      this.#lose(socket, 1002, true);
      return;
    }
    for (const frame of frames) this.#handle(frame);
  }

  #handle({ command, headers, body }) {
    if (command === 'MESSAGE') {
      this.#subscriptions.get(headers.subscription)?.onMessage(JSON.parse(body), headers);
    } else if (command === 'RECEIPT') {
      this.#settle(headers['receipt-id'])?.resolve(headers);
    } else if (command === 'CONNECTED') {
      this.#welcome(headers);
    } else if (command === 'ERROR') {
      this.#onError({ code: 'protocol', message: headers.message ?? body });
    }
  }

  #welcome(headers) {
    clearTimeout(this.#connectTimer);
    this.#connected = true;
    const since = Date.now();
    const [theirs = 0, wanted = 0] = (headers['heart-beat'] ?? '0,0').split(',').map(Number);
    if (wanted > 0) {
      this.#outTimer = setInterval(() => this.#write('\n'), Math.max(wanted, HEARTBEAT_MS) * 0.9);
    }
    const patience = Math.max(theirs, HEARTBEAT_MS) * HEARTBEAT_LENIENCY;
    this.#inTimer = setInterval(() => {
      if (Date.now() - since > PROVEN_AFTER_MS) this.#attempts = 0;
      if (theirs > 0 && Date.now() - this.#lastHeard > patience) this.#lose(this.#socket, 4408, true);
    }, HEARTBEAT_MS / 2);
    for (const subscription of this.#subscriptions.values()) this.#subscribe(subscription);
    this.#onState('connected');
  }

  #write(data) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(data);
  }

  // Forgets the socket first, so that nothing it still says is taken for its successor's.
  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    this.#connected = false;
    clearTimeout(this.#connectTimer);
    clearInterval(this.#outTimer);
    clearInterval(this.#inTimer);
    socket?.close();
    for (const receipt of [...this.#receipts.keys()]) {
      this.reject(receipt, new StompError('lost', 'The connection was lost.'));
    }
  }

  #lose(socket, code, opened) {
    if (socket !== this.#socket) return;
    this.#drop();
    if (this.#stopped) return;
    if (FINAL_CODES.has(code)) {
      this.#stopped = true;
      this.#onState('refused', code);
      return;
    }
    // Full jitter over the upper half: the clients of a node that died must not come back in the same second.
    const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#attempts);
    const delay = longest / 2 + Math.random() * (longest / 2);
    this.#attempts = Math.min(this.#attempts + 1, 16);
    this.#retryTimer = setTimeout(() => this.#open(), delay);
    this.#onState('waiting', delay);
    if (!opened) this.#onState('refused', 0);
  }
}
