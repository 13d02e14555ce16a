import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../../stack/free-port.ts';
import { debianProgram } from '../debian-program.ts';

const START_DEADLINE_MS = 30_000;

/** A real Prometheus that scrapes `metricsUrl` every second, on loopback alone. */
export async function startPrometheus(metricsUrl: string): Promise<{ url: string; stop(): void }> {
  const prefix = await debianProgram('prometheus', 'usr/bin/prometheus', ['prometheus']);
  const folder = mkdtempSync(join(tmpdir(), 'creativeflow-prometheus-'));
  const { host, pathname } = new URL(metricsUrl);
  writeFileSync(
    join(folder, 'prometheus.yml'),
    JSON.stringify({
      global: { scrape_interval: '1s', scrape_timeout: '1s' },
      scrape_configs: [
        { job_name: 'gateway', metrics_path: pathname, static_configs: [{ targets: [host] }] },
      ],
    }),
  );
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    'setpriv',
    [
      '--pdeathsig=KILL',
      '--',
      join(prefix, 'usr/bin/prometheus'),
      '--config.file',
      join(folder, 'prometheus.yml'),
      '--storage.tsdb.path',
      join(folder, 'data'),
      '--web.listen-address',
      address,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (chunk) => (said = (said + String(chunk)).slice(-2000)));
  const stop = (): void => {
    child.kill('SIGKILL');
    child.once('close', () => rmSync(folder, { recursive: true, force: true }));
  };
  for (
    const deadline = Date.now() + START_DEADLINE_MS;
    !(await fetch(`http://${address}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    ));
  ) {
    if (child.exitCode !== null || Date.now() > deadline) {
      stop();
      throw new Error(`Prometheus does not start: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url: `http://${address}`, stop };
}
