/**
 * What a build may do at the registry: read base images and its own repository, write its own
 * repository, nothing else.
 */
export type RegistryVerdict =
  { allowed: true; search: string } | { allowed: false; status: 403 | 404 | 405; reason: string };

const NAME = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const PATH = new RegExp(
  `^/v2/(${NAME}(?:/${NAME})*)/(manifests|blobs|tags|referrers)/([A-Za-z0-9_=.:+/-]+)$`,
);
const UPLOAD = /^uploads(\/|$)/;
const READING = new Set(['GET', 'HEAD']);
const READABLE_PREFIX = 'base/';

function readableRepository(repository: string, own: string): boolean {
  return repository === own || repository.startsWith(READABLE_PREFIX);
}

/** @param target path and query as they came, still percent-encoded */
export function judgeRegistryRequest(method: string, target: string, own: string): RegistryVerdict {
  const [path = '', query = ''] = target.split('?', 2);
  if (/^\/v2\/?$/.test(path))
    return READING.has(method)
      ? { allowed: true, search: '' }
      : { allowed: false, status: 405, reason: 'Only GET is served here.' };
  const match = PATH.exec(path);
  if (!match || path.includes('..') || path.includes('//'))
    return { allowed: false, status: 404, reason: 'No such resource.' };
  const [, repository = '', kind, rest = ''] = match;
  const upload = kind === 'blobs' && (UPLOAD.test(rest) || rest === 'uploads/');
  if (READING.has(method) && !upload) {
    if (!readableRepository(repository, own))
      return {
        allowed: false,
        status: 403,
        reason: `This build may read base images and ${own}, not ${repository}.`,
      };
    return { allowed: true, search: search(query) };
  }
  if (repository !== own)
    return {
      allowed: false,
      status: 403,
      reason: `This build may write to ${own}, not to ${repository}.`,
    };
  const writable =
    (kind === 'manifests' && method === 'PUT') ||
    (upload && ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'].includes(method));
  if (!writable) return { allowed: false, status: 405, reason: `${method} is not served here.` };
  return { allowed: true, search: search(withoutForeignMount(query, own)) };
}

/**
 * A mount from a repository that may not be read becomes an ordinary upload, as a registry without
 * that blob would answer.
 */
function withoutForeignMount(query: string, own: string): string {
  const parameters = new URLSearchParams(query);
  if (!parameters.has('mount') && !parameters.has('from')) return query;
  const sources = parameters.getAll('from');
  if (
    sources.length === 1 &&
    parameters.getAll('mount').length === 1 &&
    readableRepository(sources[0] ?? '', own)
  )
    return query;
  parameters.delete('mount');
  parameters.delete('from');
  return parameters.toString();
}

const search = (query: string): string => (query === '' ? '' : `?${query}`);
