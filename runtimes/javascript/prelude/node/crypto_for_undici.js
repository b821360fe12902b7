// The module `crypto` as undici's CommonJS asks for it.
const found = require('crypto');
module.exports = found.default ?? found;
