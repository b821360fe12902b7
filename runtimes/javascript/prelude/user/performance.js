// performance and what it is made of: Node's, over the clock of the execution (node/binding_performance.js).
import { Performance, performance } from 'internal/perf/performance';
import { PerformanceEntry } from 'internal/perf/performance_entry';
import { PerformanceMark, PerformanceMeasure } from 'internal/perf/usertiming';
import { PerformanceObserver, PerformanceObserverEntryList } from 'internal/perf/observe';
import { PerformanceResourceTiming } from 'internal/perf/resource_timing';
import { define } from './natives.js';

define(globalThis, {
  Performance, performance, PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceObserver, PerformanceObserverEntryList, PerformanceResourceTiming,
});
export { performance };
