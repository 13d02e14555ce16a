import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../run.ts';
import type { StackContext } from '../server.ts';
import { digestOfFiles } from '../sources.ts';

const SOURCES = [
  'pwa/src',
  'pwa/public',
  'pwa/index.html',
  'pwa/vite.config.ts',
  'pwa/tsconfig.json',
  'bridge/src/contract',
  'package-lock.json',
];

/** What nginx serves at /app/. */
export function webAppFolder(context: Pick<StackContext, 'root'>): string {
  return join(context.root, 'pwa', 'dist');
}

/** Builds the web app when its sources changed since the last time. */
export async function buildWebApp(context: StackContext): Promise<void> {
  if (!existsSync(join(context.root, 'pwa', 'index.html')))
    throw new Error('this checkout has no web app: pwa/index.html is missing');
  // goes with the folder: whoever builds otherwise takes it away
  const marker = join(webAppFolder(context), '.sources');
  const digest = digestOfFiles(context.root, SOURCES);
  if (existsSync(marker) && readFileSync(marker, 'utf8') === digest) return;
  context.report('building the web app');
  const vite = join(context.root, 'node_modules/.bin/vite');
  if (!existsSync(vite))
    throw new Error('the packages of this checkout are not installed. Run: npm install');
  await run(vite, ['build', 'pwa'], {
    cwd: context.root,
    env: { ...process.env, NODE_ENV: 'production' },
  });
  writeFileSync(marker, digest);
}
