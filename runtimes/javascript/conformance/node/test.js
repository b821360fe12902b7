// In place of `node:test` for Node's own tests: runs what is declared, one after the other; the first failure ends the program.
const noop = () => {};
let suite = { tests: [], hooks: { before: [], after: [], beforeEach: [], afterEach: [] }, outer: undefined };
let running;

class MockCalls {
  calls = [];
  callCount() { return this.calls.length; }
  resetCalls() { this.calls = []; }
}

function mockFunction(original = noop, implementation = original) {
  const mock = new MockCalls();
  const mocked = function (...values) {
    const call = { arguments: values, this: this, target: new.target, error: undefined, result: undefined };
    mock.calls.push(call);
    try {
      return call.result = new.target ? Reflect.construct(implementation, values, new.target) : Reflect.apply(implementation, this, values);
    } catch (error) {
      throw call.error = error;
    }
  };
  mock.mockImplementation = (next) => { implementation = next; };
  mock.restore = () => { implementation = original; };
  return Object.assign(mocked, { mock });
}

class Mocks {
  #undo = [];
  fn(original, implementation) { return mockFunction(original, typeof implementation === 'function' ? implementation : original); }
  method(object, name, implementation) {
    const original = object[name], mocked = mockFunction(original, typeof implementation === 'function' ? implementation : original);
    object[name] = mocked;
    mocked.mock.restore = () => { object[name] = original; };
    this.#undo.push(mocked.mock.restore);
    return mocked;
  }
  restoreAll() { for (const undo of this.#undo.splice(0)) undo(); }
  reset() { this.restoreAll(); }
}
const mock = new Mocks();

class Context {
  mock = new Mocks();
  assert = require('assert');
  signal = new AbortController().signal;
  constructor(name) { this.name = name; }
  test(...values) { return runTest(taken(values)); }
  after(hook) { (this.afters ??= []).push(hook); }
  before(hook) { return hook(); }
  diagnostic() {}
  plan() {}
  skip() {}
  todo() {}
}

function taken(values) {
  const name = values.find((value) => typeof value === 'string') ?? '', work = values.find((value) => typeof value === 'function') ?? noop;
  const options = values.find((value) => typeof value === 'object' && value !== null) ?? {};
  return { name, work, options, suite };
}

/** What takes a callback is done when that is called. */
const call = (work, context) => (work.length < 2 ? work.call(context, context)
  : new Promise((resolve, reject) => work.call(context, context, (error) => (error ? reject(error) : resolve()))));

async function each(from, name) {
  for (let at = from; at !== undefined; at = at.outer) for (const hook of at.hooks[name]) await hook();
}

async function runTest({ name, work, options, suite: own }) {
  if (options.skip || options.todo) return;
  const context = new Context(name);
  await each(own, 'beforeEach');
  await call(work, context);
  await each(own, 'afterEach');
  for (const hook of context.afters ?? []) await hook();
  context.mock.restoreAll();
}

async function runSuite(own) {
  for (const hook of own.hooks.before) await hook();
  while (own.tests.length > 0) await own.tests.shift()();
  for (const hook of own.hooks.after) await hook();
}

function enqueue(work) {
  return new Promise((resolve) => {
    suite.tests.push(async () => resolve(await work()));
    if (suite.outer === undefined) running ??= Promise.resolve().then(() => runSuite(suite)).finally(() => { running = undefined; });
  });
}

function test(...values) {
  const one = taken(values);
  return enqueue(() => runTest(one));
}
function describe(...values) {
  const { work, options } = taken(values);
  if (options.skip || options.todo) return Promise.resolve();
  const outer = suite, own = { tests: [], hooks: { before: [], after: [], beforeEach: [], afterEach: [] }, outer };
  suite = own;
  const ready = work();
  suite = outer;
  return enqueue(async () => {
    await ready;
    await runSuite(own);
  });
}
for (const one of [test, describe]) one.skip = one.todo = () => Promise.resolve(), one.only = one;
for (const name of ['before', 'after', 'beforeEach', 'afterEach']) test[name] = (hook) => void suite.hooks[name].push(hook);
module.exports = Object.assign(test, { test, it: test, describe, suite: describe, mock });
