import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { LINT_CACHE, pythonTools } from './python-tools.ts';

/** One command that must end with 0. */
export interface Check {
  name: string;
  command(): string[] | Promise<string[]>;
}

const ROOT = join(import.meta.dirname, '../..');
/** Caches hold absolute paths: each checkout has its own. */
const CACHE = join(LINT_CACHE, createHash('sha256').update(ROOT).digest('hex').slice(0, 12));
const CRUISED = 'bridge stack e2e bench demo scripts pwa/src pwa/test examples'.split(' ');

/** A model is spread over files on purpose, one concern a file: R8180 asks for the opposite. */
const ONE_CONCERN_A_FILE = '--disable=consider-merging-classes-inherited';

/** Every check of the code that runs none of it; those that take longest come first. */
export const CHECKS: Check[] = [
  node('types', 'typescript/bin/tsc', ['-p', 'tsconfig.json', ...incremental('bridge')]),
  node('eslint', 'eslint/bin/eslint.js', [
    '.',
    ...['--cache', '--cache-strategy', 'content', '--cache-location', join(CACHE, 'eslint')],
  ]),
  node('prettier', 'prettier/bin/prettier.cjs', [
    ...['--check', '.', '--log-level', 'warn'],
    ...['--cache', '--cache-strategy', 'content', '--cache-location', join(CACHE, 'prettier')],
  ]),
  node('types of the web app', 'typescript/bin/tsc', [
    ...['-p', 'pwa/tsconfig.json'],
    ...incremental('pwa'),
  ]),
  node('imports', 'dependency-cruiser/bin/dependency-cruise.mjs', CRUISED),
  node('unused code', 'knip/bin/knip.js', ['--no-progress']),
  python('pylint-odoo', 'pylint', [ONE_CONCERN_A_FILE, 'odoo_addon/creativeflow_mlops']),
  python('ruff', 'ruff', ['check', '--quiet', '--no-cache', '.']),
  python('ruff format', 'ruff', ['format', '--check', '--quiet', '--diff', '--no-cache', '.']),
  { name: 'docs/statuses.md', command: () => ['python3', 'scripts/status-diagram.py', '--check'] },
  generated('docs/scan-rules.md', 'scripts/scan-rules-page.ts'),
  generated('k8s/base/build-commands.yaml', 'scripts/build-commands.ts'),
  generated('stack/compose/nginx.conf.template', 'stack/compose/nginx.ts'),
];

function node(name: string, script: string, args: string[]): Check {
  return { name, command: () => [process.execPath, join('node_modules', script), ...args] };
}

function python(name: string, program: string, args: string[]): Check {
  return { name, command: async () => [join(await pythonTools(), program), ...args] };
}

function generated(file: string, writer: string): Check {
  return { name: file, command: () => [process.execPath, '--import', 'tsx', writer, '--check'] };
}

function incremental(name: string): string[] {
  return ['--incremental', '--tsBuildInfoFile', join(CACHE, `${name}.tsbuildinfo`)];
}
