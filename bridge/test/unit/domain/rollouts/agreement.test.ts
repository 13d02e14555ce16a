import { expect } from 'chai';
import { agrees } from '../../../../src/domain/rollouts/agreement.ts';

const outputs = (data: unknown[], name = 'digit'): unknown => [
  { name, datatype: 'FP32', shape: [1, data.length], data },
];

const TABLE: [what: string, a: unknown, b: unknown, tolerance: number, same: boolean][] = [
  ['the same', outputs([1, 0.25]), outputs([1, 0.25]), 0, true],
  ['a number within the tolerance', outputs([0.25]), outputs([0.255]), 0.01, true],
  ['a number beyond it', outputs([0.25]), outputs([0.27]), 0.01, false],
  ['large numbers by their size', outputs([1_000]), outputs([1_009]), 0.01, true],
  ['another class', outputs([3]), outputs([8]), 0.01, false],
  ['one value more', outputs([1]), outputs([1, 2]), 1, false],
  ['another name', outputs([1]), outputs([1], 'number'), 1, false],
  ['keys in another order', { a: 1, b: 'x' }, { b: 'x', a: 1 }, 0, true],
  ['a key more', { a: 1 }, { a: 1, b: 2 }, 1, false],
  ['a key that every object has', { constructor: 1 }, { a: 1 }, 1, false],
  ['text for number', ['1'], [1], 1, false],
  ['nothing for an empty list', null, [], 1, false],
  ['a list for an object', [], {}, 1, false],
  ['not a number, twice', [Number.NaN], [Number.NaN], 0, true],
  ['bodies that are no JSON', 'a', 'a', 0, true],
];

describe('agreement of two answers', () => {
  for (const [what, a, b, tolerance, same] of TABLE) {
    it(`${what}: ${same ? 'the same' : 'not the same'}`, () => {
      expect([agrees(a, b, tolerance), agrees(b, a, tolerance)]).to.deep.equal([same, same]);
    });
  }
});
