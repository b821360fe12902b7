// internalBinding('os'): a machine that tells nothing of the one it runs on.
import { natives } from '../user/natives.js';

const fails = (context, syscall, errno, code, message) => Object.assign(context, { syscall, errno, code, message });
const MEMORY = 2 ** 32; // what can be addressed; the request's limit is lower
let priority = 0;

export const os = {
  getAvailableParallelism: () => 1, getCPUs: () => ['wasm32', 0, 0, 0, 0, 0, 0], getFreeMem: () => MEMORY, getTotalMem: () => MEMORY, getInterfaceAddresses: () => [],
  getHomeDirectory: () => process.env.HOME ?? '/work', getHostname: () => 'sandbox', getOSInformation: () => ['Linux', '0', '0', 'wasm32'],
  getUptime: () => (natives.milliseconds(1) + 1) / 1000, isBigEndian: false,
  getLoadAvg: (loads) => void loads.fill(0),
  getUserInfo(options) {
    const text = (value) => (options?.encoding === 'buffer' ? Buffer.from(value) : value);
    return { uid: 1000, gid: 1000, username: text('sandbox'), homedir: text('/work'), shell: null };
  },
  getPriority: (process, context) => (process === 0 || process === 1 ? priority : void fails(context, 'uv_os_getpriority', -3, 'ESRCH', 'no such process')),
  setPriority(process, value, context) {
    if (process !== 0 && process !== 1) return fails(context, 'uv_os_setpriority', -3, 'ESRCH', 'no such process').errno;
    priority = value;
    return 0;
  },
};
