// The classes of the web that need no network and that Node has itself.
import { Blob } from 'internal/blob';
import { File } from 'internal/file';
import * as streams from 'stream/web';
import { BroadcastChannel, MessageChannel, MessageEvent, MessagePort } from 'internal/worker/io';
import { define } from './natives.js';

define(globalThis, { Blob, File, ...streams.default ?? streams, BroadcastChannel, MessageChannel, MessageEvent, MessagePort });
