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
    const value = await send<T>({ method: 'GET', path, signal });
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
  send<T>({ method: 'GET', path, signal });

export function write<T>(
  method: 'POST' | 'DELETE',
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  return send<T>({ method, path, body, headers });
}

interface Request {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

/** One request. Throws `ApiProblem` for an answer that is not ok and `Offline` for none at all. */
async function send<T>(request: Request): Promise<T> {
  const response = await answerTo(request);
  // A gateway without its bridge behind it is a lost line too.
  if (response.status === 502 || response.status === 504) throw new Offline();
  if (!response.ok) {
    const problem = await problemFrom(response);
    if (response.status === 401 && !request.path.endsWith('/session')) onUnauthenticated();
    throw problem;
  }
  if (response.status === 204 || response.headers.get('content-length') === '0')
    return undefined as T;
  return (await response.json()) as T;
}

async function answerTo({ method, path, body, headers, signal }: Request): Promise<Response> {
  const deadline = AbortSignal.timeout(method === 'GET' ? READ_DEADLINE_MS : WRITE_DEADLINE_MS);
  try {
    return await fetch(path, {
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
}
