// Blob's C++: bytes in memory, in parts. A part is a Uint8Array or another blob's handle.
import { binding as files } from './binding_fs.js';
import { natives } from '../user/natives.js';
import { sharedClasses } from './binding_symbols.js';

const MOST_AT_ONCE = 65536;
const stored = new Map(); // what URL.createObjectURL named

function joined(parts, length) {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    const piece = part instanceof BlobHandle ? part.bytes : natives.view(part);
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

class BlobHandle {
  constructor(bytes) {
    if (bytes !== undefined) this.bytes = bytes;
  }
  slice(start, end) { return new BlobHandle(this.bytes.subarray(start, end)); }
  getReader() {
    let at = 0;
    const { bytes } = this;
    return {
      pull(callback) {
        if (at >= bytes.length) return callback(0, undefined);
        const end = Math.min(at + MOST_AT_ONCE, bytes.length), part = bytes.slice(at, end).buffer;
        at = end;
        return callback(1, part);
      },
    };
  }
}

class FileBlob extends BlobHandle {
  constructor(path, start, end, known) {
    super();
    Object.assign(this, { path, start, end, known });
  }
  get bytes() { return natives.readFile(this.path).subarray(this.start, this.end); }
  slice(start, end) { return new FileBlob(this.path, this.start + start, Math.min(this.start + end, this.end), this.known); }
  getReader() {
    let inner;
    return {
      pull: (callback) => {
        try {
          const now = files.stat(this.path, false);
          if (now[8] !== this.known[8] || now[12] !== this.known[12] || now[13] !== this.known[13]) return callback(-1);
          inner ??= new BlobHandle(this.bytes).getReader();
        } catch { return callback(-1); }
        return inner.pull(callback);
      },
    };
  }
}

sharedClasses.push(BlobHandle);

export const blob = {
  createBlob: (parts, length) => new BlobHandle(joined(parts, length)),
  createBlobFromFilePath(path) {
    try {
      const known = files.stat(path, false);
      return [new FileBlob(path, 0, known[8], known), known[8]];
    } catch { return undefined; }
  },
  concat(parts) {
    let length = 0;
    for (const part of parts) length += part.byteLength;
    return joined(parts, length).buffer;
  },
  getDataObject: (id) => stored.get(id),
  storeDataObject(id, handle, length, type) { stored.set(id, [handle, length, type]); },
  revokeObjectURL(url) {
    const id = /^blob:nodedata:(.+)$/.exec(url)?.[1];
    if (id !== undefined) stored.delete(id);
  },
};
