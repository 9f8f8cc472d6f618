import type { SignatureName } from '../../core/policy.ts';
import { signatureScheme } from '../../core/signature/schemes.ts';
import type { Io } from '../io.ts';
import type { HeaderLine } from '../options.ts';
import { readInput } from '../read-input.ts';
import { signatureOption } from '../signature-option.ts';

/** Checks one signature: 0 when it is right, 1 with the reason when it is not. */
export async function verify(
  io: Io,
  options: {
    signature: SignatureName;
    secret: string[];
    body: string;
    header: HeaderLine[];
    tolerance?: number;
  },
): Promise<number> {
  const setting = signatureOption(options);
  if (setting === null) throw new TypeError('commander asks for both');
  const headers = new Map(options.header.map(([name, value]) => [name.toLowerCase(), value]));
  const verdict = signatureScheme(setting).verify({
    headers: (name) => headers.get(name),
    body: await readInput(io, options.body),
    secrets: setting.secrets,
    nowS: Date.now() / 1000,
    ...(options.tolerance === undefined ? {} : { toleranceS: options.tolerance / 1000 }),
  });
  io.stdout.write(verdict.ok ? 'the signature is right\n' : `not verified: ${verdict.reason}\n`);
  return verdict.ok ? 0 : 1;
}
