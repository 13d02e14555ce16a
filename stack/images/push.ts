import { createReadStream, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { registryAccess } from '../../bridge/src/adapters/registry/registry.ts';

const BLOB_DEADLINE_MS = 120_000;

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}
interface Manifest {
  config: Descriptor;
  layers: Descriptor[];
}

/** The digest of the one image of an OCI layout. */
export function digestOfLayout(layout: string): string {
  return descriptorOf(layout).digest;
}

/**
 * The digest that a registry has under `repository:tag`, null when there is none or nobody answers.
 */
export async function digestInRegistry(registry: string, name: string): Promise<string | null> {
  const [repository, tag] = split(name);
  const { origin, headers } = accessOf(registry);
  const answer = await fetch(`${origin}/v2/${repository}/manifests/${tag}`, {
    method: 'HEAD',
    headers: { ...headers, accept: 'application/vnd.oci.image.manifest.v1+json' },
    signal: AbortSignal.timeout(3000),
  }).catch(() => null);
  return answer?.ok ? answer.headers.get('docker-content-digest') : null;
}

/**
 * Puts the image of an OCI layout into a registry as it is: nothing is unpacked and nothing
 * compressed again.
 */
export async function pushLayout(layout: string, registry: string, name: string): Promise<void> {
  const [repository, tag] = split(name);
  const descriptor = descriptorOf(layout);
  const body = readFileSync(blobFile(layout, descriptor.digest));
  const manifest = JSON.parse(body.toString()) as Manifest;
  for (const { digest } of [...manifest.layers, manifest.config])
    await pushBlob(layout, digest, registry, repository);
  const { origin, headers } = accessOf(registry);
  const answer = await fetch(`${origin}/v2/${repository}/manifests/${tag}`, {
    method: 'PUT',
    headers: { ...headers, 'content-type': descriptor.mediaType },
    body,
    signal: AbortSignal.timeout(BLOB_DEADLINE_MS),
  });
  await mustBe(answer, 201, `manifest of ${name}`);
}

async function pushBlob(
  layout: string,
  digest: string,
  registry: string,
  repository: string,
): Promise<void> {
  const { origin, headers } = accessOf(registry);
  const blobs = `${origin}/v2/${repository}/blobs`;
  const there = await fetch(`${blobs}/${digest}`, {
    method: 'HEAD',
    headers,
    signal: AbortSignal.timeout(BLOB_DEADLINE_MS),
  });
  if (there.ok) return;
  const opened = await fetch(`${blobs}/uploads/`, {
    method: 'POST',
    headers,
    signal: AbortSignal.timeout(BLOB_DEADLINE_MS),
  });
  await mustBe(opened, 202, `upload of ${digest}`);
  const url = new URL(opened.headers.get('location')!, blobs);
  url.searchParams.set('digest', digest);
  const file = blobFile(layout, digest);
  const sent = await fetch(url, {
    method: 'PUT',
    duplex: 'half',
    body: Readable.toWeb(createReadStream(file)) as unknown as RequestInit['body'],
    headers: {
      ...headers,
      'content-type': 'application/octet-stream',
      'content-length': String(statSync(file).size),
    },
    signal: AbortSignal.timeout(BLOB_DEADLINE_MS),
  } as RequestInit & { duplex: 'half' });
  await mustBe(sent, 201, `blob ${digest}`);
}

/** fetch takes no URL that carries a password */
function accessOf(registry: string): { origin: string; headers: Record<string, string> } {
  const { origin, authorization } = registryAccess(registry);
  return { origin, headers: authorization ? { authorization } : {} };
}

async function mustBe(answer: Response, status: number, what: string): Promise<void> {
  const text = await answer.text();
  if (answer.status !== status)
    throw new Error(`The registry answered ${answer.status} to the ${what}: ${text.slice(0, 300)}`);
}

function descriptorOf(layout: string): Descriptor {
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as {
    manifests: Descriptor[];
  };
  return index.manifests[0]!;
}

function blobFile(layout: string, digest: string): string {
  return join(layout, 'blobs', digest.replace(':', '/'));
}

function split(name: string): [repository: string, tag: string] {
  const at = name.lastIndexOf(':');
  return [name.slice(0, at), name.slice(at + 1)];
}
