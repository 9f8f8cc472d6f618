import { readFileSync } from 'node:fs';
import { withPrevious } from '../../src/app/intake.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { AuditEvent } from '../../src/core/event.ts';
import { redecode } from '../../src/core/formats/decoder.ts';
import { compileText } from '../../src/templates/compile.ts';
import { auditLine } from '../data.ts';
import { projectFile } from '../subjects/program.ts';

/** Renders the Slack template in a process of its own. Argument: how many times. */
const times = Number(process.argv[2]);
const lines = Array.from({ length: 1000 }, (_, n) => auditLine(n));
const events = lines.map((line, n) => redecode('flipt', `00000000-${n}-00000000`, 'flipt', line));
const changed = lines.map((line, n) => {
  const event = redecode('flipt', `00000000-${n}-00000000`, 'flipt', line);
  event.action = 'updated';
  return withPrevious(event, JSON.stringify({ enabled: n % 2 === 1, key: 'other', name: 'Old checkout' }));
});
const compiled = compileText(readFileSync(projectFile('templates/slack.hbs'), 'utf8'), {
  partialsDir: projectFile('templates/partials'),
  contentType: 'application/json',
  slack: true,
  clock: systemClock,
});
if (!compiled.ok) throw new Error('templates/slack.hbs does not compile');
const { renderer } = compiled;

let characters = 0;
function renderAll(all: readonly AuditEvent[]): void {
  for (const event of all) {
    const result = renderer.render(event);
    if (!result.ok) throw new Error(result.reason);
    characters += result.body.length;
  }
}

/** Mean CPU time in µs of one of the thousand things `work` does. */
function perItemUs(work: () => void): number {
  const before = process.cpuUsage();
  const repeats = Math.ceil(times / lines.length);
  for (let i = 0; i < repeats; i += 1) work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (repeats * lines.length);
}

const works = {
  jsonUs: () => {
    for (const line of lines) characters += JSON.stringify(JSON.parse(line)).length;
  },
  renderUs: () => renderAll(events),
  changedUs: () => renderAll(changed),
};
for (const work of Object.values(works)) for (let i = 0; i < 20; i += 1) work();
const said = Object.fromEntries(Object.entries(works).map(([name, work]) => [name, perItemUs(work)]));
// The count is said too, so that no optimiser may leave the work out.
process.stdout.write(`${JSON.stringify({ ...said, characters })}\n`);
