// What Node's `fs` has in C++: over harness/natives_fs.c. Every call is made at once; one with a request (FSReqCallback, or
// kUsePromises) tells its outcome later, as the event loop would.
import { codecs, natives } from '../user/natives.js';
import { coded } from '../user/errors.js';
import { complete } from '../user/timers.js';

const { fs } = natives;
// Looked up late: Node's library needs this file while it is evaluated.
const library = {
  get Buffer() { return require('buffer').Buffer; },
  get validators() { return require('internal/validators'); },
  get UVException() { return require('internal/errors').UVException; },
};
const kUsePromises = Symbol('fs_use_promises_symbol');
const FIELDS = 18, MOST_AT_ONCE = 1 << 20;

/** A path as a program gave it: text, or bytes of it. */
const pathText = (path) => (typeof path === 'string' ? path : natives.decode(codecs.utf8, path, 0, path.length, false));
const named = (name, encoding) => (encoding === 'buffer' ? library.Buffer.from(name) : encoding && encoding !== 'utf8' ? library.Buffer.from(name).toString(encoding) : name);

class Failure {
  constructor(errno, paths) {
    this.errno = errno;
    [this.path, this.dest] = paths;
  }
}

function must(result, ...paths) {
  if (typeof result === 'number' && result < 0) throw new Failure(result, paths);
  return result;
}

/** Checks of arguments that are made in C++ too, and before anything is asked of the system. */
const checkFile = (file) => library.validators.validateInt32(file, 'fd', 0);
function checkMode(path, mode) {
  if (mode === undefined || mode === null) return;
  if (typeof mode !== 'number' || (mode | 0) !== mode) throw coded(TypeError, 'ERR_INVALID_ARG_TYPE', 'mode must be int32 or null/undefined');
  if (mode < 0 || mode > 7) throw coded(RangeError, 'ERR_OUT_OF_RANGE', 'mode is out of range: >= 0 && <= 7');
}
const checkCopy = (from, to, mode) => checkMode(from, mode);

/** Makes the function of the binding: `arity` arguments, then perhaps a request. */
function call(syscall, arity, work, check) {
  const attempt = (values) => {
    try {
      return work(...values);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const context = { errno: error.errno, syscall: error.syscall ?? syscall, code: undefined };
      if (error.path !== undefined) context.path = error.path;
      if (error.dest !== undefined) context.dest = error.dest;
      throw new library.UVException(context);
    }
  };
  return function (...values) {
    const request = values[arity];
    values.length = arity;
    if (check !== undefined) {
      if (request !== kUsePromises) check(...values);
      else try { check(...values); } catch (error) { return Promise.reject(error); }
    }
    if (request === undefined) return attempt(values);
    let error = null, result;
    try {
      result = attempt(values);
    } catch (caught) { error = caught; }
    if (request === kUsePromises)
      return new Promise((resolve, reject) => complete(() => (error === null ? resolve(result) : reject(error))));
    complete(() => (error === null ? (result === undefined ? request.oncomplete(null) : request.oncomplete(null, result)) : request.oncomplete(error)));
    return undefined;
  };
}

function statsOf(fill, big, ...paths) {
  const fields = new (big ? BigInt64Array : Float64Array)(FIELDS);
  must(fill(fields), ...paths);
  return fields;
}

const stat = (follow) => (path, big) => statsOf((fields) => fs.stat(pathText(path), follow, fields), big, path);
// Called at once it may be told not to throw where there is no such file.
const statCall = (syscall, follow) => {
  const plain = call(syscall, 2, stat(follow)), fields = new Float64Array(FIELDS);
  return function (path, big, request, throws) {
    if (request === undefined && throws === false && [-2, -20].includes(fs.stat(pathText(path), follow, fields))) return undefined;
    return plain(path, big, request);
  };
};
const fstat = (file, big) => statsOf((fields) => fs.fstat(file, fields), big);
const kindOf = (path) => {
  const fields = new Float64Array(FIELDS);
  return fs.stat(pathText(path), true, fields) < 0 ? -1 : (fields[1] & 0o170000) === 0o040000 ? 1 : 0;
};

