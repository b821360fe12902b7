// `ampoule`: the files of an execution, which live in the guest's own memory. Input files are below the working
// directory; what is written below out/ comes back with the result.
import { Buffer } from './buffer.js';
import { codecs, define, natives } from './natives.js';

function check(path) {
  if (typeof path !== 'string' || path === '') throw new TypeError('a path must be a string that is not empty');
  return path;
}

function fail(what, path, number) {
  const error = new Error(`${what} '${path}': ${natives.errorText(number)}`);
  error.path = path;
  throw error;
}

function bytesOf(data) {
  if (typeof data === 'string') return natives.encode(codecs.utf8, data);
  const view = natives.view(data);
  if (view === undefined) throw new TypeError('data must be a string, a Buffer, a typed array or an ArrayBuffer');
  return view;
}

function list(folder, below, found) {
  const names = natives.listFolder(folder);
  if (typeof names === 'number') fail('cannot list', folder, names);
  for (let i = 0; i < names.length; i += 2) {
    if (names[i + 1]) list(`${folder}/${names[i]}`, `${below}${names[i]}/`, found);
    else found[found.length] = below + names[i];
  }
  return found;
}

export const ampoule = {
  /** The file's content: a Buffer, or text if an encoding ('utf8', 'latin1', 'base64', …) is given. 0 is what is left of stdin. */
  readFile(path, encoding) {
    if (path === 0) path = '/dev/stdin';
    const bytes = natives.readFile(check(path));
    if (typeof bytes === 'number') fail('cannot read', path, bytes);
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (typeof encoding === 'object' && encoding !== null) encoding = encoding.encoding;
    return encoding === undefined || encoding === null ? buffer : buffer.toString(encoding);
  },
  /** Writes a whole file, making the folders on the way. */
  writeFile(path, data) {
    const failed = natives.writeFile(check(path), bytesOf(data), false);
    if (failed !== undefined) fail('cannot write', path, failed);
  },
  appendFile(path, data) {
    const failed = natives.writeFile(check(path), bytesOf(data), true);
    if (failed !== undefined) fail('cannot write', path, failed);
  },
  removeFile(path) {
    const failed = natives.removeFile(check(path));
    if (failed !== undefined) fail('cannot remove', path, failed);
  },
  /** Paths of all files below a folder, relative to it, sorted. */
  listFiles(folder = '.') { return list(check(folder), '', []).sort(); },
};

define(globalThis, { ampoule });
