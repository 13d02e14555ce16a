import { createGunzip } from 'node:zlib';
import type { Readable } from 'node:stream';
import tar from 'tar-stream';
import { readDistInfo, readNpm } from './language-packages.ts';
import { readApk, readDpkg, readOperatingSystem } from './operating-system.ts';
import type { Package, PackageReader } from './package.ts';

const READERS: [RegExp, PackageReader][] = [
  [/^var\/lib\/dpkg\/status(\.d\/[^/]+)?$/, readDpkg],
  [/^lib\/apk\/db\/installed$/, readApk],
  [/\.dist-info\/METADATA$|\.egg-info\/PKG-INFO$/, readDistInfo],
  [/(^|\/)node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/, readNpm],
];
const SYSTEM = /^(etc|usr\/lib)\/os-release$/;
/** Lists of packages are a few megabytes at most; a longer one is not one. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;
const WHITEOUT = /(^|\/)\.wh\.([^/]+)$/;

/** A layer as the registry gives it: a tar, mostly gzipped. */
export interface Layer {
  compressed: boolean;
  open(): Promise<Readable>;
}

/**
 * The packages of an image, from its layers in their order; what a later layer deletes or replaces
 * is not counted. Only the lists of packages are kept, nothing is written to disk.
 */
export async function packagesOf(layers: readonly Layer[]): Promise<Package[]> {
  const files = new Map<string, string>();
  for (const layer of layers) await readLayer(layer, files);
  const system = readOperatingSystem([...files].find(([path]) => SYSTEM.test(path))?.[1] ?? '');
  const found = [...files].flatMap(([path, text]) =>
    READERS.filter(([form]) => form.test(path)).flatMap(([, read]) => read(text, path, system)),
  );
  return [...new Map(found.map((one) => [one.purl, one])).values()].sort((a, b) =>
    a.purl < b.purl ? -1 : 1,
  );
}

async function readLayer(layer: Layer, files: Map<string, string>): Promise<void> {
  const source = await layer.open();
  const extract = tar.extract();
  const unpacked = layer.compressed ? source.pipe(createGunzip()) : source;
  for (const stream of new Set([source, unpacked]))
    stream.on('error', (error: Error) => extract.destroy(error));
  unpacked.pipe(extract);
  const added = new Map<string, string>();
  for await (const entry of extract) {
    const path = entry.header.name.replace(/^\.?\//, '');
    const gone = WHITEOUT.exec(path);
    if (gone !== null) forget(files, path.slice(0, gone.index + gone[1]!.length), gone[2]!);
    if (
      entry.header.type === 'file' &&
      (entry.header.size ?? 0) <= FILE_BYTES_MAX &&
      (SYSTEM.test(path) || READERS.some(([form]) => form.test(path)))
    ) {
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      added.set(path, Buffer.concat(chunks).toString('utf8'));
    } else entry.resume();
  }
  for (const [path, text] of added) files.set(path, text);
}

/**
 * `.wh.NAME` deletes NAME and what is in it; `.wh..wh..opq` everything in the folder:
 * https://github.com/opencontainers/image-spec/blob/main/layer.md
 */
function forget(files: Map<string, string>, folder: string, name: string): void {
  const gone = name === '.wh..opq' ? folder : `${folder}${name}`;
  for (const path of [...files.keys()])
    if (path === gone || path.startsWith(gone.endsWith('/') || gone === '' ? gone : `${gone}/`))
      files.delete(path);
}
