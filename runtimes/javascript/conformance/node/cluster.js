// In place of `cluster` for Node's test library.
module.exports = { isPrimary: true };
