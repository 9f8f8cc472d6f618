import type { AttemptResult } from './attempt.ts';
import type { History, ReplayQuery } from './history.ts';
import type { Verdict } from './verdict.ts';

/** Why a sink starts nothing at the moment. */
export type HoldReason = 'manual' | 'retry_after' | 'circuit_open' | 'journal';

/** A sink as an operator sees it. Times are wall ms. */
export interface SinkStatus {
  sink: string;
  /** `retrying`: its last attempt failed. `held`: see `holds`. `disabled`: switched off in the config. */
  state: 'healthy' | 'retrying' | 'held' | 'disabled';
  holds: HoldReason[];
  /** Deliveries not yet settled. */
  pending: number;
  inFlight: number;
  retrying: number;
  dead: number;
  /** When the oldest unsettled delivery was accepted; null when nothing is owed. */
  oldestPendingAt: number | null;
  lastSuccessAt: number | null;
  lastFailureAt: number | null;
  /** Why the last failed attempt failed. */
  lastFailure: string | null;
}

/** What only a running dispatcher knows of its sink. */
export type LiveSinkStatus = Pick<SinkStatus, 'holds' | 'pending' | 'inFlight' | 'oldestPendingAt'> & {
  /** The last attempt failed. */
  isFailing: boolean;
};

/** One marked test event, sent outside the journal. Header values that are secret are masked. */
export interface TestReport {
  sink: string;
  request: {
    method: string;
    host: string;
    headers: Array<[name: string, value: string]>;
    body: string;
  } | null;
  result: AttemptResult | null;
  verdict: Verdict;
  /** What the receiver's answer means, in words, where we know it. */
  explanation: string | null;
}

export interface ReplayReport {
  /** Events that the query found and the sink's filter lets through. */
  matched: number;
  /** Deliveries owed now; 0 for a dry run. */
  owed: number;
}

/** What the admin endpoint can see and do; the running daemon implements it. */
export interface Operations {
  /** Empty when the journal is open and every source reads; otherwise what is not as it should be. */
  notReady(): string[];
  sinks(): SinkStatus[];
  /** A connection of its own, made on first use. */
  history(): History;
  /** Undefined when there is no such sink. */
  test(sink: string): Promise<TestReport | undefined>;
  /** False when there is no such sink. */
  setPaused(sink: string, paused: boolean): Promise<boolean>;
  /** Undefined when there is no such sink. */
  replay(query: ReplayQuery, dryRun: boolean): Promise<ReplayReport | undefined>;
}
