import type { MeasuredProcess } from './measured-process.ts';

/** Where a daemon with `admin: 127.0.0.1:0` and info logging listens, once it is ready. */
export async function adminOf(daemon: MeasuredProcess): Promise<string> {
  const { admin } = JSON.parse(await daemon.line('"ready"')) as { admin: string };
  return admin;
}

/** The sum of one metric over its labels. */
export async function metric(admin: string, name: string): Promise<number> {
  const response = await fetch(`http://${admin}/metrics`);
  const lines = (await response.text()).split('\n');
  return lines
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
