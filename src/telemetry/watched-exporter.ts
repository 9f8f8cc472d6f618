import { ExportResultCode } from '@opentelemetry/core';
import type { ExportResult } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from '../core/logger.ts';

/** An exporter that says in our log when the collector is out of reach, once, and when it is back. */
export class WatchedExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #logger: Logger;
  #lost = 0;
  #isOver = false;

  constructor(exporter: SpanExporter, logger: Logger) {
    this.#exporter = exporter;
    this.#logger = logger;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.SUCCESS) this.#sent();
      else this.#failed(spans.length, result.error);
      // A failure was told here; the processor would only tell it again, each time.
      done({ code: ExportResultCode.SUCCESS });
    });
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.();
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }

  /** The grace time is over: what is still under way counts as lost, and nothing more is said. */
  giveUp(): void {
    if (this.#lost === 0) this.#failed(1, new Error('the collector did not answer before the end'));
    this.#isOver = true;
  }

  #sent(): void {
    if (this.#lost > 0 && !this.#isOver) this.#logger.info({ lost: this.#lost }, 'traces are sent again');
    this.#lost = 0;
  }

  #failed(spans: number, error: Error | undefined): void {
    if (this.#lost === 0 && !this.#isOver) {
      this.#logger.warn(
        { reason: reasonOf(error) },
        'traces cannot be sent; they are dropped, deliveries go on',
      );
    }
    this.#lost += spans;
  }
}

function reasonOf(error: Error | undefined): string {
  if (error === undefined) return 'unknown';
  // An OTLPExporterError has the status as its code, and the status text as its message.
  if ('code' in error && typeof error.code === 'number') return `HTTP ${error.code} ${error.message}`;
  // Connecting to several addresses fails with one error for all that has no message.
  return error.message === '' && 'code' in error ? String(error.code) : error.message;
}
