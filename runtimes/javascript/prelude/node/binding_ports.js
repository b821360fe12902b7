// MessagePort's C++: two ends and the messages between them. Both ends are in this one thread, so a message is cloned when it is
// sent and told when the loop comes to it.
import { defineProperty } from '../user/natives.js';
import { cloneMessage } from '../user/clone.js';
import { complete } from '../user/timers.js';
import { symbols } from './binding_symbols.js';

const states = new WeakMap(), all = new WeakSet();
const currentlyReceiving = Symbol.for('nodejs.internal.kCurrentlyReceivingPorts'), hybridDispatch = Symbol.for('nodejs.internal.kHybridDispatch');

/** Its methods besides those of a port. */
class HandleWrap {
  ref() {
    const state = states.get(this);
    if (state !== undefined) state.refed = true;
  }
  unref() {
    const state = states.get(this);
    if (state !== undefined) state.refed = false;
  }
  hasRef() {
    if (!all.has(this)) throw new TypeError('Illegal invocation');
    return states.get(this)?.refed;
  }
  close() {
    const state = states.get(this);
    if (state === undefined || state.closing) return;
    state.closing = true;
    const { peer } = state;
    complete(() => {
      states.delete(this);
      this[symbols.handle_onclose]?.();
    });
    if (peer !== undefined) complete(() => peer.owner !== undefined && HandleWrap.prototype.close.call(peer.owner));
  }
}

export class MessagePort extends HandleWrap {
  constructor() {
    super();
    throw Object.assign(new TypeError('Illegal constructor'), { code: 'ERR_CONSTRUCT_CALL_INVALID' });
  }
  postMessage(...values) {
    if (values.length === 0) throw Object.assign(new TypeError('Not enough arguments to MessagePort.postMessage'), { code: 'ERR_MISSING_ARGS' });
    const [value, options] = values, list = transferList(options);
    if (list.includes(this)) throw new DOMException('Transfer list contains source port', 'DataCloneError');
    const state = states.get(this), peer = state?.peer;
    const message = cloneMessage(value, list);
    if (peer === undefined || state.closing) return undefined;
    peer.queue.push(message);
    wake(peer);
    return true;
  }
  start() {
    const state = states.get(this);
    if (state === undefined) return;
    state.started = true;
    wake(state);
  }
  drain() { drain(states.get(this)); }
}
Object.setPrototypeOf(MessagePort, Function.prototype);

export function transferList(options) {
  if (options === undefined || options === null) return [];
  if (typeof options !== 'object') throw Object.assign(new TypeError('Optional transferList argument must be an iterable'), { code: 'ERR_INVALID_ARG_TYPE' });
  const given = Symbol.iterator in options ? options : options.transfer;
  if (given === undefined || given === null) return [];
  if (typeof given !== 'object' || !(Symbol.iterator in given))
    throw Object.assign(new TypeError('Optional options.transfer argument must be an iterable'), { code: 'ERR_INVALID_ARG_TYPE' });
  return [...given];
}

function newPort(state) {
  const port = Object.create(MessagePort.prototype);
  states.set(port, state);
  all.add(port);
  state.owner = port;
  port[symbols.oninit]();
  return port;
}

const newState = () => ({ owner: undefined, peer: undefined, queue: [], started: false, refed: false, closing: false, woken: false });

export function MessageChannel() {
  if (new.target === undefined) throw Object.assign(new TypeError("Class constructor MessageChannel cannot be invoked without 'new'"), { code: 'ERR_CONSTRUCT_CALL_REQUIRED' });
  const one = newState(), two = newState();
  one.peer = two;
  two.peer = one;
  for (const [name, state] of [['port1', one], ['port2', two]])
    defineProperty(this, name, { value: newPort(state), writable: true, enumerable: true, configurable: true });
}

function wake(state) {
  if (state.woken || !state.started || state.queue.length === 0) return;
  state.woken = true;
  complete(() => {
    state.woken = false;
    drain(state, true);
  });
}

function tell(state) {
  const { value, ports } = state.queue.shift(), port = state.owner;
  port[currentlyReceiving] = ports;
  port[hybridDispatch]?.(value, 'message', undefined);
}

function drain(state, once = false) {
  while (state !== undefined && state.started && state.owner !== undefined && state.queue.length > 0) {
    tell(state);
    if (once) return wake(state);
  }
}

export const isPort = (value) => all.has(value);

/** Moves a port: what it was is another object from now on. */
export function movePort(port) {
  const state = states.get(port);
  if (state === undefined || state.closing) throw new DOMException('MessagePort in transfer list is already detached', 'DataCloneError');
  states.delete(port);
  state.started = false;
  return newPort(state);
}

// Ends of a BroadcastChannel: each is told what the others say.
const broadcasting = new Map();
function broadcastChannel(name) {
  const state = newState(), others = broadcasting.get(name) ?? new Set();
  const port = newPort(state);
  broadcasting.set(name, others.add(state));
  defineProperty(port, 'postMessage', {
    value(value) {
      for (const other of others) {
        if (other === state) continue;
        other.queue.push(cloneMessage(value, []));
        wake(other);
      }
      return true;
    },
  });
  const { close } = HandleWrap.prototype;
  defineProperty(port, 'close', {
    value() {
      others.delete(state);
      close.call(port);
    },
  });
  return port;
}

export const ports = {
  MessagePort, MessageChannel, broadcastChannel,
  drainMessagePort: (port) => drain(states.get(port)),
  stopMessagePort(port) {
    const state = states.get(port);
    if (state !== undefined) state.started = false;
  },
  checkMessagePort: (value) => value instanceof MessagePort,
  moveMessagePortToContext(port) { return port; },
  receiveMessageOnPort(port) {
    const state = states.get(port);
    if (state === undefined) {
      if (port instanceof MessagePort) return undefined;
      throw Object.assign(new TypeError('The "port" argument must be a MessagePort instance'), { code: 'ERR_INVALID_ARG_TYPE' });
    }
    return state.queue.length === 0 ? symbols.no_message_symbol : state.queue.shift().value;
  },
};
