import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fifo } from '../../src/delivery/fifo.ts';

test('a queue gives what it was given, in that order, however it grows and drains', () => {
  // Pushes of so many, then shifts of so many, again and again.
  const rounds = fc.array(fc.tuple(fc.nat(40), fc.nat(40)), { maxLength: 40 });
  fc.assert(
    fc.property(rounds, (steps) => {
      const queue = new Fifo<number>();
      const model: number[] = [];
      let next = 0;
      for (const [pushes, shifts] of steps) {
        for (let i = 0; i < pushes; i += 1, next += 1) {
          queue.push(next);
          model.push(next);
        }
        for (let i = 0; i < shifts; i += 1) {
          assert.equal(queue.peek(), model[0]);
          assert.equal(queue.shift(), model.shift());
        }
        assert.equal(queue.length, model.length);
      }
    }),
  );
});
