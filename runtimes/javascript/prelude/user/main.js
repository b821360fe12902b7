// The user realm: the globals that programs find. Evaluates to what the harness calls (struct hooks in harness/guest.h).
import 'internal/per_context/primordials';
import { define, natives } from './natives.js';
import { completeConsole } from './console.js';
import { runTicks, runTimer } from './timers.js';
import { forgetEnvironment, setVariable } from './process.js';
import { hooks } from './process_events.js';
import './performance.js';
import './encoding.js';
import './events.js';
import './clone.js';
import './url.js';
import './buffer.js';
import './web.js';
import './crypto.js';
import './fetch_classes.js';
import './atomics.js';
import './files.js';
import './unavailable.js';
import { builtins } from './builtins.js';
import { exportNames, requireFrom } from './modules.js';
import { addPackage, addLater, evaluatePackages, requireInPackage } from './packages.js';
import { prepareStack } from './call_sites.js';
import { warm } from './warm.js';

define(globalThis, { global: globalThis, self: globalThis });
// Those that Node lists.
for (const name of ['global', 'clearImmediate', 'setImmediate', 'clearInterval', 'clearTimeout', 'setInterval', 'setTimeout', 'queueMicrotask', 'structuredClone',
  'atob', 'btoa', 'performance', 'fetch', 'crypto']) Object.defineProperty(globalThis, name, { enumerable: true });
completeConsole();

export default {
  ...hooks, runTicks, runTimer, setVariable, prepareStack, requireInPackage, addPackage, addLater,
  warm() {
    warm([...Object.values(builtins), ...evaluatePackages()]);
    forgetEnvironment();
  },
  require: (name) => requireFrom('', name), exportNames,
};
