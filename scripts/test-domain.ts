/**
 * The addon's pure rules (odoo_addon/creativeflow_mlops/domain) in plain Python, without Odoo.
 *
 *   npm run test:domain
 *
 * Needs Python 3.11 and nothing besides. Ends with `N passed, N failed`; exits 1 on a failure.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { noCounts, writeCounts } from './test/counts.ts';

const ROOT = join(import.meta.dirname, '..');
const ADDON = join(ROOT, 'odoo_addon');
/** The whole takes a second. */
const DEADLINE_MS = 60_000;

const run = spawnSync(
  'python3',
  ['-m', 'unittest', 'discover', '-v', '-s', join(ADDON, 'tests/domain')],
  {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: DEADLINE_MS,
    env: {
      ...process.env,
      PYTHONPATH: join(ADDON, 'creativeflow_mlops'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
  },
);
process.stdout.write(run.stderr);
const ran = Number(/^Ran (\d+) tests? in /m.exec(run.stderr)?.[1] ?? 0);
const [failures, errors] = ['failures', 'errors'].map((kind) =>
  Number(new RegExp(`^FAILED \\(.*\\b${kind}=(\\d+)`, 'm').exec(run.stderr)?.[1] ?? 0),
);
// a case within a test counts by itself, so there can be more failures than tests
const failed = failures! + errors! || (run.status === 0 && ran > 0 ? 0 : 1);
const passed = Math.max(0, ran - failed);
writeCounts({ ...noCounts(), passed, failed, broken: failed > 0 ? [run.stderr] : [] });
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 ? 1 : 0;
