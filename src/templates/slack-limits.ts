/** What Slack refuses in a message (api.slack.com, "Formatting text" and "Block Kit"). */
const limits = { text: 40_000, blocks: 50, sectionText: 3000, fieldText: 2000, fields: 10, headerText: 150 };

/** A limit of Slack's that a rendered body overruns, and by which of its parts. */
export function slackOverruns(body: unknown): string[] {
  const overruns: string[] = [];
  if (!isObject(body)) return overruns;
  over('text', lengthOf(body['text']), limits.text);
  blocks('blocks', body['blocks']);
  for (const [index, attachment] of list(body['attachments']).entries()) {
    if (isObject(attachment)) blocks(`attachments.${index}.blocks`, attachment['blocks']);
  }
  return overruns;

  function blocks(path: string, value: unknown): void {
    const all = list(value);
    over(path, all.length, limits.blocks, 'blocks');
    for (const [index, block] of all.entries()) {
      if (!isObject(block)) continue;
      const at = `${path}.${index}`;
      const header = block['type'] === 'header';
      over(`${at}.text`, textLength(block['text']), header ? limits.headerText : limits.sectionText);
      const fields = list(block['fields']);
      over(`${at}.fields`, fields.length, limits.fields, 'fields');
      for (const [n, field] of fields.entries())
        over(`${at}.fields.${n}`, textLength(field), limits.fieldText);
    }
  }

  function over(path: string, count: number, limit: number, unit = 'characters'): void {
    if (count > limit) overruns.push(`${path} has ${count} ${unit}; Slack takes ${limit}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' ? value.length : 0;
}

/** A text object is `{ type, text }`. */
function textLength(value: unknown): number {
  return isObject(value) ? lengthOf(value['text']) : 0;
}
