/**
 * The bridge as one file of plain JavaScript: half the memory and a third of the time to its first
 * answer, since it needs no loader of TypeScript and leaves out the thousand classes of the
 * Kubernetes client that it does not use. Packages stay outside of it.
 *
 *   npx tsx bridge/bundle.ts writes bridge/dist/main.mjs; run it with `node --max-semi-space-size=8
 *   bridge/dist/main.mjs`
 */
import { renameSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import type { Plugin } from 'esbuild';

const ROOT = path.join(import.meta.dirname, '..');
export const BRIDGE_PROGRAM = path.join(ROOT, 'bridge/dist/main.mjs');
/**
 * MiB of each half of the young generation, which otherwise grows to 16: buffers of uploads and
 * builds lie outside of it
 */
export const BRIDGE_NODE_OPTIONS = ['--max-semi-space-size=8'];
const CLIENT = '@kubernetes/client-node';
/**
 * its barrels, each of which drags in every class of the API where nobody says that importing them
 * has no effect
 */
const BARRELS =
  /^\.\/(gen\/index|models\/all|types\/ObjectParamAPI|apis\/\w+|http\/http|auth\/auth|rxjsStub|servers)\.js$/;

/** `out` must lie in the checkout, beside the packages. It is there whole or not at all. */
export async function bundleBridge(
  entry = path.join(ROOT, 'bridge/src/main.ts'),
  out = BRIDGE_PROGRAM,
): Promise<string> {
  const half = `${out}.${process.pid}`;
  await build({
    entryPoints: [entry],
    outfile: half,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    alias: { [CLIENT]: path.join(ROOT, 'node_modules', CLIENT, 'dist/config.js') },
    define: {
      __PROBLEMS_PAGE__: JSON.stringify(
        await readFile(path.join(ROOT, 'docs/problems.md'), 'utf8'),
      ),
    },
    plugins: [packagesOutside, barrelsWithoutEffect, placesOfSources(path.dirname(out))],
  });
  renameSync(half, out);
  return out;
}

const packagesOutside: Plugin = {
  name: 'packages-outside',
  setup(bundler) {
    bundler.onResolve({ filter: /^[^./]/ }, ({ kind, path: name }) =>
      kind === 'entry-point' || name === CLIENT ? undefined : { external: true },
    );
  },
};

const barrelsWithoutEffect: Plugin = {
  name: 'barrels-without-effect',
  setup(bundler) {
    bundler.onResolve(
      { filter: BARRELS },
      async ({ path: name, kind, importer, resolveDir, pluginData }) => {
        if (pluginData === CLIENT || !importer.includes(CLIENT)) return undefined;
        return {
          ...(await bundler.resolve(name, { kind, importer, resolveDir, pluginData: CLIENT })),
          sideEffects: false,
        };
      },
    );
  },
};

/** What a source finds beside itself (a worker, tables) it finds there from the bundle too. */
function placesOfSources(folder: string): Plugin {
  return {
    name: 'places-of-sources',
    setup(bundler) {
      bundler.onLoad({ filter: /\.ts$/ }, async ({ path: file }) => {
        const source = await readFile(file, 'utf8');
        if (!/import\.meta\.(dirname|url)/.test(source)) return undefined;
        const url = `new URL(${JSON.stringify(path.relative(folder, file))}, import.meta.url)`;
        const contents = source.replace(/import\.meta\.(dirname|url)/g, (_whole, which) =>
          which === 'url'
            ? `${url}.href`
            : `decodeURIComponent(new URL('.', ${url}).pathname).slice(0, -1)`,
        );
        return { contents, loader: 'ts' };
      });
    },
  };
}

if (process.argv[1] === import.meta.filename) process.stdout.write(`${await bundleBridge()}\n`);
