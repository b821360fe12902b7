// internalBinding('messaging'): copies, and ports.
import { structuredClone } from '../user/clone.js';
import { ports } from './binding_ports.js';
import { JSTransferable } from './binding_symbols.js';

export const messaging = {
  ...ports, JSTransferable, structuredClone,
  setDeserializerCreateObjectFunction() {},
  exposeLazyDOMExceptionProperty() {},
  get DOMException() { return DOMException; },
};
