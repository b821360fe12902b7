// The module `worker_threads`: this is the only thread.
import { BroadcastChannel, MessageChannel, MessagePort, moveMessagePortToContext, receiveMessageOnPort } from 'internal/worker/io';
import { markAsUntransferable } from 'internal/buffer';
import EventEmitter from 'events';

class Worker extends EventEmitter {
  constructor() {
    super();
    throw new Error('Worker is not available: this sandbox has a single thread; do the work in this program, in parts between awaits if it is long');
  }
}

const shared = new Map();
export {
  BroadcastChannel, MessageChannel, MessagePort, Worker, markAsUntransferable, moveMessagePortToContext, receiveMessageOnPort,
};
export const isMainThread = true, threadId = 0, parentPort = null, workerData = null, resourceLimits = {};
export const SHARE_ENV = Symbol.for('nodejs.worker_threads.SHARE_ENV');
export const isMarkedAsUntransferable = () => false;
export const markAsUncloneable = () => {};
export const setEnvironmentData = (key, value) => void (value === undefined ? shared.delete(key) : shared.set(key, value));
export const getEnvironmentData = (key) => shared.get(key);
export const postMessageToThread = async () => { throw new Error('there is no other thread in this sandbox'); };
