// What util.log writes to.
module.exports = globalThis.console;
