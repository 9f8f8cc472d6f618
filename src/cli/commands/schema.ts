import { configJsonSchema } from '../../config/json-schema.ts';
import type { Io } from '../io.ts';

// oxlint-disable-next-line require-await -- every command is asynchronous by contract
export async function schema(io: Io): Promise<number> {
  io.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  return 0;
}
