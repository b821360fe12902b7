// The module `timers`, which is user/timers.js's.
module.exports = require('../user/timers.js').timerFunctions;
