import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  count,
  either,
  fromJson,
  listOf,
  mapOf,
  nullable,
  objectOf,
  oneOf,
  optional,
  type Shape,
  someOf,
  text,
  textUpTo,
  where,
  wrongMember,
} from '../src/shapes.js';

interface Person {
  readonly name: string;
  readonly age?: number;
}

const person = objectOf<Person>({ name: textUpTo(5), age: optional(count) });

function holds(shape: Shape<unknown>, good: readonly unknown[], bad: readonly unknown[]): void {
  for (const value of good) assert.ok(shape(value), JSON.stringify(value));
  for (const value of bad) assert.ok(!shape(value), JSON.stringify(value));
}

describe('a shape', () => {
  it('of an object wants each of its members, and passes over what it does not know', () => {
    holds(
      person,
      [{ name: 'Ann' }, { name: 'Ann', age: 4 }, { name: 'Ann', later: true }],
      [{}, { name: 4 }, { name: 'Annabel' }, { name: 'Ann', age: -1 }, ['Ann'], null, 'Ann', undefined],
    );
  });

  it('of an object says which member is wrong', () => {
    assert.equal(wrongMember(person, { name: 'Ann', age: -1 }), 'age');
    assert.equal(wrongMember(person, {}), 'name');
    assert.equal(wrongMember(person, { name: 'Ann' }), undefined);
    assert.equal(wrongMember(person, null), undefined);
  });

  it('takes no member that the object only inherits', () => {
    holds(person, [], [Object.create({ name: 'Ann' })]);
    holds(objectOf({ toString: optional(text) }), [{}], []);
  });

  it('of a list bounds its length and asks each', () => {
    holds(listOf(person, 2), [[], [{ name: 'Ann' }]], [[{}], [1, 2, 3], { length: 0 }, 'Ann']);
  });

  it('of names bounds which there may be', () => {
    holds(someOf(['a', 'b'], count), [{}, { a: 1 }], [{ c: 1 }, { a: 'x' }, []]);
    holds(mapOf(count), [{}, { anything: 1 }], [{ a: 'x' }, null]);
  });

  it('can be one of several, null, or bound by more', () => {
    holds(either(oneOf('x'), count), ['x', 0], ['y', -1, 0.5, 2 ** 53, Number.NaN]);
    holds(nullable(text), [null, ''], [undefined, 0]);
    holds(
      where(count, (value) => value % 2 === 0),
      [0, 2],
      [1, 'x'],
    );
  });
});

it('reads text and bytes as JSON, and what is none as undefined', () => {
  assert.deepEqual(fromJson('{"a":1}'), { a: 1 });
  assert.deepEqual(fromJson(Buffer.from('[null]')), [null]);
  for (const none of ['', '{', Buffer.from([0xff])]) assert.equal(fromJson(none), undefined);
});
