// The module `os`: a machine that tells nothing of the one it runs on.
const signals = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGTERM: 15 };

export default {
  EOL: '\n', devNull: '/dev/null',
  platform: () => 'linux', type: () => 'Linux', release: () => '0', version: () => '0', arch: () => 'wasm32', machine: () => 'wasm32', endianness: () => 'LE',
  hostname: () => 'sandbox', homedir: () => '/work', tmpdir: () => '/tmp', uptime: () => process.uptime(), loadavg: () => [0, 0, 0],
  cpus: () => [], availableParallelism: () => 1, totalmem: () => 0, freemem: () => 0, networkInterfaces: () => ({}),
  userInfo: () => ({ uid: 1000, gid: 1000, username: 'sandbox', homedir: '/work', shell: null }),
  constants: { signals, errno: {} },
};
