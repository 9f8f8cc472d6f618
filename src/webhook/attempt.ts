import { maxReplyBytes } from '../core/attempt.ts';
import type { AttemptResult } from '../core/attempt.ts';
import type { Clock } from '../core/clock.ts';
import type { Abortable, ExchangeHandler } from './connection.ts';
import type { Deadline, Deadlines } from './deadlines.ts';
import { errorResult } from './error-result.ts';

/** A reply longer than this is broken off: its status is known, and its connection not worth reading to the end. */
const maxReadBytes = 64 * 1024;

/** What a connection is told; what the result says is another matter. */
const brokenOff = new Error('the attempt is over');

/**
 * One request under way, as the handler of a connection or of undici. Ends exactly once: with the whole reply, with
 * its status when the reply is endless or breaks off, or with an error.
 */
export class Attempt implements ExchangeHandler, Deadline<Attempt> {
  readonly #clock: Clock;
  readonly #done: (result: AttemptResult, isReusable: boolean) => void;
  readonly #startedAt: number;
  readonly #timeoutMs: number;
  readonly #deadlines: Deadlines<Attempt>;
  deadline = 0;
  earlier: Attempt | null = null;
  later: Attempt | null = null;
  #controller: Abortable | null = null;
  #status = 0;
  #retryAfter: string | undefined;
  /** A character for each byte that is kept: a copy of each in Node's pool of buffers would keep all of the pool alive. */
  #reply = '';
  #read = 0;
  #ended = false;
  #timedOut = false;

  constructor(
    clock: Clock,
    timeoutMs: number,
    deadlines: Deadlines<Attempt>,
    done: (result: AttemptResult, isReusable: boolean) => void,
  ) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#deadlines = deadlines;
    this.#done = done;
    deadlines.add(this);
    this.#startedAt = this.deadline - timeoutMs;
  }

  /** The request could not be made. */
  refused(error: unknown): void {
    queueMicrotask(() => this.#end(this.#error(error), true));
  }

  onRequestStart(controller: Abortable): void {
    this.#controller = controller;
    // Broken off while it was still connecting.
    if (this.#ended) controller.abort(brokenOff);
  }

  onResponseStart(
    _controller: Abortable,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.#status = status;
    const retryAfter = headers['retry-after'];
    this.#retryAfter = Array.isArray(retryAfter) ? retryAfter[0] : retryAfter;
  }

  onResponseData(controller: Abortable, chunk: Buffer): void {
    this.#read += chunk.length;
    const room = maxReplyBytes - this.#reply.length;
    if (room > 0) this.#reply += chunk.toString('latin1', 0, room);
    if (this.#read > maxReadBytes) {
      this.#end(this.#response(), false);
      controller.abort(brokenOff);
    }
  }

  onResponseEnd(): void {
    this.#end(this.#response(), true);
  }

  onResponseError(_controller: Abortable, error: Error): void {
    // With a status the receiver has spoken; that its reply broke off afterwards changes nothing.
    this.#end(this.#status === 0 ? this.#error(error) : this.#response(), false);
  }

  onDeadline(): void {
    this.#timedOut = true;
    this.#end(this.#status === 0 ? this.#error(brokenOff) : this.#response(), false);
    this.#controller?.abort(brokenOff);
  }

  #end(result: AttemptResult, isReusable: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#deadlines.remove(this);
    this.#done(result, isReusable);
  }

  #response(): AttemptResult {
    return {
      kind: 'response',
      status: this.#status,
      retryAfter: this.#retryAfter,
      reply: utf8Of(this.#reply),
      durationMs: this.#durationMs(),
    };
  }

  #error(error: unknown): AttemptResult {
    return errorResult(error, this.#durationMs(), this.#timedOut ? this.#timeoutMs : null);
  }

  #durationMs(): number {
    return this.#clock.monotonic() - this.#startedAt;
  }
}

/** The text whose bytes are the characters of `bytes`. */
function utf8Of(bytes: string): string {
  return /[\x80-\xff]/.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}
