import type { HeaderLine } from '../options.ts';
import type { Answer } from './receiver.ts';

export interface AnswerOptions {
  /** Given in turn; the last one stays. */
  status: readonly number[];
  /** So many answers of 503 come before. */
  failFirst: number;
  body: string;
  header?: readonly HeaderLine[];
  hang?: boolean;
  reset?: boolean;
  endless?: boolean;
}

/** The answers `listen` gives, one per request. */
export function answersOf(options: AnswerOptions): () => Answer {
  if (options.hang === true) return () => ({ kind: 'hang' });
  if (options.reset === true) return () => ({ kind: 'reset' });
  if (options.endless === true) return () => ({ kind: 'endless' });
  const { body, header: headers = [], status, failFirst } = options;
  const turns = [...Array<number>(failFirst).fill(503), ...status];
  let turn = 0;
  return () => {
    const code = turns[Math.min(turn, turns.length - 1)] ?? 200;
    turn += 1;
    return { kind: 'reply', status: code, body, headers };
  };
}
