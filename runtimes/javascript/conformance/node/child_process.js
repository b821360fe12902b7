// In place of `child_process` for Node's test library, which asks for it and seldom calls it.
const refuse = () => { throw new Error('this sandbox cannot start processes'); };
module.exports = { exec: refuse, execSync: refuse, spawn: refuse, spawnSync: refuse, fork: refuse, execFile: refuse, execFileSync: refuse };
