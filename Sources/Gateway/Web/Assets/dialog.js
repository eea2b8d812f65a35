// The dialog that starts a conversation: one person makes a DIRECT one, several make a GROUP.

import { PEOPLE, paintAvatar } from './view.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const $ = (id) => document.getElementById(id);
const chosen = new Set();
let create;

/** Wires the dialog; `onCreate(userIds, title)` makes the conversation and throws what the person should read. */
export function prepareDialog(onCreate) {
  create = onCreate;
  $('cancel').addEventListener('click', () => $('dialog').close());
  $('other-user').addEventListener('input', showChoice);
  $('dialog-form').addEventListener('submit', (event) => {
    event.preventDefault();
    finish();
  });
}

export function openDialog(me) {
  chosen.clear();
  $('dialog-form').reset();
  $('dialog-problem').textContent = '';
  const others = [...PEOPLE].filter(([id]) => id !== me);
  $('people').replaceChildren(...others.map(([id, { name, hue }]) => personButton(id, name, hue)));
  showChoice();
  $('dialog').showModal();
}

function personButton(id, name, hue) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'person';
  button.dataset.testid = `person-${name.toLowerCase()}`;
  button.setAttribute('aria-pressed', 'false');
  const picture = document.createElement('span');
  picture.className = 'avatar';
  picture.setAttribute('aria-hidden', 'true');
  paintAvatar(picture, name, hue);
  button.append(picture, name);
  button.addEventListener('click', () => {
    if (!chosen.delete(id)) chosen.add(id);
    button.setAttribute('aria-pressed', String(chosen.has(id)));
    showChoice();
  });
  return button;
}

function typedUser() {
  return $('other-user').value.trim().toLowerCase();
}

function showChoice() {
  const count = chosen.size + (typedUser() ? 1 : 0);
  $('title-field').hidden = count < 2;
  $('create').textContent = count < 2 ? 'Start chat' : 'Create group';
  $('create').disabled = count === 0;
}

async function finish() {
  const typed = typedUser();
  if (typed && !UUID.test(typed)) {
    $('dialog-problem').textContent = 'A user id is a UUID: 32 hexadecimal digits with four hyphens.';
    return;
  }
  const users = new Set(chosen);
  if (typed) users.add(typed);
  $('create').disabled = true;
  try {
    await create([...users], $('group-title').value.trim());
    $('dialog').close();
  } catch (error) {
    $('dialog-problem').textContent = error.message;
  } finally {
    $('create').disabled = false;
  }
}
