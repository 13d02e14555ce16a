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
const UPLOADING = new Set(['GET', 'POST', 'PATCH', 'PUT', 'DELETE']);
const READABLE_PREFIX = 'base/';

function readableRepository(repository: string, own: string): boolean {
  return repository === own || repository.startsWith(READABLE_PREFIX);
}

const refused = (status: 403 | 404 | 405, reason: string): RegistryVerdict => ({
  allowed: false,
  status,
  reason,
});

/** @param target path and query as they came, still percent-encoded */
export function judgeRegistryRequest(method: string, target: string, own: string): RegistryVerdict {
  const [path = '', query = ''] = target.split('?', 2);
  if (/^\/v2\/?$/.test(path))
    return READING.has(method)
      ? { allowed: true, search: '' }
      : refused(405, 'Only GET is served here.');
  const resource = resourceOf(path);
  if (resource === null) return refused(404, 'No such resource.');
  if (!READING.has(method) || resource.isUpload) return judgeWrite(method, resource, query, own);
  return readableRepository(resource.repository, own)
    ? { allowed: true, search: search(query) }
    : refused(403, `This build may read base images and ${own}, not ${resource.repository}.`);
}

function judgeWrite(
  method: string,
  { repository, isUpload, isManifest }: Resource,
  query: string,
  own: string,
): RegistryVerdict {
  if (repository !== own)
    return refused(403, `This build may write to ${own}, not to ${repository}.`);
  if (!(isUpload && UPLOADING.has(method)) && !(isManifest && method === 'PUT'))
    return refused(405, `${method} is not served here.`);
  return { allowed: true, search: search(withoutForeignMount(query, own)) };
}

interface Resource {
  readonly repository: string;
  readonly isUpload: boolean;
  readonly isManifest: boolean;
}

function resourceOf(path: string): Resource | null {
  const match = PATH.exec(path);
  if (!match || path.includes('..') || path.includes('//')) return null;
  const [, repository = '', kind, rest = ''] = match;
  return {
    repository,
    isUpload: kind === 'blobs' && (UPLOAD.test(rest) || rest === 'uploads/'),
    isManifest: kind === 'manifests',
  };
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
