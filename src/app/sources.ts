import type { Readable } from 'node:stream';
import type { SourceConfig } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { createDecoder } from '../core/formats/decoder.ts';
import type { Logger } from '../core/logger.ts';
import type { Metrics } from '../core/metrics.ts';
import type { Source } from '../core/source.ts';
import { createFileSource } from '../sources/file/source.ts';
import type { HttpListeners } from '../sources/http/listener.ts';
import { createHttpSource } from '../sources/http/source.ts';
import { createStdinSource } from '../sources/stdin.ts';

export interface SourceDeps {
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  listeners: HttpListeners;
  stdin: Readable;
}

/** The source a config entry asks for. A new kind of source is one folder and one case here. */
export function createSource(config: SourceConfig, deps: SourceDeps): Source {
  const decode = createDecoder(config.name, config.format);
  switch (config.type) {
    case 'file':
      return createFileSource(config, { decode, ...deps });
    case 'stdin':
      return createStdinSource(config, { decode, input: deps.stdin, ...deps });
    case 'http':
      return createHttpSource(config, { decode, ...deps });
  }
}
