// URL and URLSearchParams of the URL Standard: the reference implementation, whatwg-url.
import { URL as Base, URLSearchParams } from 'whatwg-url';
import { define, natives } from './natives.js';
import { coded, wrongType } from './errors.js';
import { blob as objects } from '../node/binding_blob.js';

// With the error of Node.
class URL extends Base {
  constructor(url, ...base) {
    try {
      super(url, ...base);
    } catch (error) {
      error.message = error.message.startsWith('Invalid') ? 'Invalid URL' : error.message;
      error.code = 'ERR_INVALID_URL';
      error.input = `${url}`;
      throw error;
    }
  }
  static parse(url, ...base) { return Base.canParse(url, ...base) ? new URL(url, ...base) : null; }
  static createObjectURL(blob) {
    const { isBlob, kHandle } = require('internal/blob');
    if (!isBlob(blob)) throw wrongType('obj', 'an instance of Blob', blob);
    const id = crypto.randomUUID();
    objects.storeDataObject(id, blob[kHandle], blob.size, blob.type);
    return `blob:nodedata:${id}`;
  }
  static revokeObjectURL(url) {
    if (arguments.length === 0) throw coded(TypeError, 'ERR_MISSING_ARGS', 'The "url" argument must be specified');
    objects.revokeObjectURL(`${url}`);
  }
}

const custom = Symbol.for('nodejs.util.inspect.custom');
const parts = ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'searchParams', 'hash'];

// Shown as Node shows them.
Object.defineProperty(URL.prototype, custom, {
  value(depth, options) {
    if (typeof depth === 'number' && depth < 0) return this.toString();
    const shown = {};
    for (const part of parts) shown[part] = this[part];
    return `${this.constructor.name} ${natives.inside.inspect(shown, options)}`;
  },
  writable: true, configurable: true,
});
Object.defineProperty(URLSearchParams.prototype, custom, {
  value(depth, options) {
    const entries = [...this].map(([name, value]) => `${natives.inside.inspect(name, options)} => ${natives.inside.inspect(value, options)}`);
    return `URLSearchParams ${entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`}`;
  },
  writable: true, configurable: true,
});

for (const constructor of [URL, URLSearchParams]) // the bundler may have renamed them
  Object.defineProperty(constructor, 'name', { value: constructor === URL ? 'URL' : 'URLSearchParams', configurable: true });
define(globalThis, { URL, URLSearchParams });

export { URL, URLSearchParams };
