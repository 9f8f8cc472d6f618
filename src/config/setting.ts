import * as z from 'zod';

/** What a setting makes of its value. `message` continues "`value` …" or "the value of `key` …". */
export type Parsed<T> =
  | { ok: true; value: T }
  | { ok: false; code: string; message: string; hint?: string | undefined; valueHint?: string | undefined };

/** What an issue of a setting carries, to be told together with the place. */
export interface SettingIssue {
  code: string;
  /** Said about the value: "is not a duration". */
  message: string;
  hint?: string | undefined;
  /** A remedy that repeats the value; not said where the value is secret. */
  valueHint?: string | undefined;
  /** The value itself must not be repeated. */
  secret: boolean;
}

/** How a setting looks in the JSON Schema and in the reference. */
export interface SettingSchema {
  /** The word of the reference page for what is written here: duration, size, … */
  kind: string;
  type?: string | readonly string[];
  anyOf?: readonly unknown[];
  description: string;
  default?: unknown;
  examples?: readonly unknown[];
  enum?: readonly unknown[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  secret?: true;
}

/** Text with a variable in it, which only gets its value when the config is loaded. */
export const referencePattern = String.raw`\$\{.*\}`;

/**
 * One setting: its parsing with messages of our own, and its JSON Schema. `undefined` never reaches `parse`:
 * it is reported as missing unless the setting is made optional.
 */
export function setting<T>(parse: (value: unknown) => Parsed<T>, schema: SettingSchema) {
  const { secret = false, ...json } = schema;
  return z
    .unknown()
    .transform((value, context): T => {
      const parsed: Parsed<T> =
        value === undefined
          ? { ok: false, code: 'missing', message: 'is missing', hint: exampleOf(schema) }
          : parse(value);
      if (parsed.ok) return parsed.value;
      const { ok: _, ...issue } = parsed;
      const params: SettingIssue = { ...issue, secret };
      context.issues.push({
        code: 'custom',
        message: issue.message,
        input: value,
        params: { setting: params },
      });
      return z.NEVER;
    })
    .meta(shown(json));
}

function exampleOf(schema: SettingSchema): string | undefined {
  const [example] = schema.examples ?? [];
  return typeof example === 'string' ? `for example \`${example}\`` : undefined;
}

export function good<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function bad(code: string, message: string, hint?: string, valueHint?: string): Parsed<never> {
  return { ok: false, code, message, hint, valueHint };
}

/** A list that may also be written as its only entry. */
export function listOf<T extends z.ZodType>(
  item: T,
  description: string,
  more: { examples?: unknown[]; default?: unknown } = {},
) {
  return z
    .preprocess(
      (value) => (Array.isArray(value) || value === undefined ? value : [value]),
      // An entry whose variable has an empty default is left out.
      z.array(item.optional()).transform((items) => items.filter((one) => one !== undefined)),
    )
    .meta({ singleAllowed: true, ...shown({ description, ...more }) });
}

/** A map of free keys; an entry without a value is left out, like any other setting. */
export function mapOf<T extends z.ZodType>(value: T) {
  return z.record(z.string(), value.optional()).transform((entries): Record<string, z.output<T>> => {
    const given = Object.entries(entries).filter(
      (entry): entry is [string, z.output<T>] => entry[1] !== undefined,
    );
    return Object.fromEntries(given);
  });
}

/**
 * Metadata as somebody would write the setting. zod drops `default` and `examples` of what it transforms,
 * since there they would be of the type that comes out; so they travel under names of our own.
 */
export function shown({ default: shownDefault, examples: shownExamples, ...rest }: Record<string, unknown>) {
  return {
    ...rest,
    ...(shownDefault === undefined ? {} : { shownDefault }),
    ...(shownExamples === undefined ? {} : { shownExamples }),
  };
}
