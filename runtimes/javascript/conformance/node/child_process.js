// In place of `child_process` for Node's test library, which asks for it and seldom calls it. One that looks for a command finds none.
const refuse = () => { throw new Error('this sandbox cannot start processes'); };
module.exports = { exec: refuse, execSync: refuse, spawn: refuse, spawnSync: () => ({ status: null, error: new Error('this sandbox cannot start processes') }), fork: refuse, execFile: refuse, execFileSync: refuse };
