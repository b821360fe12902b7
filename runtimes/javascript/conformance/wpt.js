// What web-platform-tests find in the guest beside their own testharness.js, as Node's test/common/wpt.js and worker.js have it, and
// how their outcome comes back: out/outcome.json. A module of the program that a test and its scripts are.
const fs = require('fs'), path = require('path');

const LONGEST_MS = 100_000;

// A file of the tests' own, by an address relative to the test's or from their root. Others are the real fetch's.
function fetchFile(test) {
  const real = globalThis.fetch;
  return function fetch(address, ...rest) {
    if (typeof address !== 'string' || URL.canParse(address)) return real(address, ...rest);
    const file = path.join('wpt', address.startsWith('/') ? '' : path.dirname(test), address);
    return fs.promises.readFile(file, 'utf8').then((text) => ({ ok: true, text: () => text, json: () => JSON.parse(text) }));
  };
}

// The tests take the constructor of shared buffers from here, since browsers may hide it elsewhere.
class Memory {
  constructor({ shared }) { this.buffer = shared ? new SharedArrayBuffer(0) : new ArrayBuffer(0); }
}

function prepare({ test, variant, title, needsMemory }) {
  // A script's own `module` and `exports`, which WebIDLParser.js would take for its own.
  for (const name of ['module', 'exports']) delete globalThis[name];
  globalThis.self = globalThis;
  globalThis.GLOBAL = { isWindow: () => false, isShadowRealm: () => false, isWorker: () => false };
  globalThis.location = new URL(`/${test.replace(/\.js$/, '.html')}${variant}`, 'http://wpt');
  globalThis.Window = Object.getPrototypeOf(globalThis).constructor;
  globalThis.fetch = fetchFile(test);
  globalThis.gc ??= () => {};
  if (title) globalThis.META_TITLE = title;
  if (/^(performance-timeline|resource-timing)\//.test(test)) markPage();
  if (needsMemory) globalThis.WebAssembly = { Memory };
}

// An entry as a browser makes one of its page, which tests of timings begin with. The words are those of Node's test/wpt.
function markPage() {
  const connection = { domainLookupStartTime: 0, domainLookupEndTime: 0, connectionStartTime: 0, connectionEndTime: 0, secureConnectionStartTime: 0, ALPNNegotiatedProtocol: '' };
  const times = ['startTime', 'endTime', 'finalServiceWorkerStartTime', 'redirectStartTime', 'redirectEndTime', 'postRedirectStartTime', 'finalNetworkRequestStartTime',
    'finalNetworkResponseStartTime', 'encodedBodySize', 'decodedBodySize'];
  const info = { ...Object.fromEntries(times.map((name) => [name, 0])), finalConnectionTimingInfo: connection };
  globalThis.resource = performance.markResourceTiming(info, 'https://nodejs.org', '', globalThis, '');
}

function report() {
  const failed = new Map(), unfinished = new Set();
  // It keeps the loop alive as well, for timers that do not.
  const end = setTimeout(() => { tell('the tests took too long'); process.exit(0); }, LONGEST_MS);
  let passed = 0, done = false;
  const tell = (harness) => {
    done = true;
    for (const name of unfinished) failed.set(name, 'it did not end');
    fs.mkdirSync('out', { recursive: true });
    fs.writeFileSync('out/outcome.json', JSON.stringify({ passed, failed: [...failed], harness }));
  };
  add_test_state_callback((test) => unfinished.add(test.name));
  add_result_callback((test) => {
    unfinished.delete(test.name);
    if (test.status === test.PASS) passed++;
    else failed.set(test.name, String(test.message));
  });
  add_completion_callback((_, status) => {
    clearTimeout(end);
    tell(status.status === status.OK ? '' : String(status.message));
    process.exit(0); // As Node ends its worker: some tests leave what would keep it alive.
  });
  process.on('exit', () => { if (!done) tell('the tests did not end'); });
}

module.exports = (options) => {
  prepare(options);
  require('./testharness.js');
  report();
};