const position = (value) => (value === null || value === undefined ? -1 : Number(value));

function transferAll(one, file, buffers, at) {
  let total = 0;
  at = position(at);
  for (const buffer of buffers) {
    const { length } = natives.view(buffer);
    const count = must(one(file, buffer, 0, length, at < 0 ? -1 : at + total));
    total += count;
    if (count < length) break;
  }
  return total;
}

function writeAll(file, bytes) {
  for (let at = 0; at < bytes.length;) at += must(fs.write(file, bytes, at, bytes.length - at, -1));
}

/** Reads a file from where it stands to its end. */
function readAll(file) {
  const chunks = [];
  for (let total = 0; ; ) {
    const size = fstat(file, false)[8] - total, chunk = library.Buffer.allocUnsafeSlow(Math.min(Math.max(size, 8192), MOST_AT_ONCE));
    const count = must(fs.read(file, chunk, 0, chunk.length, -1));
    if (count === 0) return chunks.length === 1 ? chunks[0] : library.Buffer.concat(chunks, total);
    total += count;
    chunks.push(chunk.subarray(0, count));
  }
}

function opened(path, flags, mode, use) {
  const file = typeof path === 'number' ? path : must(fs.open(pathText(path), flags, mode), path);
  try {
    return use(file);
  } catch (error) {
    if (error instanceof Failure) error.path = undefined; // it is about the descriptor
    throw error;
  } finally {
    if (file !== path) fs.close(file);
  }
}

/** The folders of a path that must be made are made; the first of them, if any. */
function makeFolders(path, mode) {
  const { dirname } = require('path'), missing = [];
  for (let at = pathText(path); ; at = dirname(at)) {
    const kind = kindOf(at);
    if (kind === 1) break;
    if (kind === 0) throw new Failure(missing.length ? -20 : -17, [path]);
    missing.push(at);
  }
  for (let i = missing.length - 1; i >= 0; i--) {
    const made = fs.mkdir(missing[i], mode);
    if (made !== -17) must(made, path); // a/../b makes `a` and comes by it again
  }
  return missing.at(-1);
}

function copy(from, to, mode) {
  const source = must(fs.open(pathText(from), 0, 0), from, to);
  try {
    const fields = fstat(source, false);
    if ((fields[1] & 0o170000) === 0o040000) throw new Failure(-21, [from, to]);
    const target = must(fs.open(pathText(to), 1 | 0o100 | (mode & 1 ? 0o200 : 0), fields[1] & 0o777), from, to);
    try {
      if (fstat(target, false)[7] === fields[7]) return; // to itself
      must(fs.ftruncate(target, 0));
      const chunk = library.Buffer.allocUnsafeSlow(65536);
      for (let count; (count = must(fs.read(source, chunk, 0, chunk.length, -1))) > 0;) writeAll(target, chunk.subarray(0, count));
    } finally {
      fs.close(target);
    }
  } finally {
    fs.close(source);
  }
}

