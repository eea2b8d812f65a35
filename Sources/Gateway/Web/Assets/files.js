// Files on their way to the server, and how they look in a message.

const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);
/** The most room that a picture takes, in pixels. */
const ROOM = { width: 360, height: 300 };
/** Where the size of a picture isn't known, it gets this room. */
const UNKNOWN = { width: 240, height: 180 };

/** Uploads a file. The same `key` may be used again when it failed: the server stores one file for it. */
export class Upload {
  #request = new XMLHttpRequest();

  // fetch tells nothing of what it has sent.
  start(file, { conversation, key, token, onProgress }) {
    const request = this.#request;
    const query = new URLSearchParams({ conversationId: conversation, fileName: file.name });
    return new Promise((resolve, reject) => {
      request.upload.addEventListener('progress', (event) => {
        if (event.lengthComputable && event.total) onProgress(event.loaded / event.total);
      });
      request.addEventListener('load', () => {
        if (request.status === 201) resolve(request.response);
        else reject(Object.assign(new Error(troubleOf(request)), { status: request.status }));
      });
      request.addEventListener('error', () => reject(new Error('The connection broke off.')));
      request.addEventListener('abort', () => reject(Object.assign(new Error('Cancelled.'), { cancelled: true })));
      request.open('POST', `/api/files?${query}`);
      request.responseType = 'json';
      request.setRequestHeader('authorization', `Bearer ${token}`);
      request.setRequestHeader('content-type', file.type || 'application/octet-stream');
      request.setRequestHeader('idempotency-key', key);
      request.send(file);
    });
  }

  cancel() {
    this.#request.abort();
  }
}

function troubleOf({ status, response }) {
  switch (response?.code) {
    case 'file-too-large': return 'The file is too large for this server.';
    case 'quota-exceeded': return 'There is no room left for your files. Delete some first.';
    default:
  }
  if (status === 413) return 'The file is too large.';
  return response?.detail ?? `The server answered ${status}.`;
}

export function isPicture(file) {
  return PICTURES.has(file.fileType) && file.fileId !== undefined;
}

/** A number of bytes for people. */
export function sizeText(bytes) {
  let [value, unit] = [bytes, 'bytes'];
  for (const larger of ['KB', 'MB', 'GB']) {
    if (value < 1000) break;
    [value, unit] = [value / 1000, larger];
  }
  return `${unit === 'bytes' ? value : value.toFixed(1)} ${unit}`;
}

/** How large a picture is shown; it has this room before it is there, so that nothing jumps. */
export function roomOf({ width, height }) {
  if (!width || !height) return UNKNOWN;
  const scale = Math.min(1, ROOM.width / width, ROOM.height / height);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

// A link is asked for when its picture comes near: a long history has many.
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    target.dispatchEvent(new Event('near'));
  }
}, { rootMargin: '400px' });

/** The element for a message's file; `onLink` gives an address that needs no token. */
export function fileElement(file, onLink) {
  return isPicture(file) ? picture(file, onLink) : card(file, onLink);
}

function picture(file, onLink) {
  const made = document.createElement('img');
  made.className = 'picture';
  made.dataset.testid = 'picture';
  made.alt = file.fileName;
  Object.assign(made, roomOf(file));
  made.addEventListener('near', () => onLink(file).then((url) => (made.src = url), () => {}));
  made.addEventListener('click', () => save(file, onLink));
  seen.observe(made);
  return made;
}

function card(file, onLink) {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = 'file';
  made.dataset.testid = 'file';
  const name = document.createElement('strong');
  name.textContent = file.fileName;
  const about = document.createElement('span');
  about.textContent = [sizeText(file.fileSize), file.fileType].filter(Boolean).join(' · ');
  made.append(name, about);
  made.disabled = file.fileId === undefined;
  made.addEventListener('click', () => save(file, onLink));
  return made;
}

async function save(file, onLink) {
  const link = document.createElement('a');
  try {
    link.href = await onLink(file);
  } catch {
    return;
  }
  link.download = file.fileName;
  link.click();
}

/** Calls `onFiles` with what is dropped on `place`, which is marked meanwhile. */
export function takeDropped(place, onFiles) {
  const holdsFiles = (event) => event.dataTransfer?.types.includes('Files');
  place.addEventListener('dragover', (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    place.dataset.drop = 'true';
  });
  place.addEventListener('dragleave', (event) => {
    if (!place.contains(event.relatedTarget)) delete place.dataset.drop;
  });
  place.addEventListener('drop', (event) => {
    delete place.dataset.drop;
    if (!holdsFiles(event)) return;
    event.preventDefault();
    onFiles([...event.dataTransfer.files]);
  });
}
