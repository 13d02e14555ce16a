import type { Plugin } from 'esbuild';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const FOLDER = path.join(import.meta.dirname, '..');
const DATA = path.join(FOLDER, 'data');
/** Where nobody but the one who installed the packages can write. */
const KEPT = path.join(FOLDER, '../../../node_modules/.cache/creativeflow');
const INSTALLED = path.join(FOLDER, '../../../node_modules/.package-lock.json');
const OLD_MS = 7 * 24 * 3600_000;
let made: Promise<string> | undefined;

/**
 * The child's program, tables included, as one file of plain JavaScript: it starts in a tenth of
 * the time, and needs neither a loader that would want to write nor any other file. Kept beside the
 * packages under the digest of its sources (an image brings it along), else in a folder of this
 * process alone.
 */
export async function childBundle(): Promise<string> {
  const bundle = await (made ??= make());
  // whoever clears caches must not stop the scans
  return fs.existsSync(bundle) ? bundle : (made = make());
}

async function make(): Promise<string> {
  const name = `scan-child-${digestOfSources()}.mjs`;
  if (fs.existsSync(path.join(KEPT, name))) return path.join(KEPT, name);
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [path.join(FOLDER, 'child.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
    plugins: [tablesInside],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire('/');",
    },
  });
  const folder = keptFolder() ?? fs.mkdtempSync(path.join(os.tmpdir(), 'creativeflow-scan-child-'));
  const half = path.join(folder, `${name}.${process.pid}`);
  fs.writeFileSync(half, outputFiles[0]!.contents);
  fs.renameSync(half, path.join(folder, name));
  removeOld(folder);
  return path.join(folder, name);
}

/**
 * Puts the files of data/ in the place of the reading of files; each is parsed when it is asked
 * for.
 */
const tablesInside: Plugin = {
  name: 'tables-inside',
  setup(build) {
    build.onLoad({ filter: /[\\/]data[\\/]read\.ts$/ }, () => {
      const tables = fs
        .readdirSync(DATA)
        .filter((name) => name.endsWith('.json'))
        .map((name) => [
          name,
          JSON.stringify(JSON.parse(fs.readFileSync(path.join(DATA, name), 'utf8'))),
        ]);
      return {
        loader: 'js',
        contents: `const tables = ${JSON.stringify(Object.fromEntries(tables))};\nexport const readData = (name) => JSON.parse(tables[name]);`,
      };
    });
  },
};

function digestOfSources(): string {
  const hash = crypto.createHash('sha256').update(process.version);
  const files = fs
    .readdirSync(FOLDER, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|json)$/.test(entry.name));
  for (const file of files.map((entry) => path.join(entry.parentPath, entry.name)).sort()) {
    hash
      .update(`${path.relative(FOLDER, file)}\0`)
      .update(fs.readFileSync(file))
      .update('\0');
  }
  // and what they import
  if (fs.existsSync(INSTALLED)) hash.update(fs.readFileSync(INSTALLED));
  return hash.digest('hex').slice(0, 16);
}

/** Of sources that are no more; not those of another checkout that works with the same packages. */
function removeOld(folder: string): void {
  for (const name of fs.readdirSync(folder).filter((each) => each.startsWith('scan-child-'))) {
    const file = path.join(folder, name);
    const stat = fs.statSync(file, { throwIfNoEntry: false });
    if (stat !== undefined && Date.now() - stat.mtimeMs > OLD_MS) fs.rmSync(file, { force: true });
  }
}

function keptFolder(): string | null {
  try {
    fs.mkdirSync(KEPT, { recursive: true });
    fs.accessSync(KEPT, fs.constants.W_OK);
    return KEPT;
  } catch {
    return null;
  }
}
