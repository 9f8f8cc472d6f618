import type { SignatureName } from '../../core/policy.ts';
import { aborted, untilInterrupted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { answersOf, type AnswerOptions } from '../receiver/answers.ts';
import { Receiver } from '../receiver/receiver.ts';
import { receivedJson, receivedText } from '../receiver/received-text.ts';
import { signatureOption } from '../signature-option.ts';
import { paintFor } from '../style.ts';

export interface ListenOptions extends AnswerOptions {
  host: string;
  port: number;
  signature?: SignatureName;
  secret?: string[];
  /** ms */
  tolerance?: number;
  /** ms */
  delay: number;
  count?: number;
  quiet?: boolean;
  json?: boolean;
}

/** A local receiver, until it is interrupted or `--count` requests came; exit code 0. */
export async function listen(io: Io, options: ListenOptions): Promise<number> {
  const setting = signatureOption(options);
  const paint = paintFor(io.stdout, io.env);
  using interrupt = untilInterrupted(io);
  const enough = Promise.withResolvers<void>();
  const receiver = new Receiver({
    host: options.host,
    port: options.port,
    delayMs: options.delay,
    signatureOf: () => setting,
    ...(options.tolerance === undefined ? {} : { toleranceMs: options.tolerance }),
    answer: answersOf(options),
    onRequest(received, answer) {
      io.stdout.write(
        options.json === true
          ? receivedJson(received, answer)
          : receivedText(received, answer, paint, options.quiet === true),
      );
      // The answer still has to leave.
      if (received.number === options.count) setImmediate(enough.resolve);
    },
  });
  const origin = await receiver.start();
  // Beside what is received, so that --json stays JSON.
  io.stderr.write(
    `listening on ${origin}${setting === null ? '' : `, verifying ${setting.scheme} signatures`}\n`,
  );
  await Promise.race([aborted(interrupt.signal), enough.promise]);
  await receiver.stop();
  return 0;
}
