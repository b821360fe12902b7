// Buffer's numbers: readInt16LE, writeDoubleBE and all the others, over DataView.
import { define } from './natives.js';
import { coded, outOfRange, wrongType } from './errors.js';

function check(buffer, offset, size) {
  if (typeof offset !== 'number') throw wrongType('offset', 'of type number', offset);
  if (offset >= 0 && offset + size <= buffer.length && offset % 1 === 0) return;
  if (offset % 1 !== 0) throw outOfRange('offset', 'an integer', offset);
  if (buffer.length < size) throw coded(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', 'Attempt to access memory outside buffer bounds');
  throw outOfRange('offset', `>= 0 and <= ${buffer.length - size}`, offset);
}

function at(buffer, offset, size) {
  check(buffer, offset, size);
  return new DataView(buffer.buffer, buffer.byteOffset + offset, size);
}

function checkValue(value, least, most, size) {
  if (value >= least && value <= most) return;
  const power = size * 8 - 1, n = typeof value === 'bigint' ? 'n' : '';
  if (size <= 4) throw outOfRange('value', `>= ${least} and <= ${most}`, value);
  if (least) throw outOfRange('value', `>= -(2${n} ** ${power}${n}) and < 2${n} ** ${power}${n}`, value);
  throw outOfRange('value', `>= 0${n} and < 2${n} ** ${power + 1}${n}`, value);
}

function defineFixed(prototype, name, method, size, endings, least, most) {
  for (const [ending, little] of endings) {
    define(prototype, {
      [`read${name}${ending}`](offset = 0) { return at(this, offset, size)[`get${method}`](0, little); },
      [`write${name}${ending}`](value, offset = 0) {
        if (least === undefined) value = +value;
        else checkValue(value = typeof least === 'bigint' ? value : +value, least, most, size);
        at(this, offset, size)[`set${method}`](0, value, little);
        return offset + size;
      },
    });
  }
}

// Integers of 1 to 6 bytes: readIntLE(offset, byteLength) and so on.
function defineVariable(prototype, signed, little) {
  const name = `${signed ? 'Int' : 'UInt'}${little ? 'LE' : 'BE'}`;
  const checkLength = (length) => {
    if (typeof length !== 'number') throw wrongType('byteLength', 'of type number', length);
    if (!(length >= 1 && length <= 6)) throw outOfRange('byteLength', '>= 1 and <= 6', length);
  };
  define(prototype, {
    [`read${name}`](offset, length) {
      checkLength(length);
      check(this, offset, length);
      let value = 0;
      for (let i = 0; i < length; i++) value = value * 256 + this[offset + (little ? length - 1 - i : i)];
      return signed && value >= 2 ** (8 * length - 1) ? value - 2 ** (8 * length) : value;
    },
    [`write${name}`](value, offset, length) {
      checkLength(length);
      value = +value;
      checkValue(value, signed ? -(2 ** (8 * length - 1)) : 0, 2 ** (8 * length - (signed ? 1 : 0)) - 1, length);
      check(this, offset, length);
      for (let i = 0; i < length; i++) {
        this[offset + (little ? i : length - 1 - i)] = value;
        value = Math.floor(value / 256);
      }
      return offset + length;
    },
  });
}

export function defineNumbers(prototype) {
  const endings = [['LE', true], ['BE', false]];
  for (const [bits, size] of [[8, 1], [16, 2], [32, 4]]) {
    const both = size === 1 ? [['', false]] : endings;
    defineFixed(prototype, `UInt${bits}`, `Uint${bits}`, size, both, 0, 2 ** bits - 1);
    defineFixed(prototype, `Int${bits}`, `Int${bits}`, size, both, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1);
  }
  defineFixed(prototype, 'BigUInt64', 'BigUint64', 8, endings, 0n, 2n ** 64n - 1n);
  defineFixed(prototype, 'BigInt64', 'BigInt64', 8, endings, -(2n ** 63n), 2n ** 63n - 1n);
  defineFixed(prototype, 'Float', 'Float32', 4, endings);
  defineFixed(prototype, 'Double', 'Float64', 8, endings);
  for (const signed of [true, false]) for (const little of [true, false]) defineVariable(prototype, signed, little);
  for (const name of Object.getOwnPropertyNames(prototype)) // readUInt8 is also readUint8
    if (name.includes('UInt')) define(prototype, { [name.replace('UInt', 'Uint')]: prototype[name] });
}
