import { z } from 'zod';
import { configSchema } from './schema.ts';
import { referencePattern } from './setting.ts';

/** The JSON Schema (2020-12) of the config, for editors; made from the schema that validates. */
export function configJsonSchema(): unknown {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    reused: 'inline',
    override: ({ jsonSchema }) => {
      allowReferences(jsonSchema);
      allowSingle(jsonSchema);
      // A section that is left out gets its defaults; `{}` tells nobody anything.
      if (isEmptyObject(jsonSchema.default)) delete jsonSchema.default;
    },
  });
  return { ...schema, title: 'auditsink config' };
}

/** A variable may stand in for one of a few words. */
function allowReferences(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.enum === undefined || schema.anyOf !== undefined) return;
  schema.anyOf = [{ enum: schema.enum }, { type: 'string', pattern: referencePattern }];
  delete schema.enum;
  delete schema.type;
}

/** A list of which the only entry may stand alone. */
function allowSingle(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema['singleAllowed'] !== true) return;
  delete schema['singleAllowed'];
  const { type, items } = schema;
  if (type !== 'array' || items === undefined || Array.isArray(items)) return;
  delete schema.type;
  delete schema.items;
  schema.anyOf = [items as z.core.JSONSchema.BaseSchema, { type: 'array', items }];
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
