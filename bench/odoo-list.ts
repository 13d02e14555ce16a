/**
 * How long `mlops.model.list_page` takes with 10,000 versions, inside Odoo (no HTTP): as 100 models
 * of 100 versions each, and as 10,000 models of one version. On a database of its own, dropped at
 * the end. `npx tsx bench/odoo-list.ts`
 */
import { readFileSync } from 'node:fs';
import { dropDatabase, findLauncher, runOdoo } from '../scripts/odoo-launcher.ts';

const SHAPES = [
  [100, 100],
  [10_000, 1],
] as const;
const CALLS = 100;

interface Answer {
  models: number;
  versions: number;
  cases: Record<string, { rows: number; total: number; p50: number; p99: number }>;
}

const launcher = findLauncher();
const database = `bench_list_${process.pid}`;
const script = readFileSync(new URL('./odoo-list.py', import.meta.url), 'utf8');
try {
  const lines: string[] = [];
  const keep = (line: string): void => void lines.push(line);
  const installed = await runOdoo(
    launcher,
    ['-d', database, '-i', 'creativeflow_mlops', '--stop-after-init', '--no-http', '--logfile='],
    keep,
  );
  if (installed !== 0)
    throw new Error(`Odoo did not install the addon:\n${lines.slice(-20).join('\n')}`);
  console.log(
    '| models | versions | page | rows | of | p50 ms | p99 ms |\n|---|---|---|---|---|---|---|',
  );
  for (const [models, each] of SHAPES) {
    lines.length = 0;
    await runOdoo(
      launcher,
      ['shell', '-d', database, '--no-http', '--logfile='],
      keep,
      `BENCH = (${models}, ${each}, ${CALLS})\n${script}`,
    );
    const line = lines.find((one) => one.startsWith('BENCH '));
    if (!line) throw new Error(`No answer:\n${lines.slice(-20).join('\n')}`);
    const answer = JSON.parse(line.slice(6)) as Answer;
    for (const [name, one] of Object.entries(answer.cases)) {
      console.log(
        `| ${answer.models} | ${answer.versions} | ${name} | ${one.rows} | ${one.total} | ${one.p50} | ${one.p99} |`,
      );
    }
  }
} finally {
  await dropDatabase(launcher, database);
}
