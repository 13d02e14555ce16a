import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { request } from 'undici';
import type { Dispatcher } from 'undici';
import { Conflict, NotFound, Unavailable } from '../../errors.ts';
import type { BlobPart, ImageStorePort, StoredManifest } from '../../services/ports/image-store.ts';
import { HttpRegistry, parseManifest, registryAccess, unavailable } from './registry.ts';

const REQUEST_DEADLINE_MS = 20_000;
/**
 * The registry may think this long about a part, or about the digest of a whole blob at the end.
 */
const SILENCE_MS = 120_000;
const MANIFEST_MAX_BYTES = 4 * 1024 * 1024;
const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

type Options = {
  headers?: Record<string, string>;
  body?: Readable | Buffer;
  signal?: AbortSignal | undefined;
  silenceMs?: number;
};

/**
 * Blobs and manifests in a registry of the OCI distribution specification, read and written with
 * the bridge's own right.
 */
export class HttpImageStore extends HttpRegistry implements ImageStorePort {
  readonly #origin: string;
  readonly #authorization: string | undefined;

  readonly #deadlineMs: number;

  constructor(url: string, deadlineMs = REQUEST_DEADLINE_MS) {
    super(url, deadlineMs);
    this.#deadlineMs = deadlineMs;
    const { origin, authorization } = registryAccess(url);
    this.#origin = origin;
    this.#authorization = authorization;
  }

