// assert.ok. Node reads the failed call's text from the source file for its message; here there is no file to read.
import AssertionError from 'internal/assert/assertion_error';
import { isError } from 'internal/util';

export function innerOk(fn, argumentCount, value, message) {
  if (value) return;
  let generated = false;
  if (argumentCount === 0) {
    generated = true;
    message = 'No value argument passed to `assert.ok()`';
  } else if (message == null) {
    generated = true;
    message = 'The expression evaluated to a falsy value';
  } else if (isError(message)) {
    throw message;
  }
  const error = new AssertionError({ actual: value, expected: true, message, operator: '==', stackStartFn: fn });
  error.generatedMessage = generated;
  throw error;
}
