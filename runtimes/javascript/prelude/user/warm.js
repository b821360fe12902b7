// Runs once, before the snapshot: walks everything a program can reach, so that QuickJS makes its lazily made built-ins
// now and not in every execution, and takes the common paths once.
import { restoreName } from './names.js';
import { warmIntl } from './warm_intl.js';

export function warm(roots) {
  const seen = new Set();
  const visit = (value) => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
    seen.add(value);
    for (const key of Reflect.ownKeys(value)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(value, key);
      restoreName(key, descriptor.value);
      visit(descriptor.value);
      visit(descriptor.get);
      visit(descriptor.set);
    }
    visit(Object.getPrototypeOf(value));
  };
  visit(globalThis);
  roots.forEach(visit);
  for (const value of [[][Symbol.iterator](), new Map().entries(), new Set().values(), ''[Symbol.iterator](), 'a'.matchAll(/a/g),
    (function* () {})(), (async function* () {})(), async () => {}, Iterator.from([]).map((x) => x)]) visit(value);
  warmIntl();
}
