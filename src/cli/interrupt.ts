import type { Io } from './io.ts';

/**
 * Aborts at SIGINT or SIGTERM, and when nobody reads the output any more. For commands that go on until they
 * are stopped; a second signal then ends the process as usual, since nobody listens to it.
 */
export function untilInterrupted(io: Io): { signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const stop = (): void => {
    controller.abort();
    forget();
  };
  const forget = (): void => {
    io.signals.off('SIGINT', stop);
    io.signals.off('SIGTERM', stop);
    io.stdout.off('error', stop);
  };
  io.signals.on('SIGINT', stop);
  io.signals.on('SIGTERM', stop);
  io.stdout.on('error', stop);
  return { signal: controller.signal, [Symbol.dispose]: forget };
}

/** Resolves once the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
