// Histograms are C++ in Node; nothing here is long-lived enough to want one.
const refuse = (name) => () => { throw new Error(`${name} is not available in this sandbox: keep the numbers in an array`); };
export const createHistogram = refuse('perf_hooks.createHistogram');
export class RecordableHistogram {}
export class Histogram {}
export const isHistogram = () => false;
export const kHandle = Symbol('kHandle'), kMap = Symbol('kMap'), kRecordable = Symbol('kRecordable');
