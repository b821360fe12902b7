// Timers, immediates and ticks: one queue of timers, ordered by due time and then by creation, as in Node. The harness
// calls runTimer when there is no promise job left, and sleeps for as long as it says (harness/loop.c).
import { apply, define, natives } from './natives.js';
import { wrap } from './context.js';
import { wrongType } from './errors.js';

const heap = [];        // of entries, the earliest first
let immediates = [];
let heldImmediates = 0; // that have not run, but for those that are unref'd
let ticks = [];
let tickAt = 0;
let sequence = 0;
let now = 0;            // of the loop: never behind a timer that has run, even if the clock stands still
let holding = 0;        // live timers that keep the program going: all but those that are unref'd
const active = { __proto__: null }; // entries by the number of their timer

const before = (a, b) => a.due < b.due || (a.due === b.due && a.order < b.order);

function push(entry) {
  let i = heap.length;
  heap[i] = entry;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (!before(entry, heap[parent])) break;
    heap[i] = heap[parent];
    i = parent;
  }
  heap[i] = entry;
}

function pop() {
  const first = heap[0], last = heap[heap.length - 1];
  const count = --heap.length;
  if (count === 0) return first;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= count) break;
    if (child + 1 < count && before(heap[child + 1], heap[child])) child++;
    if (!before(heap[child], last)) break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = last;
  return first;
}

function clock() {
  const time = natives.milliseconds(1);
  return time > now ? (now = time) : now;
}

// An interval keeps its beat through the delays of a busy machine, so that the order of timers does not depend on them;
// when it is this many milliseconds late, it starts over.
const NOISE = 1000;

function schedule(entry, beat) {
  if (!entry.live && entry.holds) holding++;
  entry.live = true;
  const time = clock();
  entry.due = (beat !== undefined && time - beat < NOISE ? beat : time) + entry.delay;
  entry.order = ++sequence;
  push(entry);
}

function cancel(entry) {
  if (entry.live && entry.holds) holding--;
  entry.live = false;
  delete active[entry.id];
}

function hold(entry, holds) {
  if (entry.live && entry.holds !== holds) holding += holds ? 1 : -1;
  entry.holds = holds;
}

