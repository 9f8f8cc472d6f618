import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DaemonProcess } from '../support/daemon-process.ts';
import { tempDir } from '../support/temp-dir.ts';

const config = {
  sources: [{ name: 'flipt', type: 'file', path: 'audit.log' }],
  sinks: [{ name: 'nobody', url: 'http://127.0.0.1:9/' }],
};

for (const options of ['', '--no-warnings']) {
  const isRestarted = options === '';
  test(
    `run ${isRestarted ? 'tells Node of less memory' : 'leaves Node as its user has it'}, as the same process`,
    { skip: process.platform !== 'linux' },
    async (t) => {
      const daemon = await DaemonProcess.start(tempDir(t), config, { NODE_OPTIONS: options });
      t.after(() => daemon.signal('SIGKILL'));
      const command = readFileSync(`/proc/${daemon.pid}/cmdline`, 'utf8').split('\0');
      assert.equal(command[0], process.execPath);
      assert.equal(command.includes('--max-semi-space-size=16'), isRestarted);
      assert.equal(command.at(-4), 'run');
      assert.equal(daemon.stderr, '');
    },
  );
}
