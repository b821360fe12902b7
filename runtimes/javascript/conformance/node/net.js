// In place of `net` for Node's test library.
const refuse = () => { throw new Error('this sandbox has no network'); };
module.exports = {
  createServer: refuse, connect: refuse, isIP: () => 0,
  setDefaultAutoSelectFamilyAttemptTimeout() {}, getDefaultAutoSelectFamilyAttemptTimeout: () => 1,
};
