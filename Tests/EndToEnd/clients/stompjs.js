// The old stomp.js on Debian's node-ws: node stompjs.js STOMP.JS URL TOKEN CONVERSATION. Says what it saw as one line of JSON.
const WebSocket = require('/usr/share/nodejs/ws');
const [library, url, token, conversation] = process.argv.slice(2);
const { Stomp } = require(library);

Stomp.setInterval = (interval, f) => setInterval(f, interval);
Stomp.clearInterval = (id) => clearInterval(id);

const socket = new WebSocket(url, ['v12.stomp', 'v11.stomp', 'v10.stomp', 'bearer.' + token]);
const client = Stomp.over(socket);
client.debug = () => {};
client.heartbeat.outgoing = client.heartbeat.incoming = 3000;
const seen = { subprotocol: null, contents: [], acks: [], receipts: 0 };
const text = 'grüße, 世界 😀 \\ : \n end';

function finish(code) {
  console.log(JSON.stringify(seen));
  process.exit(code);
}

setTimeout(() => finish(2), 15000);

client.connect({}, () => {
  seen.subprotocol = socket.protocol;
  client.onreceipt = () => { seen.receipts += 1; };
  client.subscribe('/user/queue/acks', (frame) => seen.acks.push(JSON.parse(frame.body).clientMessageId));
  client.subscribe(`/topic/conversation/${conversation}`, (frame) => {
    seen.contents.push(JSON.parse(frame.body).content);
    frame.ack();
    if (seen.contents.length === 3) client.disconnect(() => finish(0), { receipt: 'bye' });
  }, { ack: 'client' });
  const send = (content, id, headers) => client.send('/app/chat.send', headers,
    JSON.stringify({ conversationId: conversation, content, clientMessageId: id }));
  send(text, 'one', { receipt: 'r1' });
  const transaction = client.begin();
  send('in a transaction', 'two', { transaction: transaction.id });
  transaction.commit();
  send('x'.repeat(3000), 'three', {});
}, (error) => { seen.error = String(error.body || error); finish(1); });
