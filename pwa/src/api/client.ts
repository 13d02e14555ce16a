import { ApiProblem, Offline, problemFrom } from './problem.ts';
import { remember, recall } from './memory.ts';

const READ_DEADLINE_MS = 20_000;
const WRITE_DEADLINE_MS = 60_000;

/**
 * An answer, and since when it is known: `staleSince` is set when the line is gone and this is what
 * was last seen.
 */
export interface Answer<T> {
  value: T;
  staleSince?: number;
}

let onUnauthenticated = (): void => {};
/** Called when the server no longer knows us. */
export function whenUnauthenticated(callback: () => void): void {
  onUnauthenticated = callback;
}

/**
 * GET. Without a line it gives what was last seen here, with its age; throws `Offline` when there
 * is nothing.
 */
export async function read<T>(path: string, signal?: AbortSignal): Promise<Answer<T>> {
  try {
    const value = await send<T>('GET', path, undefined, signal);
    void remember(path, value);
    return { value };
  } catch (error) {
    if (!mayPass(error)) throw error;
    const known = await recall<T>(path);
    if (!known) throw error;
    return { value: known.value, staleSince: known.at };
  }
}

/**
 * Nothing answered, or what answered says that what is behind it is away: both pass, and are asked
 * again.
 */
export const mayPass = (error: unknown): boolean =>
  error instanceof Offline || (error instanceof ApiProblem && error.status === 503);

/** GET, from the line alone: nothing is kept and nothing old is given. */
export const readNow = <T>(path: string, signal?: AbortSignal): Promise<T> =>
  send<T>('GET', path, undefined, signal);

export function write<T>(
  method: 'POST' | 'DELETE',
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  return send<T>(method, path, body, undefined, headers);
}

/** One request. Throws `ApiProblem` for an answer that is not ok and `Offline` for none at all. */
async function send<T>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
  headers: Record<string, string> = {},
): Promise<T> {
  const deadline = AbortSignal.timeout(method === 'GET' ? READ_DEADLINE_MS : WRITE_DEADLINE_MS);
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      headers: {
        accept: 'application/json',
        ...(method === 'GET' ? {} : { 'x-requested-with': 'creativeflow' }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Offline(error);
  }
  // A gateway without its bridge behind it is a lost line too.
  if (response.status === 502 || response.status === 504) throw new Offline();
  if (!response.ok) {
    const problem = await problemFrom(response);
    if (response.status === 401 && !path.endsWith('/session')) onUnauthenticated();
    throw problem;
  }
  if (response.status === 204 || response.headers.get('content-length') === '0')
    return undefined as T;
  return (await response.json()) as T;
}
