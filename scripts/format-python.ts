/** Formats Python with ruff, and mends what ruff can mend: the second half of `npm run format`. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pythonTools } from './lint/python-tools.ts';

const ruff = join(await pythonTools(), 'ruff');
for (const args of [
  ['check', '--fix', '--quiet', '.'],
  ['format', '--quiet', '.'],
]) {
  const { status } = spawnSync(ruff, args, {
    cwd: join(import.meta.dirname, '..'),
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
