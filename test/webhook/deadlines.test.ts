import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deadlines } from '../../src/webhook/deadlines.ts';
import type { Deadline } from '../../src/webhook/deadlines.ts';
import { FakeClock } from '../support/fake-clock.ts';

class Item implements Deadline<Item> {
  deadline = 0;
  earlier: Item | null = null;
  later: Item | null = null;
  readonly onDeadline: () => void;

  constructor(onDeadline: () => void) {
    this.onDeadline = onDeadline;
  }
}

/** Deadlines 100 ms away, and the names of those that fell due. */
function world(): {
  clock: FakeClock;
  due: string[];
  deadlines: Deadlines<Item>;
  add: (name: string) => Item;
} {
  const clock = new FakeClock();
  const deadlines = new Deadlines<Item>(clock, 100);
  const due: string[] = [];
  const add = (name: string): Item => {
    const item = new Item(() => due.push(name));
    deadlines.add(item);
    return item;
  };
  return { clock, due, deadlines, add };
}

test('each falls due at its time, those that were removed never', async () => {
  const { clock, due, deadlines, add } = world();
  const first = add('first');
  await clock.advance(40);
  const second = add('second');
  add('third');
  const last = add('last');
  deadlines.remove(second);
  deadlines.remove(last);
  deadlines.remove(last); // does nothing
  await clock.advance(60);
  assert.deepEqual(due, ['first']);
  await clock.advance(39);
  deadlines.remove(first); // does nothing: it is over
  assert.deepEqual(due, ['first']);
  await clock.advance(1);
  assert.deepEqual(due, ['first', 'third']);
  assert.equal(clock.timers, 0);
  add('again');
  await clock.advance(100);
  assert.deepEqual(due, ['first', 'third', 'again']);
});

test('what is done with refers to none of the others', () => {
  const { deadlines, add } = world();
  const items = ['a', 'b', 'c'].map(add);
  for (const item of [items[1], items[0], items[2]] as Item[]) deadlines.remove(item);
  for (const { earlier, later } of items) assert.deepEqual([earlier, later], [null, null]);
});

test('one that falls due may remove and add others', async () => {
  const { clock, due, deadlines, add } = world();
  const first = new Item(() => {
    deadlines.remove(second);
    add('new');
  });
  deadlines.add(first);
  const second = add('second');
  await clock.advance(40);
  add('third');
  await clock.advance(60);
  assert.deepEqual(due, []);
  await clock.advance(40);
  assert.deepEqual(due, ['third']);
  await clock.advance(60);
  assert.deepEqual(due, ['third', 'new']);
});

test('once closed it holds no timer', () => {
  const { clock, deadlines, add } = world();
  add('a');
  deadlines.close();
  assert.equal(clock.timers, 0);
});
