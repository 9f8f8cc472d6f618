import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import type { Config } from '../../src/config/config.ts';
import { AuditsinkError, exitCodeOf } from '../../src/core/errors.ts';
import { version } from '../../src/core/version.ts';
import { tempDir } from '../support/temp-dir.ts';
import { at, loadInImage, read, root } from './manifest.ts';

/** The one file source of a manifest: what the other container must write. */
function logOf(config: Config): string {
  const source = config.sources.find(({ type }) => type === 'file');
  return source?.type === 'file' ? source.path : assert.fail('no file source');
}

const uid = Number(/^USER (\d+):/m.exec(read('Dockerfile'))?.[1]);

test('Kubernetes: the config works and fits the pod around it', async (t) => {
  const documents = parseAllDocuments(read('deploy/kubernetes.yaml')).map((document) => {
    assert.ok('errors' in document && document.errors.length === 0);
    return document.toJS() as unknown;
  });
  const find = (kind: string, name: string): unknown =>
    documents.find((one) => at(one, 'kind') === kind && at(one, 'metadata', 'name') === name);
  const secrets = at(find('Secret', 'auditsink'), 'stringData') as Record<string, string>;
  const text = at(find('ConfigMap', 'auditsink'), 'data', 'config.yaml') as string;
  const config = await loadInImage(t, text, { secrets });
  const flipt = parse(at(find('ConfigMap', 'flipt'), 'data', 'default.yml') as string) as unknown;
  const pod = at(find('StatefulSet', 'flipt'), 'spec', 'template', 'spec');
  const sidecar = at(pod, 'initContainers', 0);
  const server = at(pod, 'containers', 0);
  const mountOf = (container: unknown, path: string): Record<string, unknown> =>
    (at(container, 'volumeMounts') as Array<Record<string, unknown>>).find(
      ({ mountPath }) => mountPath === path,
    ) ?? assert.fail(`${path} is not mounted`);

  assert.equal(at(flipt, 'audit', 'sinks', 'log', 'file'), logOf(config));
  const log = dirname(logOf(config));
  assert.equal(mountOf(sidecar, log)['name'], mountOf(server, log)['name']);
  assert.equal(mountOf(sidecar, log)['readOnly'], true);
  assert.notEqual(mountOf(sidecar, config.stateDir)['readOnly'], true);
  assert.deepEqual(at(sidecar, 'args'), ['run', '-c', '/etc/auditsink/config.yaml']);
  mountOf(sidecar, '/etc/auditsink');
  const volumes = [
    ...(at(pod, 'volumes') as unknown[]).map((volume) => at(volume, 'name')),
    ...(at(find('StatefulSet', 'flipt'), 'spec', 'volumeClaimTemplates') as unknown[]).map((claim) =>
      at(claim, 'metadata', 'name'),
    ),
  ];
  for (const container of [sidecar, server])
    for (const mount of at(container, 'volumeMounts') as unknown[])
      assert.ok(volumes.includes(at(mount, 'name')), `no volume for ${JSON.stringify(mount)}`);

  // kubelet asks from outside the pod.
  assert.equal(config.admin?.host, '0.0.0.0');
  assert.equal(config.admin.token, secrets['admin-token']);
  assert.equal(at(sidecar, 'ports', 0, 'containerPort'), config.admin.port);
  for (const probe of ['startupProbe', 'livenessProbe'])
    assert.deepEqual(at(sidecar, probe, 'httpGet'), { path: '/healthz', port: 'auditsink' });
  assert.equal(at(sidecar, 'restartPolicy'), 'Always');
  assert.equal(at(sidecar, 'image'), `auditsink:${version}`);
  assert.equal(at(sidecar, 'securityContext', 'runAsUser'), uid);
  assert.equal(at(sidecar, 'securityContext', 'readOnlyRootFilesystem'), true);
  assert.ok(Number(at(pod, 'terminationGracePeriodSeconds')) * 1000 > config.shutdownGraceMs);
  const claim = at(find('StatefulSet', 'flipt'), 'spec', 'volumeClaimTemplates', 0);
  assert.equal(at(claim, 'metadata', 'name'), mountOf(sidecar, config.stateDir)['name']);
  const gib = /^(\d+)Gi$/.exec(String(at(claim, 'spec', 'resources', 'requests', 'storage')))?.[1];
  assert.ok(Number(gib) * 1024 ** 3 > config.journal.maxBytes, 'the volume is larger than the journal');
});

test('Compose: the config works and fits the services around it', async (t) => {
  const compose = parse(read('deploy/compose.yaml'), { merge: true }) as unknown;
  const secret = 'a-secret-of-the-composition';
  const config = await loadInImage(t, read('deploy/compose/config.yaml'), {
    env: { WEBHOOK_SECRET: secret },
  });
  const service = at(compose, 'services', 'auditsink');
  const flipt = at(compose, 'services', 'flipt');
  assert.equal(at(flipt, 'environment', 'FLIPT_AUDIT_SINKS_LOG_FILE'), logOf(config));
  const log = dirname(logOf(config));
  assert.ok((at(flipt, 'volumes') as string[]).includes(`audit-log:${log}`));
  const mounts = at(service, 'volumes') as string[];
  assert.ok(mounts.includes(`audit-log:${log}:ro`));
  assert.ok(mounts.includes(`auditsink-state:${config.stateDir}`));
  assert.ok(mounts.includes('./compose:/etc/auditsink:ro'));
  assert.equal(at(service, 'read_only'), true);
  assert.equal(at(service, 'image'), `auditsink:${version}`);
  const url = new URL(config.sinks[0]?.url ?? '');
  assert.ok(at(compose, 'services', url.hostname) !== undefined);
  const command = at(compose, 'services', url.hostname, 'command') as string[];
  assert.ok(command.includes(`--port=${url.port}`));
  assert.equal(
    command.find((word) => word.startsWith('--secret='))?.slice('--secret='.length),
    at(service, 'environment', 'WEBHOOK_SECRET'),
  );
  for (const mount of [...mounts, ...(at(flipt, 'volumes') as string[])]) {
    const volume = mount.split(':')[0] ?? '';
    assert.ok(
      volume.startsWith('.')
        ? existsSync(join(root, 'deploy', volume))
        : volumeNames(compose).includes(volume),
      volume,
    );
  }
});

function volumeNames(compose: unknown): string[] {
  return Object.keys((compose as { volumes: object }).volumes);
}

test('systemd: the unit names what there is, and does not try a wrong config again', (t) => {
  const unit = read('deploy/auditsink.service');
  const setting = (name: string): string =>
    new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? assert.fail(`no ${name}`);
  assert.equal(setting('ExecStart'), '/usr/local/bin/auditsink run -c /etc/auditsink/config.yaml');
  assert.deepEqual(
    setting('RestartPreventExitStatus').split(' ').map(Number),
    (['config', 'usage'] as const).map((code) => exitCodeOf(new AuditsinkError(code, ''))),
  );
  assert.equal(setting('ExecReload'), '/bin/kill -HUP $MAINPID');

  if (spawnSync('systemd-analyze', ['--version']).status !== 0) {
    t.diagnostic('without systemd-analyze here, the unit is only read');
    return;
  }
  const copy = join(tempDir(t), 'auditsink.service');
  // It asks that the program is there.
  writeFileSync(copy, unit.replace('/usr/local/bin/auditsink', process.execPath));
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', copy], { encoding: 'utf8' });
  assert.equal(stderr, '');
  assert.equal(status, 0);
});
