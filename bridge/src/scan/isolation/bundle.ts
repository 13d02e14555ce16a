import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const FOLDER = path.join(import.meta.dirname, '..');
let made: string | undefined;

/**
 * The child's program as one file of plain JavaScript: it starts in a tenth of the time, and needs no loader that would want to write.
 * Kept beside the packages under the digest of its sources, else in a folder of this process alone.
 */
export async function childBundle(): Promise<string> {
  if (made !== undefined && fs.existsSync(made)) return made;
  const name = `scan-child-${digestOfSources()}.mjs`;
  const kept = keptFolder();
  if (kept !== null && fs.existsSync(path.join(kept, name))) return (made = path.join(kept, name));
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [path.join(FOLDER, 'child.ts')], bundle: true, write: false, platform: 'node', format: 'esm', target: 'node20', logLevel: 'silent',
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(path.join(FOLDER, 'data', 'read.ts')).href) },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire('/');" },
  });
  const folder = kept ?? fs.mkdtempSync(path.join(os.tmpdir(), 'creativeflow-scan-child-'));
  const half = path.join(folder, `${name}.${process.pid}`);
  fs.writeFileSync(half, outputFiles[0]!.contents);
  fs.renameSync(half, path.join(folder, name));
  return (made = path.join(folder, name));
}

function digestOfSources(): string {
  const hash = crypto.createHash('sha256').update(process.version);
  const files = fs.readdirSync(FOLDER, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && entry.name.endsWith('.ts'));
  for (const file of files.map((entry) => path.join(entry.parentPath, entry.name)).sort()) {
    const { size, mtimeMs } = fs.statSync(file);
    hash.update(`${file}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

/** Where nobody but the one who installed the packages can write. */
function keptFolder(): string | null {
  const folder = path.join(FOLDER, '../../../node_modules/.cache/creativeflow');
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    fs.accessSync(folder, fs.constants.W_OK);
    return folder;
  } catch {
    return null;
  }
}
