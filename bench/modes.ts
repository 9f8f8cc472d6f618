import type { Mode } from './bench.ts';
import { backlog } from './modes/backlog.ts';
import { batched } from './modes/batched.ts';
import { idle } from './modes/idle.ts';
import { intake } from './modes/intake.ts';
import { latency } from './modes/latency.ts';
import { million } from './modes/million.ts';
import { ordered } from './modes/ordered.ts';
import { reload } from './modes/reload.ts';
import { render } from './modes/render.ts';
import { sinks } from './modes/sinks.ts';
import { slowReceiver } from './modes/slow-receiver.ts';
import { tail } from './modes/tail.ts';

/** Everything that can be measured, in the order of `all`. */
export const modes: readonly Mode[] = [
  backlog,
  ordered,
  batched,
  latency,
  slowReceiver,
  sinks,
  million,
  idle,
  tail,
  intake,
  render,
  reload,
];
