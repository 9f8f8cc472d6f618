import type { Clock } from '../core/clock.ts';
import type { IncomingEvent } from '../core/event.ts';
import { createDecoder } from '../core/formats/decoder.ts';
import type { TestReport } from '../core/operations.ts';
import type { FormatSetting } from '../core/policy.ts';
import { judge } from '../core/verdict.ts';
import { isSecretHeader } from './sink-secrets.ts';
import type { SinkPlan } from './sink-plan.ts';
import { createRequestMaker, createTransport } from './sinks.ts';
import { explainReply } from './explain-reply.ts';

/**
 * An event from its text as a source would decode it, or undefined when it is none. Its id says that it is a test.
 */
export function decodeSample(text: string, format: FormatSetting, source: string): IncomingEvent | undefined {
  const decoded = createDecoder(source, format)(text, () => 'test-event');
  return decoded.kind === 'event' ? decoded.incoming : undefined;
}

/** Sends one event to a sink now, outside the journal and without retries, and says what came of it. */
export async function sendTest(
  plan: SinkPlan,
  incoming: IncomingEvent,
  deps: { clock: Clock; env: NodeJS.ProcessEnv },
): Promise<TestReport> {
  const { config } = plan;
  const { clock, env } = deps;
  const sink = config.name;
  const maker = createRequestMaker(plan, clock);
  const event = { ...incoming, seq: 0, acceptedAt: clock.now() };
  const rendered = maker.render(event);
  if (!rendered.ok) {
    return {
      sink,
      request: null,
      result: null,
      verdict: { kind: 'fatal', reason: rendered.reason },
      explanation: null,
    };
  }
  const request = maker.request([event], [rendered.body]);
  request.headers.push('x-auditsink-test', 'true');
  const transport = createTransport(config, clock, env);
  try {
    const { promise, resolve } = Promise.withResolvers<Parameters<typeof judge>[0]>();
    transport.send(request, resolve);
    const result = await promise;
    return {
      sink,
      request: {
        method: config.method,
        host: new URL(config.url).host,
        headers: maskedHeaders(request.headers),
        body: request.body,
      },
      result,
      verdict: judge(result, config.policy, clock.now()),
      explanation: explainReply(result),
    };
  } finally {
    await transport.close();
  }
}

/** Header lines for people; what could be a credential is masked. */
export function maskedHeaders(flat: readonly string[]): Array<[name: string, value: string]> {
  const lines: Array<[string, string]> = [];
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i] as string;
    lines.push([name, isSecretHeader(name) ? '***' : (flat[i + 1] as string)]);
  }
  return lines;
}
