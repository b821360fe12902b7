// What Node's library asks of its bookkeeping of asynchronous resources; there is none here.
import { symbols as known } from '../binding_symbols.js';

export const symbols = {
  async_id_symbol: known.async_id_symbol, trigger_async_id_symbol: known.trigger_async_id_symbol, owner_symbol: known.owner_symbol,
};
export const defaultTriggerAsyncIdScope = (id, block, ...values) => block(...values);
export const getDefaultTriggerAsyncId = () => 0;
export const newAsyncId = () => 1;
export const initHooksExist = () => false;
export const enabledHooksExist = () => false;
export const hasAsyncIdStack = () => false;
export const executionAsyncId = () => 1;
