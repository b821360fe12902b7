// URL and URLSearchParams of the URL Standard: the reference implementation, whatwg-url.
import { URL, URLSearchParams } from 'whatwg-url';
import { define, natives } from './natives.js';

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
