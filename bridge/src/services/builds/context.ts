import { pipeline } from 'node:stream/promises';
import type { Readable, Writable } from 'node:stream';
import { pack } from 'tar-stream';
import { Failed } from '../../errors.ts';
import type { VersionWork } from '../ports/odoo.ts';
import type { ObjectStore } from '../ports/object-store.ts';

type Artifact = VersionWork['artifacts'][number];
const DOCKERFILE = 'Dockerfile';

/**
 * The files of a build's context: name in it → artifact. The Dockerfile is always called
 * `Dockerfile`.
 */
export function contextFiles(artifacts: Artifact[]): Map<string, Artifact> {
  const files = new Map<string, Artifact>();
  for (const artifact of artifacts) {
    const name = artifact.kind === 'dockerfile' ? DOCKERFILE : artifact.filename;
    if (!isPlainPath(name))
      throw new Failed(`The file name "${name}" cannot stand in a build context.`, {
        code: 'context-name',
      });
    if (artifact.kind !== 'dockerfile' && name === DOCKERFILE) continue;
    files.set(name, artifact);
  }
  if (!files.has(DOCKERFILE))
    throw new Failed('The version has no Dockerfile.', { code: 'context-no-dockerfile' });
  return files;
}

/**
 * Streams the context as a tar, one object after the other, never more than a buffer of it in
 * memory. `without`: what is not wanted of it.
 */
export async function writeContext(
  store: ObjectStore,
  artifacts: Artifact[],
  into: Writable,
  without: ReadonlySet<string> = new Set(),
): Promise<void> {
  const tar = pack();
  const sent = pipeline(tar as unknown as Readable, into);
  sent.catch(() => undefined); // told below, together with its cause
  try {
    for (const [name, artifact] of contextFiles(artifacts)) {
      if (without.has(name)) continue;
      const entry = tar.entry({ name, size: artifact.size, mode: 0o644, mtime: new Date(0) });
      await pipeline(await store.get(artifact.objectKey), entry as unknown as Writable);
    }
    tar.finalize();
  } catch (error) {
    tar.destroy();
    await sent.catch(() => undefined);
    throw error;
  }
  await sent;
}

function isPlainPath(name: string): boolean {
  return (
    name !== '' &&
    name.length <= 255 &&
    !name.startsWith('/') &&
    !name.includes('\\') &&
    !name.includes('\0') &&
    name.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  );
}
