import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeFiles, stateFolder, writePrivate } from './private-file.ts';

/** People and services that the stack seeds into Odoo; each person has a generated password. */
const PEOPLE = ['admin', 'ada', 'ben', 'mia', 'vera', 'olga'] as const;

export const GENERATED: readonly string[] = [
  'postgresOdooPassword',
  'bridgeDbPassword',
  'redisPassword',
  'minioAccessKey',
  'minioSecretKey',
  'odooMasterPassword',
  'receiptSecret',
  'sessionSecret',
  'registryHttpSecret',
  'registryPassword',
  'registryPullPassword',
  ...PEOPLE.map((login) => `password_${login}`),
];

export type Secrets = Record<string, string>;

/** What `.stack/secrets.json` holds; nothing before the first start. */
export function readSecrets(state: string): Secrets {
  const file = secretsFile(state);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Secrets) : {};
}

/** Reads the secrets, generating what is missing. Only the owner may read the file. */
export function ensureSecrets(state: string): Secrets {
  stateFolder(state);
  const secrets = readSecrets(state);
  const missing = GENERATED.filter((name) => !secrets[name]);
  for (const name of missing) secrets[name] = randomBytes(18).toString('base64url');
  if (missing.length > 0) saveSecrets(state, secrets);
  closeFiles([secretsFile(state)]);
  return secrets;
}

/** Adds what a server generated itself, such as an API key of Odoo. */
export function saveSecrets(state: string, secrets: Secrets): void {
  // cut off half-way it would lock everybody out
  writePrivate(secretsFile(state), `${JSON.stringify(secrets, null, 2)}\n`);
}

function secretsFile(state: string): string {
  return join(state, 'secrets.json');
}
