// The inside realm: console and inspection. Evaluates to what the harness and the user realm need of it.
import * as inspection from './inspect.js';
import * as formatting from './format.js';
import { divert, makeConsole, showBy } from './console.js';

/* global native: set by the bundle's wrapper (build/bundle.sh) */
inspection.useNatives(native);
formatting.useNatives(native);

const { inspect } = inspection;
const exposed = native.userObject();
exposed.inspect = native.expose(inspect, 'inspect', 2);
exposed.divert = native.expose(divert, 'divert', 2);
exposed.showBy = native.expose(showBy, 'showBy', 3);
inspection.useExposed(exposed.inspect, native.expose((text) => `${text}`, 'stylize', 1));
exposed.console = native.userObject();
const methods = makeConsole(native);
for (const name of Object.keys(methods)) exposed.console[name] = native.expose(methods[name], name, 0);
exposed.console.groupCollapsed = native.expose(methods.group, 'groupCollapsed', 0);

export default {
  inspect: (value) => inspect(value),
  inspectError: (error) => inspect(error),
  exposed,
};
