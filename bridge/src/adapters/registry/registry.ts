import { request, type Dispatcher } from 'undici';
import { Unavailable } from '../../errors.ts';
import type { RegistryPort } from '../../services/ports/cluster.ts';

const REQUEST_DEADLINE_MS = 10_000;
const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

/** A registry of the OCI distribution specification. `url` may carry a user and a password. */
export class HttpRegistry implements RegistryPort {
  readonly #origin: string;
  readonly #authorization: string | undefined;
  readonly #deadlineMs: number;

  constructor(url: string, deadlineMs = REQUEST_DEADLINE_MS) {
    const { origin, authorization } = registryAccess(url);
    this.#origin = origin;
    this.#authorization = authorization;
    this.#deadlineMs = deadlineMs;
  }

  async digestOf(repository: string, reference: string): Promise<string | null> {
    const path = `/v2/${repository}/manifests/${reference}`;
    const { statusCode, headers } = await this.#head(path, { accept: MANIFEST_TYPES });
    if (statusCode === 404) return this.confirmRegistry();
    const digest =
      headers['docker-content-digest'] ?? (reference.startsWith('sha256:') ? reference : undefined);
    if (statusCode !== 200 || typeof digest !== 'string')
      throw unavailable(`answered ${statusCode} to HEAD ${path}`);
    return digest;
  }

  /**
   * A bare yes or no counts when a registry says it: whatever else answers at that address knows no
   * image.
   */
  protected async confirmRegistry(): Promise<null> {
    const { statusCode, headers } = await this.#head('/v2/', {});
    const isRegistry = /^registry\/2/.test(
      String(headers['docker-distribution-api-version'] ?? ''),
    );
    if (statusCode !== 200 || !isRegistry)
      throw unavailable(`answered ${statusCode} to HEAD /v2/, not as a registry`);
    return null;
  }

  async #head(path: string, headers: Record<string, string>): Promise<Dispatcher.ResponseData> {
    try {
      const answer = await request(this.#origin + path, {
        method: 'HEAD',
        signal: AbortSignal.timeout(this.#deadlineMs),
        headers: {
          ...headers,
          ...(this.#authorization ? { authorization: this.#authorization } : {}),
        },
      });
      await answer.body.dump();
      return answer;
    } catch (error) {
      throw unavailable(
        `did not answer HEAD ${path}: ${error instanceof Error ? error.message : String(error)}`,
        error,
      );
    }
  }
}

/** A manifest or an index of the OCI image specification; null: the bytes are neither. */
export function parseManifest(bytes: Buffer): { schemaVersion: 2 } | null {
  try {
    const parsed = JSON.parse(bytes.toString('utf8')) as { schemaVersion?: unknown } | null;
    return parsed?.schemaVersion === 2 ? (parsed as { schemaVersion: 2 }) : null;
  } catch {
    return null;
  }
}

export function unavailable(what: string, cause?: unknown): Unavailable {
  return new Unavailable(`The registry ${what}.`, { code: 'registry-unavailable', cause });
}

/**
 * Splits a registry's URL into its origin and the Authorization header that its user information
 * stands for.
 */
export function registryAccess(url: string): { origin: string; authorization: string | undefined } {
  const { origin, username, password } = new URL(url);
  const authorization = username
    ? `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`
    : undefined;
  return { origin, authorization };
}
