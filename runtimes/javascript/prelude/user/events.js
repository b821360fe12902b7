// Event, EventTarget, AbortController and the like: Node's.
import { Event, EventTarget, CustomEvent } from 'internal/event_target';
import { AbortController, AbortSignal } from 'internal/abort_controller';
import { define } from './natives.js';

define(globalThis, { Event, EventTarget, CustomEvent, AbortController, AbortSignal });
