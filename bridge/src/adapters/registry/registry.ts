import { request } from 'undici';
import { Unavailable } from '../../errors.ts';
import type { RegistryPort } from '../../services/cluster-ports.ts';

const REQUEST_DEADLINE_MS = 10_000;
const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json', 'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json', 'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

/** A registry of the OCI distribution specification. `url` may carry a user and a password. */
export class HttpRegistry implements RegistryPort {
  readonly #origin: string;
  readonly #authorization: string | undefined;

  constructor(url: string) {
    const { origin, authorization } = registryAccess(url);
    this.#origin = origin;
    this.#authorization = authorization;
  }

  async digestOf(repository: string, reference: string): Promise<string | null> {
    const url = `${this.#origin}/v2/${repository}/manifests/${reference}`;
    let status: number;
    let digest: string | string[] | undefined;
    try {
      const answer = await request(url, {
        method: 'HEAD', signal: AbortSignal.timeout(REQUEST_DEADLINE_MS),
        headers: { accept: MANIFEST_TYPES, ...(this.#authorization ? { authorization: this.#authorization } : {}) },
      });
      await answer.body.dump();
      status = answer.statusCode;
      digest = answer.headers['docker-content-digest'];
    } catch (error) {
      throw new Unavailable(`The registry did not answer HEAD ${url}: ${error instanceof Error ? error.message : String(error)}`, { code: 'registry-unavailable', cause: error });
    }
    if (status === 404) return null;
    if (status !== 200) throw new Unavailable(`The registry answered ${status} to HEAD ${url}.`, { code: 'registry-unavailable' });
    return typeof digest === 'string' ? digest : reference;
  }
}

/** Splits a registry's URL into its origin and the Authorization header that its user information stands for. */
export function registryAccess(url: string): { origin: string; authorization: string | undefined } {
  const { origin, username, password } = new URL(url);
  const authorization = username ? `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}` : undefined;
  return { origin, authorization };
}
