// Atomics.wait of a single thread: nobody can wake it, so it is a sleep for as long as the timeout says.
import { apply, define, natives } from './natives.js';
import { kinds } from '../kinds.js';

const { load } = Atomics;

define(Atomics, {
  wait(array, index, value, timeout = Infinity) {
    const name = natives.typedArrayName(array);
    if (name !== 'Int32Array' && name !== 'BigInt64Array') throw new TypeError('[object Array] is not an int32 or BigInt64 typed array.');
    if (natives.kind(array.buffer) !== kinds.SHARED_ARRAY_BUFFER) throw new TypeError('[object Int32Array] is not a shared typed array.');
    const found = apply(load, Atomics, [array, index]);
    const wanted = name === 'Int32Array' ? value | 0 : BigInt.asIntN(64, BigInt(value));
    timeout = +timeout;
    if (Number.isNaN(timeout)) timeout = Infinity;
    if (found !== wanted) return 'not-equal';
    if (timeout === Infinity) throw new Error('Atomics.wait would wait for ever: this sandbox has a single thread, and nobody can call Atomics.notify');
    natives.sleep(Math.max(timeout, 0));
    return 'timed-out';
  },
});
