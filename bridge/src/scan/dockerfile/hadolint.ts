import { spawnSync } from 'node:child_process';
import type { Report } from '../report.ts';
import type { ToolStatus } from '../types.ts';

const DEADLINE_MS = 20_000;
/** structure and habits that we judge ourselves, with a verdict */
const OURS = new Set([
  'DL3002',
  'DL3004',
  'DL3006',
  'DL3007',
  'DL3008',
  'DL3013',
  'DL3025',
  'DL3057',
]);

interface Remark {
  line: number;
  column: number;
  code: string;
  message: string;
}

/**
 * A second opinion where hadolint is installed: remarks only, our own rules give the verdict. What
 * it cannot parse is "not linted".
 */
export function secondOpinion(path: string, file: string, report: Report): ToolStatus {
  const done = spawnSync(
    'hadolint',
    ['--no-color', '--format', 'json', '--disable-ignore-pragma', path],
    { encoding: 'utf8', timeout: DEADLINE_MS },
  );
  if (done.error !== undefined)
    return {
      name: 'hadolint',
      status: (done.error as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : 'error',
      detail: null,
    };
  const remarks = parse(done.stdout);
  if (remarks === null)
    return { name: 'hadolint', status: 'error', detail: done.stderr.trim().slice(0, 200) };
  if (remarks.some(({ code }) => code === 'DL1000'))
    return {
      name: 'hadolint',
      status: 'not-linted',
      detail: 'hadolint cannot parse this Dockerfile.',
    };
  for (const { line, column, code, message } of remarks)
    if (!OURS.has(code))
      report.add('docker-hadolint', {
        file,
        line,
        column,
        symbol: code,
        why: `hadolint ${code}: ${message}`,
      });
  return { name: 'hadolint', status: 'ok', detail: null };
}

function parse(text: string): Remark[] | null {
  try {
    const remarks = JSON.parse(text) as unknown;
    return Array.isArray(remarks) ? (remarks as Remark[]) : null;
  } catch {
    return null;
  }
}
