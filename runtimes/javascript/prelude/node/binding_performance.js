// internalBinding('performance'): the clock of the execution. Nothing is observed but what the program marks.
import { natives } from '../user/natives.js';

const names = ['TIME_ORIGIN_TIMESTAMP', 'TIME_ORIGIN', 'ENVIRONMENT', 'NODE_START', 'V8_START', 'LOOP_START', 'LOOP_EXIT', 'BOOTSTRAP_COMPLETE'];
const constants = { __proto__: null, NODE_PERFORMANCE_ENTRY_TYPE_GC: 0, NODE_PERFORMANCE_ENTRY_TYPE_HTTP: 1, NODE_PERFORMANCE_ENTRY_TYPE_HTTP2: 2,
  NODE_PERFORMANCE_ENTRY_TYPE_NET: 3, NODE_PERFORMANCE_ENTRY_TYPE_DNS: 4 };
names.forEach((name, i) => constants[`NODE_PERFORMANCE_MILESTONE_${name}`] = i);

// Read when they are asked for: nothing of the clock is in the snapshot.
const milestones = { __proto__: null, get 0() { return (natives.milliseconds(0) - natives.milliseconds(1)) * 1000; }, 1: 0, 2: 0, 3: 0, 4: 0, 5: -1, 6: -1, 7: 0 };

export const performance = {
  constants, milestones, observerCounts: new Uint32Array(5),
  now: () => natives.milliseconds(1),
  installGarbageCollectionTracking() {}, removeGarbageCollectionTracking() {}, setupObservers() {}, notify() {},
  loopIdleTime: () => 0, uvMetricsInfo: () => [0, 0, 0], markBootstrapComplete() {},
  getTimeOrigin: () => 0, getTimeOriginTimestamp: () => natives.milliseconds(0) - natives.milliseconds(1),
};
