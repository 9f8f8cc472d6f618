import type { AttemptResult } from './attempt.ts';

/** One request, ready to go; method, URL and connection belong to the transport. */
export interface OutboundRequest {
  /** Name, value, name, value, … */
  headers: string[];
  body: string;
}

/** Makes HTTP requests to one sink's URL. */
export interface Transport {
  /**
   * Sends one request. `done` is called exactly once, never before `send` returned, within the sink's timeout;
   * whatever goes wrong is a result. The caller bounds how many are under way.
   */
  send(request: OutboundRequest, done: (result: AttemptResult) => void): void;
  /** Breaks off what is under way, which then ends; resolves when its sockets are closed. */
  close(): Promise<void>;
}
