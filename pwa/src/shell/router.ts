/**
 * The pages and what each is given. Addresses live behind `#`, so that they work wherever the app
 * is served.
 */
export type Route =
  | { page: 'models' }
  | { page: 'model'; modelId: number }
  | { page: 'version'; modelId: number; versionId: number }
  | { page: 'upload'; modelId?: number }
  | { page: 'endpoints' }
  | { page: 'endpoint'; endpointId: number }
  | { page: 'activity' }
  | { page: 'lost' };

export const hrefs = {
  models: '#/models',
  model: (id: number): string => `#/models/${id}`,
  version: (modelId: number, id: number): string => `#/models/${modelId}/versions/${id}`,
  upload: '#/upload',
  uploadTo: (modelId: number): string => `#/upload/${modelId}`,
  endpoints: '#/endpoints',
  endpoint: (id: number): string => `#/endpoints/${id}`,
  activity: '#/activity',
};

const PATTERNS: [RegExp, (ids: number[]) => Route][] = [
  [/^\/?(?:models)?$/, () => ({ page: 'models' })],
  [/^\/models\/(\d+)$/, ([modelId = 0]) => ({ page: 'model', modelId })],
  [
    /^\/models\/(\d+)\/versions\/(\d+)$/,
    ([modelId = 0, versionId = 0]) => ({ page: 'version', modelId, versionId }),
  ],
  [/^\/upload$/, () => ({ page: 'upload' })],
  [/^\/upload\/(\d+)$/, ([modelId = 0]) => ({ page: 'upload', modelId })],
  [/^\/endpoints$/, () => ({ page: 'endpoints' })],
  [/^\/endpoints\/(\d+)$/, ([endpointId = 0]) => ({ page: 'endpoint', endpointId })],
  [/^\/activity$/, () => ({ page: 'activity' })],
];

export function routeOf(hash: string): Route {
  const path = hash
    .replace(/^#/, '')
    .replace(/^\/models$/, '')
    .replace(/(.)\/$/, '$1');
  for (const [pattern, make] of PATTERNS) {
    const match = pattern.exec(path);
    if (match) return make(match.slice(1).map(Number));
  }
  return { page: 'lost' };
}

export function go(href: string): void {
  location.hash = href;
}
