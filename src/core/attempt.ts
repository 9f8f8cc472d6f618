/** Failure classes of a request that got no usable response. */
export const errorClasses = ['network', 'timeout', 'dns', 'tls'] as const;
export type ErrorClass = (typeof errorClasses)[number];

/** The most of a reply that is kept, in bytes. */
export const maxReplyBytes = 2048;

/** What one HTTP request came to: the facts, before any policy judges them. */
export type AttemptResult =
  | {
      kind: 'response';
      status: number;
      retryAfter: string | undefined;
      /** Start of the reply as text, at most {@link maxReplyBytes}. */
      reply: string;
      durationMs: number;
    }
  | {
      kind: 'error';
      class: ErrorClass;
      /** For people; names a host at most, never a path or a credential. */
      message: string;
      durationMs: number;
    };