/** By hand, as the guest's libc knows only the names that it was given. */
function realpath(path) {
  const { isAbsolute, join } = require('path');
  let rest = pathText(path).split('/'), done = isAbsolute(pathText(path)) ? '' : must(fs.cwd()), links = 0;
  if (pathText(path) === '') throw new Failure(-2, [path]);
  const fields = new Float64Array(FIELDS);
  while (rest.length > 0) {
    const name = rest.shift();
    if (name === '' || name === '.') continue;
    if (name === '..') {
      done = done.slice(0, Math.max(done.lastIndexOf('/'), 0));
      continue;
    }
    const at = `${done}/${name}`;
    must(fs.stat(at, false, fields), path);
    if ((fields[1] & 0o170000) !== 0o120000) {
      if (rest.some((part) => part !== '') && (fields[1] & 0o170000) !== 0o040000) throw new Failure(-20, [path]);
      done = at;
      continue;
    }
    if (++links > 40) throw new Failure(-40, [path]);
    const target = must(fs.readlink(at), path);
    if (isAbsolute(target)) done = '';
    rest = [...join(target).split('/'), ...rest];
  }
  return done === '' ? '/' : done;
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
function mkdtemp(prefix, encoding) {
  const bytes = new Uint8Array(6);
  for (;;) {
    natives.random(bytes);
    let path = pathText(prefix);
    for (let i = 0; i < 6; i++) path += letters[bytes[i] % letters.length];
    const made = fs.mkdir(path, 0o700);
    if (made !== -17) return must(made, `${pathText(prefix)}XXXXXX`), named(path, encoding);
  }
}

/** Names and types, in the order of libuv: by the bytes of the names. */
function entries(path) {
  const plain = must(fs.readdir(pathText(path)), path), found = [];
  for (let i = 0; i < plain.length; i += 2) found.push([plain[i], plain[i + 1]]);
  return found.sort(([a], [b]) => natives.bufferCompare(natives.encode(codecs.utf8, a), natives.encode(codecs.utf8, b)));
}

function readdir(path, encoding, withTypes) {
  const found = entries(path), names = found.map(([name]) => named(name, encoding));
  return withTypes ? [names, found.map(([, type]) => type)] : names;
}

/** Beside what onread is given: how many bytes it is, or an error. */
export const streamState = new Int32Array(5);

export class FSReqCallback {
  constructor(big) { this.big = big; }
}

class FileHandle {
  constructor(file) { this.fd = file; }
  getAsyncId() { return 1; }
  close() {
    const file = this.fd;
    this.fd = -1;
    return binding.close(file, kUsePromises);
  }
  // As a source of bytes, for readableWebStream.
  readStart() {
    if (this.reading) return 0;
    this.reading = true;
    const next = () => complete(() => {
      if (!this.reading) return;
      const chunk = new Uint8Array(65536), count = fs.read(this.fd, chunk, 0, chunk.length, -1);
      this.reading = count > 0;
      streamState[0] = count === 0 ? -4095 : count; // the end
      this.onread(count > 0 ? chunk.buffer.slice(0, count) : undefined);
      if (this.reading) next();
    });
    next();
    return 0;
  }
  readStop() {
    this.reading = false;
    return 0;
  }
  releaseFD() {
    const file = this.fd;
    this.fd = -1;
    return file;
  }
}

class StatWatcher {
  start() { return -38; }
  close() {}
  ref() {}
  unref() {}
}

const write = (file, bytes, offset, length, at) => must(fs.write(file, bytes, offset ?? 0, length ?? -1, position(at)));
const owner = (syscall) => call(syscall, 3, (path) => void (syscall === 'fchown' ? fstat(path, false) : stat(syscall !== 'lchown')(path, false)), syscall === 'fchown' ? checkFile : undefined);

export const binding = {
  kUsePromises, kFsStatsFieldsNumber: FIELDS, FSReqCallback, FileHandle, StatWatcher,
  statValues: new Float64Array(2 * FIELDS), bigintStatValues: new BigInt64Array(2 * FIELDS),
  access: call('access', 2, (path, mode) => void must(fs.access(pathText(path), mode), path), checkMode),
  existsSync: (path) => fs.access(pathText(path), 0) >= 0,
  open: call('open', 3, (path, flags, mode) => must(fs.open(pathText(path), flags, mode), path)),
  openFileHandle: call('open', 3, (path, flags, mode) => new FileHandle(must(fs.open(pathText(path), flags, mode), path))),
  close: call('close', 1, (file) => void must(fs.close(file)), checkFile),
  read: call('read', 5, (file, bytes, offset, length, at) => must(fs.read(file, bytes, offset, length, position(at)))),
  readBuffers: call('read', 3, (file, buffers, at) => transferAll(fs.read, file, buffers, at)),
  writeBuffer: call('write', 5, write),
  writeString: call('write', 4, (file, text, at, encoding) => write(file, library.Buffer.from(text, encoding), 0, -1, at)),
  writeBuffers: call('write', 3, (file, buffers, at) => transferAll(fs.write, file, buffers, at)),
  readFileUtf8: call('open', 2, (path, flags) => opened(path, flags, 0o666, (file) => {
    try {
      return readAll(file).utf8Slice();
    } catch (error) {
      if (error instanceof Failure) error.syscall = 'read';
      throw error;
    }
  })),
  writeFileUtf8: call('open', 4, (path, data, flags, mode) => opened(path, flags, mode, (file) => writeAll(file, library.Buffer.from(data)))),
  rename: call('rename', 2, (from, to) => void must(fs.rename(pathText(from), pathText(to)), from, to)),
  ftruncate: call('ftruncate', 2, (file, length) => void must(fs.ftruncate(file, length ?? 0)), checkFile),
  rmdir: call('rmdir', 1, (path) => void must(fs.rmdir(pathText(path)), path)),
  mkdir: call('mkdir', 3, (path, mode, recursive) => (recursive ? makeFolders(path, mode) : void must(fs.mkdir(pathText(path), mode), path))),
  mkdtemp: call('mkdtemp', 2, mkdtemp),
  readdir: call('scandir', 3, readdir),
  internalModuleStat: (...values) => kindOf(values.find((value) => typeof value !== 'object')),
  fstat: call('fstat', 2, fstat, checkFile),
  lstat: statCall('lstat', false),
  stat: statCall('stat', true),
  statfs: call('statfs', 2, (path, big) => {
    stat(true)(path, false);
    return big ? new BigInt64Array(7) : new Float64Array(7);
  }),
  readlink: call('readlink', 2, (path, encoding) => named(must(fs.readlink(pathText(path)), path), encoding)),
  symlink: call('symlink', 3, (target, path) => void must(fs.symlink(pathText(target), pathText(path)), target, path)),
  link: call('link', 2, (from, to) => void must(fs.link(pathText(from), pathText(to)), from, to)),
  unlink: call('unlink', 1, (path) => void must(fs.unlink(pathText(path)), path)),
  chmod: call('chmod', 2, (path, mode) => void must(fs.chmod(pathText(path), mode), path)),
  fchmod: call('fchmod', 2, (file, mode) => void must(fs.fchmod(file, mode)), checkFile),
  chown: owner('chown'), lchown: owner('lchown'), fchown: owner('fchown'), // there is one user only
  utimes: call('utime', 3, (path, accessed, modified) => void must(fs.utimes(pathText(path), accessed, modified, true), path)),
  lutimes: call('lutime', 3, (path, accessed, modified) => void must(fs.utimes(pathText(path), accessed, modified, false), path)),
  futimes: call('futime', 3, (file, accessed, modified) => void must(fs.futimes(file, accessed, modified)), checkFile),
  fsync: call('fsync', 1, (file) => void fstat(file, false), checkFile),
  fdatasync: call('fdatasync', 1, (file) => void fstat(file, false), checkFile),
  realpath: call('realpath', 2, (path, encoding) => named(realpath(path), encoding)),
  copyFile: call('copyfile', 3, copy, checkCopy),
};

class DirHandle {
  constructor(path) { this.path = path; }
  read(encoding, count, request) {
    return call('scandir', 0, () => {
      this.entries ??= entries(this.path);
      const part = this.entries.splice(0, count);
      return part.length === 0 ? null : part.flatMap(([name, type]) => [named(name, encoding), type]);
    })(request);
  }
  close(request) { return call('closedir', 0, () => {})(request); }
}
const opendir = call('opendir', 2, (path) => {
  if (kindOf(path) === 0) throw new Failure(-20, [path]);
  stat(true)(path, false);
  return new DirHandle(path);
});

export const dirBinding = { opendir, opendirSync: (path) => opendir(path) };

/** Nothing changes files but the program itself: there is nothing to watch. */
export class FSEvent {
  get initialized() { return false; }
  start() { return -38; }
  close() {}
  ref() {}
  unref() {}
  getAsyncId() { return 1; }
}
