import { logLevels, type LogLevel } from '../core/logger.ts';

const colours: Record<LogLevel, string> = { debug: '90', info: '32', warn: '33', error: '31' };

/**
 * One line for people out of one JSON line of the log: `12:00:00.123 WARN  sink failing  sink=slack failures=1`.
 * The time is UTC. Anything that is not such a line is passed on as it is.
 */
export function prettyLine(json: string, colour: boolean): string {
  let line: Record<string, unknown>;
  try {
    line = JSON.parse(json) as Record<string, unknown>;
  } catch {
    // Not written by our logger, so there is nothing to make pretty.
    return json;
  }
  const { time, level, msg, ...fields } = line;
  const paint = (code: string, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const word = logLevels.find((known) => known === level) ?? 'info';
  const head = [
    paint('90', String(time).slice(11, 23)),
    paint(colours[word], word.toUpperCase().padEnd(5)),
    paint('1', shown(msg)),
  ].join(' ');
  const rest = Object.entries(fields).map(([name, value]) => `${paint('36', `${name}=`)}${quoted(value)}`);
  return `${rest.length === 0 ? head : `${head}  ${rest.join(' ')}`}\n`;
}

/** A value as it is where that is unmistakable, else as JSON. */
function quoted(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=\\\p{C}]+$/u.test(value)) return value;
  return shown(JSON.stringify(value));
}

/** No control character reaches the terminal: a receiver's reply must not be able to move the cursor. */
function shown(value: unknown): string {
  return String(value).replaceAll(
    /\p{C}/gu,
    (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}