export class Timeout {
  #entry;
  constructor(entry) { this.#entry = entry; }
  static { entryOf = (value) => (#entry in value ? value.#entry : undefined); }
  ref() { return #entry in this && hold(this.#entry, true), this; }
  unref() { return #entry in this && hold(this.#entry, false), this; }
  hasRef() { return this.#entry.holds; }
  get _destroyed() { return !this.#entry.live; }
  get _idleTimeout() { return this.#entry.live ? this.#entry.delay : -1; }
  get _repeat() { return this.#entry.repeats ? this.#entry.delay : null; }
  set _repeat(delay) {
    this.#entry.repeats = Boolean(delay);
    if (delay) this.#entry.delay = delay;
  }
  // Also of one that has run; not of one that was cleared.
  refresh() {
    const old = this.#entry;
    if (!old.cleared) {
      if (old.live) cancel(old); // its place in the heap is given up
      schedule(this.#entry = active[old.id] = { ...old });
    }
    return this;
  }
  close() {
    clear(this);
    return this;
  }
  [Symbol.toPrimitive]() { return this.#entry.id; }
  [Symbol.dispose]() { clear(this); }
}
let entryOf;

export class Immediate {
  #entry;
  constructor(entry) { this.#entry = entry; }
  static { immediateOf = (value) => (#entry in value ? value.#entry : undefined); }
  ref() { return this.#hold(true); }
  unref() { return this.#hold(false); }
  hasRef() { return this.#entry.holds; }
  get _destroyed() { return !this.#entry.live; }
  #hold(holds) {
    const entry = this.#entry;
    if (entry.live && entry.holds !== holds) heldImmediates += holds ? 1 : -1;
    entry.holds = holds;
    return this;
  }
  [Symbol.dispose]() { dropImmediate(this.#entry); }
}
let immediateOf;

function dropImmediate(entry) {
  if (entry.live && entry.holds) heldImmediates--;
  entry.live = false;
}

function check(callback) {
  if (typeof callback !== 'function') throw wrongType('callback', 'of type function', callback);
}

function start(callback, delay, values, repeats) {
  check(callback);
  delay = +delay;
  if (!(delay >= 1 && delay <= 2147483647)) delay = 1;
  const entry = { callback: wrap(callback), delay: delay - (delay % 1), values, repeats, id: sequence + 1, timer: undefined, live: false, holds: true, cleared: false };
  const timer = entry.timer = new Timeout(entry);
  schedule(entry);
  active[entry.id] = entry;
  return timer;
}

function clear(value) {
  let entry;
  if (typeof value === 'object' && value !== null) entry = entryOf(value);
  else if (typeof value === 'number' || typeof value === 'string') entry = active[value];
  if (entry === undefined) return;
  cancel(entry);
  entry.cleared = true;
}

/** For process.getActiveResourcesInfo. */
export const activeResources = () => [...new Array(holding).fill('Timeout'), ...new Array(heldImmediates).fill('Immediate')];

export const timerFunctions = {
  setTimeout(callback, delay, ...values) { return start(callback, delay, values, false); },
  setInterval(callback, delay, ...values) { return start(callback, delay, values, true); },
  setImmediate(callback, ...values) {
    check(callback);
    const entry = { callback: wrap(callback), values, live: true, holds: true, immediate: undefined };
    heldImmediates++;
    immediates[immediates.length] = entry;
    return entry.immediate = new Immediate(entry);
  },
  clearTimeout(timer) { clear(timer); },
  clearInterval(timer) { clear(timer); },
  clearImmediate(immediate) {
    const entry = typeof immediate === 'object' && immediate !== null ? immediateOf(immediate) : undefined;
    if (entry !== undefined) dropImmediate(entry);
  },
};

/** process.nextTick */
export function nextTick(callback, ...values) {
  check(callback);
  ticks[ticks.length] = { callback: wrap(callback), values };
  natives.ticks();
}

/** Runs all ticks, also those that ticks add; one that throws leaves the rest for the next call. */
export function runTicks() {
  while (tickAt < ticks.length) {
    const { callback, values } = ticks[tickAt++];
    if (tickAt === ticks.length) {
      ticks = [];
      tickAt = 0;
    }
    apply(callback, undefined, values);
  }
}

// What was asked of the machine and is done, but has yet to be told: files, messages of ports.
let completions = [];
let told = [], toldAt = 0; // those that are being told, between two turns of immediates

/** Tells an outcome later, where an event loop would. */
export function complete(callback) {
  completions[completions.length] = wrap(callback);
}

let turn = [];  // immediates of the turn at hand; those set while it runs wait for the next
let turnAt = 0;

/** Runs one thing that is due and returns 0; else the milliseconds until the next timer, or -1 if there is none. */
export function runTimer() {
  if (turnAt < turn.length) return runImmediate();
  while (heap.length > 0 && !heap[0].live) pop();
  if (holding === 0 && heldImmediates === 0 && completions.length === 0 && toldAt >= told.length) return -1;
  if (heap.length > 0 && heap[0].due <= clock()) {
    const entry = pop();
    if (entry.repeats) schedule(entry, entry.due);
    else cancel(entry);
    apply(entry.callback, entry.timer, entry.values);
    if (entry.repeats && !entry.live && !entry.cleared) schedule(active[entry.id] = entry); // by its `_repeat`
    return 0;
  }
  if (toldAt < told.length) {
    told[toldAt++]();
    return 0;
  }
  if (completions.length > 0) {
    told = completions;
    toldAt = 0;
    completions = [];
    if (immediates.length === 0) return runTimer();
  }
  if (immediates.length > 0) {
    turn = immediates;
    turnAt = 0;
    immediates = [];
    return runImmediate();
  }
  if (heap.length === 0) return -1;
  const wait = heap[0].due - now;
  now = heap[0].due; // by when the harness comes back
  return wait;
}

function runImmediate() {
  const entry = turn[turnAt++];
  if (entry.live) {
    dropImmediate(entry);
    apply(entry.callback, entry.immediate, entry.values);
  }
  return 0;
}

define(globalThis, timerFunctions);

// As in Node, where both are callbacks, `util.promisify` of them gives promises.
const promised = Symbol.for('nodejs.util.promisify.custom');
const promisedVersions = {
  setTimeout: () => require('./timers_promises.js').timersPromises.setTimeout,
  setImmediate: () => require('./timers_promises.js').timersPromises.setImmediate,
};
for (const name of Object.keys(promisedVersions))
  Object.defineProperty(timerFunctions[name], promised, { enumerable: true, get: promisedVersions[name] });

// Microtasks take the context along, as promises do.
const enqueue = globalThis.queueMicrotask;
define(globalThis, {
  queueMicrotask(callback) {
    check(callback);
    enqueue(wrap(callback));
  },
});
