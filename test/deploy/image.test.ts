import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { read, root } from './manifest.ts';
import { commands } from './program.ts';

const dockerfile = read('Dockerfile');
const allowed = read('.dockerignore')
  .split('\n')
  .filter((line) => line.startsWith('!'))
  .map((line) => line.slice(1));

/** The JSON array behind an instruction. */
function words(instruction: string): string[] {
  const found = new RegExp(`${instruction} (\\[.*\\])$`, 'm').exec(dockerfile)?.[1];
  return JSON.parse(found ?? assert.fail(`no ${instruction}`)) as string[];
}

test('what the image is built from is there and sent to the builder', () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(
    ([, sources]) => sources?.split(' ') ?? [],
  );
  assert.ok(copied.length > 5);
  for (const source of copied) {
    assert.ok(existsSync(join(root, source)), source);
    assert.ok(allowed.includes(source), `${source} in .dockerignore`);
  }
  assert.deepEqual(copied.toSorted(), allowed.toSorted());
});

test('the image starts commands that there are, by the name the root file system gives them', () => {
  assert.deepEqual(words('ENTRYPOINT'), ['auditsink']);
  const names = commands().map((command) => command.name());
  const [, health] = words('HEALTHCHECK .* CMD');
  const [run] = words('^CMD');
  for (const name of [health, run]) assert.ok(names.includes(name ?? ''), `no command ${name}`);
  assert.match(read('deploy/rootfs.sh'), /^ln -s \S+ "\$root\/usr\/local\/bin\/auditsink"$/m);
  assert.match(dockerfile, /^ENV PATH=\/usr\/local\/bin /m);
});

test('the daemon in the image owns its state and nothing else', () => {
  const user = /^USER (\d+:\d+)$/m.exec(dockerfile)?.[1] ?? assert.fail();
  assert.notEqual(user, '0:0');
  const volume = /^VOLUME (\S+)$/m.exec(dockerfile)?.[1];
  const owned = [...read('deploy/rootfs.sh').matchAll(/^chown (\S+) "\$root(.*)"$/gm)];
  assert.deepEqual(
    owned.map(([, owner, path]) => [owner, path]),
    [[user, volume]],
  );
  assert.match(read('deploy/compile-cache.sh'), new RegExp(`--userspec=${user}`));
});
