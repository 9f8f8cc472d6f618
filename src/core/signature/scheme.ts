import type { SignatureName } from '../policy.ts';

/** What a check found; `reason` is for people and never holds a secret or the expected signature. */
export type Verdict = { ok: true } | { ok: false; reason: string };

export interface SignatureInput {
  /** The delivery's id, the same at every attempt. */
  id: string;
  /** Unix seconds of the attempt. */
  timestampS: number;
  body: string | Uint8Array;
}

/** Signs attempts with keys prepared once. */
export interface Signer {
  /** The header lines of one attempt. */
  headers(input: SignatureInput): Array<[name: string, value: string]>;
}

export interface VerifyInput {
  /** A request header by its lower-case name. */
  headers: (name: string) => string | undefined;
  /** The raw bytes of the body. */
  body: Uint8Array;
  secrets: readonly string[];
  /** Unix seconds. */
  nowS: number;
  /** How far a timestamp may be off; the scheme's own rule when absent. */
  toleranceS?: number;
}

/** How one system signs its requests. A new scheme is one file and one line in `schemes.ts`. */
export interface SignatureScheme {
  readonly name: SignatureName | 'template';
  /** Throws AuditsinkError('config') unless there is a secret, and each can at least verify. */
  checkSecrets(secrets: readonly string[]): void;
  /** Throws AuditsinkError('config') for a secret the scheme cannot use, or when none can sign. */
  prepare(secrets: readonly string[]): Signer;
  /** Checks a received request in constant time; malformed headers are a verdict, never an exception. */
  verify(input: VerifyInput): Verdict;
}
