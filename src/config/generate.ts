import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configJsonSchema } from './json-schema.ts';
import { configReference } from './reference.ts';

/** The files that are made from the schema, by their path in the repository. */
export function generatedFiles(): Record<string, string> {
  return {
    'config.schema.json': `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
    'docs/config.md': configReference(),
  };
}

// Run as a program: `node src/config/generate.ts`.
if (import.meta.main) {
  const root = join(import.meta.dirname, '..', '..');
  for (const [path, content] of Object.entries(generatedFiles())) writeFileSync(join(root, path), content);
}