  async manifest(repository: string, reference: string): Promise<StoredManifest | null> {
    const answer = await this.#ask('GET', `/v2/${repository}/manifests/${reference}`, [200, 404], {
      headers: { accept: MANIFEST_TYPES },
    });
    const bytes = await small(answer.body);
    if (answer.statusCode === 404) return this.confirmRegistry();
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const said = [
      header(answer, 'docker-content-digest'),
      ...(reference.startsWith('sha256:') ? [reference] : []),
    ];
    const isOther = said.some((named) => named !== undefined && named !== digest);
    if (isOther || parseManifest(bytes) === null)
      throw unavailable(`answered with no manifest for ${repository}:${reference}`);
    return { digest, mediaType: header(answer, 'content-type') ?? '', bytes };
  }

  async hasBlob(repository: string, digest: string): Promise<boolean> {
    const answer = await this.#ask('HEAD', `/v2/${repository}/blobs/${digest}`, [200, 404]);
    await answer.body.dump();
    if (header(answer, 'docker-content-digest') !== digest) await this.confirmRegistry();
    return answer.statusCode === 200;
  }

  async blob(repository: string, digest: string, signal?: AbortSignal): Promise<Readable> {
    const answer = await this.#ask('GET', `/v2/${repository}/blobs/${digest}`, [200, 307, 404], {
      signal,
    });
    if (answer.statusCode === 200) return answer.body;
    await answer.body.dump();
    const elsewhere = header(answer, 'location');
    // the storage behind a registry gets no password of it
    if (answer.statusCode === 307 && elsewhere)
      return (await this.#ask('GET', elsewhere, [200], { signal })).body;
    await this.confirmRegistry();
    throw new NotFound(`The registry has no ${digest} in ${repository}.`, {
      code: 'blob-not-found',
    });
  }

  async mount(repository: string, digest: string, from: string): Promise<boolean> {
    const answer = await this.#ask(
      'POST',
      `/v2/${repository}/blobs/uploads/?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`,
      [201, 202],
    );
    await answer.body.dump();
    if (answer.statusCode === 201) return true;
    const place = this.#place(answer); // an ordinary upload was begun instead
    await (await this.#ask('DELETE', place, [200, 202, 204, 404, 405])).body.dump();
    return false;
  }

  async putBlob(repository: string, digest: string, bytes: Buffer): Promise<void> {
    if (await this.hasBlob(repository, digest)) return;
    const place = new URL(await this.begin(repository));
    place.searchParams.set('digest', digest);
    const answer = await this.#ask('PUT', place.href, [201], {
      body: bytes,
      headers: { 'content-type': 'application/octet-stream' },
    });
    await answer.body.dump();
  }

  async putManifest(
    repository: string,
    reference: string,
    mediaType: string,
    bytes: Buffer,
  ): Promise<{ subject: boolean }> {
    const answer = await this.#ask('PUT', `/v2/${repository}/manifests/${reference}`, [201], {
      body: bytes,
      headers: { 'content-type': mediaType },
    });
    await answer.body.dump();
    return { subject: header(answer, 'oci-subject') !== undefined };
  }

  async begin(repository: string): Promise<string> {
    const answer = await this.#ask('POST', `/v2/${repository}/blobs/uploads/`, [202]);
    await answer.body.dump();
    return this.#place(answer);
  }

  async progress(place: string): Promise<{ place: string; offset: number } | null> {
    const answer = await this.#ask('GET', place, [204, 200, 400, 404, 416]);
    await answer.body.dump();
    const last = /^(?:bytes=)?0-(\d+)$/.exec(header(answer, 'range') ?? '');
    if (answer.statusCode >= 400 || last === null) return null;
    // "0-0" is one byte in the specification and none in some registries; starting again costs
    // nothing then
    const end = Number(last[1]);
    return end === 0 ? null : { place: this.#place(answer), offset: end + 1 };
  }

  async append(
    place: string,
    { start, length, bytes }: BlobPart,
    signal?: AbortSignal,
  ): Promise<string> {
    const headers = {
      'content-type': 'application/octet-stream',
      'content-length': String(length),
      'content-range': `${start}-${start + length - 1}`,
    };
    const answer = await this.#ask('PATCH', place, [202, 204, 400, 404, 416], {
      body: bytes,
      headers,
      signal,
      silenceMs: SILENCE_MS,
    });
    const said = (await small(answer.body)).toString('utf8');
    if (answer.statusCode >= 400)
      throw new Conflict(
        `The registry does not go on with this upload at byte ${start}: ${said.slice(0, 300)}`,
        { code: 'blob-refused' },
      );
    return this.#place(answer);
  }

  async finish(place: string, digest: string): Promise<void> {
    const url = new URL(place);
    url.searchParams.set('digest', digest);
    const answer = await this.#ask('PUT', url.href, [201, 204, 400, 404, 416], {
      headers: { 'content-length': '0' },
      silenceMs: SILENCE_MS,
    });
    const text = (await small(answer.body)).toString('utf8');
    if (answer.statusCode >= 400)
      throw new Conflict(`The registry did not take ${digest}: ${text.slice(0, 300)}`, {
        code: 'blob-refused',
      });
  }

  #place(answer: Dispatcher.ResponseData): string {
    const location = header(answer, 'location');
    if (!location)
      throw new Unavailable('The registry named no place for an upload.', {
        code: 'registry-unavailable',
      });
    return new URL(location, this.#origin).href;
  }

  async #ask(
    method: Dispatcher.HttpMethod,
    target: string,
    expected: number[],
    options: Options = {},
  ): Promise<Dispatcher.ResponseData> {
    const url = new URL(target, this.#origin);
    const headers = {
      ...options.headers,
      ...(this.#authorization && url.origin === this.#origin
        ? { authorization: this.#authorization }
        : {}),
    };
    const told = `${method} ${url.origin}${url.pathname}`;
    const answer = await request(url, {
      method,
      headers,
      body: options.body ?? null,
      headersTimeout: options.silenceMs ?? this.#deadlineMs,
      bodyTimeout: SILENCE_MS,
      ...(options.signal ? { signal: options.signal } : {}),
    }).catch((error: Error) => {
      throw new Unavailable(`The registry did not answer ${told}: ${error.message}`, {
        code: 'registry-unavailable',
        cause: error,
      });
    });
    if (expected.includes(answer.statusCode)) return answer;
    const said = (await small(answer.body)).toString('utf8').slice(0, 300);
    throw new Unavailable(`The registry answered ${answer.statusCode} to ${told}: ${said}`, {
      code: 'registry-unavailable',
    });
  }
}

function header(answer: Dispatcher.ResponseData, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

async function small(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += (chunk as Buffer).length;
      if (size > MANIFEST_MAX_BYTES)
        throw unavailable('answered with more than a manifest may hold');
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw error instanceof Unavailable ? error : unavailable('broke off its answer', error);
  }
  return Buffer.concat(chunks);
}
