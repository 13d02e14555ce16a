import { existsSync } from 'node:fs';

/** What was given, by its variable's name. */
export type Given = Record<string, string>;

/** What ships in examples and images; long enough or not, everybody knows it. */
const WEAK =
  /^((admin|secret|password|minioadmin|odoo|postgres|redis|default|test|example)[\d-]*|(change|replace|insecure|your|example|default)[-_ ]?.*)$/i;
const SECRET_NAMES = [
  'ODOO_SERVICE_KEY',
  'ODOO_RECEIPT_SECRET',
  'MINIO_ACCESS_KEY',
  'MINIO_SECRET_KEY',
  'SESSION_SECRET',
  'REGISTRY_PASSWORD',
] as const;
const FILES = ['KUBECONFIG', 'BUILD_KUBECONFIG', 'BUILD_CA_BUNDLE_FILE'] as const;
const QUERIES = [
  'GATEWAY_PROMETHEUS_REQUESTS',
  'GATEWAY_PROMETHEUS_ERRORS',
  'GATEWAY_PROMETHEUS_BUCKETS',
] as const;
const SECRET_URLS = ['OUTBOX_DATABASE_URL', 'REDIS_URL', 'REGISTRY_URL'] as const;

export const missingFiles = (given: Given): string[] =>
  FILES.flatMap((name) =>
    given[name] !== undefined && !existsSync(given[name])
      ? [`${name}: there is no file ${given[name]}`]
      : [],
  );

export function halfGivenQueries(given: Given): string[] {
  const queries = QUERIES.filter((name) => given[name] !== undefined);
  return queries.length > 0 && queries.length < QUERIES.length
    ? [`${QUERIES.join(', ')}: all three of them or none`]
    : [];
}

export function registryLogin({
  REGISTRY_USER: user,
  REGISTRY_PASSWORD: password,
  REGISTRY_URL: url = '',
}: Given): string[] {
  const faults: string[] = [];
  if ((user === undefined) !== (password === undefined))
    faults.push('REGISTRY_USER, REGISTRY_PASSWORD: both of them or none');
  if (user !== undefined && URL.canParse(url) && new URL(url).username)
    faults.push('REGISTRY_URL: carries a user, and REGISTRY_USER is given too');
  return faults;
}

export function knownSecrets(given: Given): string[] {
  const bad: string[] = SECRET_NAMES.filter(
    (name) => given[name] !== undefined && WEAK.test(given[name]),
  );
  bad.push(
    ...SECRET_URLS.filter(
      (name) =>
        URL.canParse(given[name] ?? '') &&
        WEAK.test(decodeURIComponent(new URL(given[name]!).password)),
    ),
  );
  return bad.map((name) => `${name}: is a default that everybody knows; generate one`);
}

/**
 * A secret that stands for two things cannot be changed for one of them, and who learns it has
 * both.
 */
export function sharedSecrets(given: Given): string[] {
  const held = new Map<string, string[]>();
  const note = (name: string, value: string): void => {
    if (value !== '') held.set(value, [...(held.get(value) ?? []), name]);
  };
  // an access key is a name
  for (const name of SECRET_NAMES.filter((name) => name !== 'MINIO_ACCESS_KEY'))
    note(name, given[name] ?? '');
  for (const name of SECRET_URLS)
    if (URL.canParse(given[name] ?? ''))
      note(name, decodeURIComponent(new URL(given[name]!).password));
  return [...held.values()]
    .filter((names) => names.length > 1)
    .map((names) => `${names.join(', ')}: hold the same secret; each needs one of its own`);
}
