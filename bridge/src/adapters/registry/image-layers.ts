import type { Readable } from 'node:stream';
import { request } from 'undici';
import { Unavailable } from '../../errors.ts';
import type { ImageLayersPort, ImageLayer } from '../../services/ports/cluster.ts';
import { parseManifest, registryAccess, unavailable } from './registry.ts';

const MANIFEST_DEADLINE_MS = 10_000;
const INDEX = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
const MANIFEST = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

interface Manifest {
  schemaVersion: 2;
  layers?: Descriptor[];
  manifests?: Descriptor[];
}
interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  platform?: { os: string; architecture: string };
}

/**
 * The layers of an image in a registry of the OCI distribution specification, lowest first, as
 * streams.
 */
export class HttpImageLayers implements ImageLayersPort {
  readonly #origin: string;
  readonly #headers: Record<string, string>;
  readonly #deadlineMs: number;

  constructor(url: string, deadlineMs = MANIFEST_DEADLINE_MS) {
    this.#deadlineMs = deadlineMs;
    const { origin, authorization } = registryAccess(url);
    this.#origin = origin;
    this.#headers = authorization ? { authorization } : {};
  }

  async layersOf(repository: string, digest: string, signal?: AbortSignal): Promise<ImageLayer[]> {
    const manifest = await this.#manifest(repository, digest);
    const listed = manifest.manifests;
    if (listed !== undefined) {
      const one =
        listed.find(
          ({ platform }) => platform?.os === 'linux' && platform.architecture === 'amd64',
        ) ?? listed[0];
      if (one === undefined)
        throw new Unavailable(`The index ${repository}@${digest} names no image.`, {
          code: 'registry-unavailable',
        });
      return this.layersOf(repository, one.digest, signal);
    }
    return (manifest.layers ?? []).map((layer) => ({
      digest: layer.digest,
      size: layer.size,
      compressed: /gzip/.test(layer.mediaType),
      open: () => this.#blob(repository, layer.digest, signal),
    }));
  }

  async #manifest(repository: string, digest: string): Promise<Manifest> {
    const answer = await this.#get(
      `${this.#origin}/v2/${repository}/manifests/${digest}`,
      { accept: [...MANIFEST, ...INDEX].join(', ') },
      AbortSignal.timeout(this.#deadlineMs),
    );
    const bytes = await whole(answer).catch((error: Error) => {
      throw unavailable(`broke off the manifest ${repository}@${digest}`, error);
    });
    const manifest = parseManifest(bytes);
    if (manifest === null)
      throw unavailable(`answered with no manifest for ${repository}@${digest}`);
    return manifest;
  }

  #blob(repository: string, digest: string, signal: AbortSignal | undefined): Promise<Readable> {
    return this.#get(`${this.#origin}/v2/${repository}/blobs/${digest}`, {}, signal);
  }

  async #get(
    url: string,
    headers: Record<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<Readable> {
    const answer = await request(url, { headers: { ...this.#headers, ...headers }, signal }).catch(
      (error: Error) => {
        throw new Unavailable(`The registry did not answer GET ${url}: ${error.message}`, {
          code: 'registry-unavailable',
          cause: error,
        });
      },
    );
    if (answer.statusCode === 200) return answer.body;
    await answer.body.dump();
    throw new Unavailable(`The registry answered ${answer.statusCode} to GET ${url}.`, {
      code: 'registry-unavailable',
    });
  }
}

async function whole(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
