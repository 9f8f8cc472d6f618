import type { Operations } from '../core/operations.ts';
import { suggest } from '../core/suggest.ts';
import type { AdminRequest } from './admin-request.ts';
import { Parameters } from './parameters.ts';
import { ok, problem, type Reply } from './reply.ts';
import { sinkView, testReportView } from './views.ts';

export function listSinks({ query }: AdminRequest, operations: Operations): Reply {
  return Parameters.ofQuery(query).refusal() ?? ok({ sinks: operations.sinks().map(sinkView) });
}

export async function testSink(request: AdminRequest, operations: Operations): Promise<Reply> {
  const refused = takesNothing(request);
  if (refused !== undefined) return refused;
  const sink = request.params['name'] ?? '';
  const report = await operations.test(sink);
  return report === undefined
    ? noSuchSink(sink, operations)
    : { ...ok(testReportView(report)), done: { sink, verdict: report.verdict.kind } };
}

export async function pauseSink(
  request: AdminRequest,
  operations: Operations,
  paused: boolean,
): Promise<Reply> {
  const refused = takesNothing(request);
  if (refused !== undefined) return refused;
  const sink = request.params['name'] ?? '';
  const known = await operations.setPaused(sink, paused);
  return known ? { ...ok({ sink, paused }), done: { sink } } : noSuchSink(sink, operations);
}

export function noSuchSink(sink: string, operations: Operations): Reply {
  const near = suggest(
    sink,
    operations.sinks().map((status) => status.sink),
  );
  const hint = near === undefined ? '' : `; did you mean "${near}"?`;
  return problem(404, `there is no sink of that name${hint}`);
}

function takesNothing({ query, body }: AdminRequest): Reply | undefined {
  const inBody = body === undefined ? undefined : Parameters.ofBody(body);
  if (body !== undefined && inBody === undefined) return problem(400, 'the request body must be {} or empty');
  return Parameters.ofQuery(query).refusal() ?? inBody?.refusal();
}
