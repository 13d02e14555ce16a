import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findLauncher, runOdoo } from '../scripts/odoo-launcher.ts';
import { readStackFacts } from '../stack/facts.ts';

export interface Change {
  /** id of the event that tells of it */
  event: number;
  status: string;
  /** when Odoo ordered the commit, epoch ms */
  at: number;
}
export interface Changes {
  next(): Promise<Change>;
  end(): Promise<void>;
}

/**
 * Odoo itself, in a process of its own on the stack's database, that changes one version's status
 * whenever it is asked to.
 */
export async function startChanges(
  folder: string,
  versionId: number,
  login: string,
): Promise<Changes> {
  const path = join(folder, 'changes.sock');
  const server = createServer();
  server.listen(path);
  const script = readFileSync(new URL('./socket-latency-odoo.py', import.meta.url), 'utf8');
  const said: string[] = [];
  const odoo = runOdoo(
    findLauncher(),
    ['shell', '-d', readStackFacts().odooDatabase, '--no-http', '--log-level=warn'],
    (line) => said.push(line),
    `BENCH = (${versionId}, ${JSON.stringify(login)}, ${JSON.stringify(path)})\n${script}`,
  );
  const ended = odoo.then((code) =>
    Promise.reject(new Error(`Odoo ended with ${code}:\n${said.slice(-20).join('\n')}`)),
  );
  ended.catch(() => undefined);
  const [line] = (await Promise.race([once(server, 'connection'), ended])) as [Socket];
  const answers = createInterface({ input: line })[Symbol.asyncIterator]();
  return {
    next: async () => {
      line.write('change\n');
      const answer = await Promise.race([answers.next(), ended]);
      if (answer.done) return ended;
      return JSON.parse(answer.value) as Change;
    },
    end: async () => {
      line.end();
      server.close();
      await odoo;
    },
  };
}
