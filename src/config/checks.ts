import { resolve } from 'node:path';
import { checkDelivery } from './check-delivery.ts';
import { checkHeaders } from './check-headers.ts';
import { checkListeners } from './check-listeners.ts';
import { checkRouting } from './check-routing.ts';
import { checkSigning, checkVerify } from './check-signing.ts';
import type { Checked } from './checked.ts';
import type { Path } from './pointer.ts';

/**
 * What no single setting can know: how they fit together. Works on the values as written, so that it finds
 * what it can also beside settings that are wrong by themselves.
 */
export function checkConfig(config: Checked): void {
  const sources = entries(config, 'sources');
  const sinks = entries(config, 'sinks');
  if (Array.isArray(config.tree.at(['sources'])) && sources.length === 0) {
    config.add(['sources'], {
      code: 'no_sources',
      message: 'there are no sources',
      hint: 'add one: `- { name: flipt, type: file, path: /var/log/flipt/audit.log }`',
    });
  }
  if (Array.isArray(config.tree.at(['sinks'])) && sinks.length === 0) {
    config.add(['sinks'], {
      code: 'no_sinks',
      message: 'there are no sinks',
      hint: 'add one: `- { name: slack, url: "${env:SLACK_WEBHOOK_URL}" }`',
    });
  }
  checkNames(config, sources, 'sources');
  checkNames(config, sinks, 'sinks');
  checkStdin(config, sources);
  checkFiles(config, sources);
  checkListeners(config, sources);
  for (const source of sources) checkVerify(config, [...source, 'verify']);
  for (const sink of sinks) {
    checkRouting(config, sink, sources);
    checkHeaders(config, sink);
    checkSigning(config, sink);
    checkDelivery(config, sink);
  }
  if (sinks.length > 0 && sinks.every((sink) => String(config.tree.at([...sink, 'enabled'])) === 'false')) {
    config.add(['sinks'], {
      severity: 'warning',
      code: 'all_disabled',
      message: 'every sink is disabled: nothing will be sent',
    });
  }
}

function entries(config: Checked, list: string): Path[] {
  return Array.from({ length: config.length([list]) }, (_, i) => [list, i]);
}

function checkNames(config: Checked, items: readonly Path[], list: string): void {
  const seen = new Set<string>();
  for (const item of items) {
    const name = config.text([...item, 'name']);
    if (name === undefined) continue;
    if (seen.has(name)) {
      const shown = config.shown([...item, 'name']);
      config.add([...item, 'name'], {
        code: 'duplicate_name',
        message: `${shown} is the name of another entry of \`${list}\``,
        hint: 'names are unique: what is kept in the journal belongs to them',
      });
    }
    seen.add(name);
  }
}

function checkStdin(config: Checked, sources: readonly Path[]): void {
  for (const source of sources.filter((path) => config.text([...path, 'type']) === 'stdin').slice(1)) {
    config.add([...source, 'type'], {
      code: 'stdin_twice',
      message: 'stdin is read by another source already',
      hint: 'there is one standard input; keep one of the two',
    });
  }
}

function checkFiles(config: Checked, sources: readonly Path[]): void {
  const seen = new Set<string>();
  for (const source of sources.filter((path) => config.text([...path, 'type']) === 'file')) {
    const at = [...source, 'path'];
    const file = config.text(at);
    if (file === undefined) continue;
    const resolved = resolve('/', file);
    if (seen.has(resolved)) {
      config.add(at, {
        severity: 'warning',
        code: 'file_twice',
        message: 'another source reads the same file: each event will be there twice',
        hint: 'several sinks can share one source',
      });
    }
    seen.add(resolved);
  }
}
