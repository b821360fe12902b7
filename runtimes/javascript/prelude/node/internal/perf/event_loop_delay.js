// There is no loop that others could delay.
module.exports = function monitorEventLoopDelay() {
  throw new Error('perf_hooks.monitorEventLoopDelay is not available in this sandbox: an execution has its event loop to itself');
};
