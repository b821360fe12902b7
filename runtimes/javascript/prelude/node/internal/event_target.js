// What Node's library asks of its EventTarget; here that is user/events.js.
export const isEventTarget = (value) => value instanceof EventTarget;
export const kEvents = Symbol('kEvents');
export const kResistStopPropagation = Symbol('kResistStopPropagation');
export const kWeakHandler = Symbol('kWeakHandler');
