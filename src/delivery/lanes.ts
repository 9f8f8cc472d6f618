import { hash } from 'node:crypto';
import type { Delivery, Lane } from './delivery.ts';
import { Fifo } from './fifo.ts';

/** Values share a lane when their hashes meet; order per value holds all the same. */
const laneCount = 1024;

/** The order that `order_by` asks for: one at a time per value, in parallel across values. */
export class Lanes {
  readonly #lanes: Array<Lane | undefined> = Array.from({ length: laneCount }, () => undefined);

  of(value: string): Lane {
    const at = Number.parseInt(hash('md5', value).slice(0, 6), 16) % laneCount;
    return (this.#lanes[at] ??= { busy: false, queue: new Fifo() });
  }

  /** Takes the lane for `delivery`, or puts it behind the others; true when it may go on. */
  enter(lane: Lane, delivery: Delivery): boolean {
    delivery.lane = lane;
    if (lane.busy) {
      lane.queue.push(delivery);
      return false;
    }
    lane.busy = true;
    return true;
  }

  /** `delivery` is settled: the lane goes to the next in it, which is returned. */
  leave(delivery: Delivery): Delivery | undefined {
    const { lane } = delivery;
    if (lane === null) return undefined;
    const next = lane.queue.shift();
    lane.busy = next !== undefined;
    return next;
  }
}
