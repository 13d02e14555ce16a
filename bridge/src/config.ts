import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

const port = z.coerce.number().int().min(1).max(65535);
const text = z.string().min(1);

/** The names and meanings are those of docs/configuration.md. */
const Environment = z.object({
  NODE_ENV: z.enum(['production', 'development', 'test']).default('development'),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  BRIDGE_HOST: text.default('127.0.0.1'), BRIDGE_PORT: port.default(18100),
  BRIDGE_POD_HOST: text, BRIDGE_POD_PORT: port, BRIDGE_PUBLIC_URL: z.url(),
  ODOO_URL: z.url(), ODOO_DB: text, ODOO_SERVICE_LOGIN: text, ODOO_SERVICE_KEY: text, ODOO_RECEIPT_SECRET: z.string().min(16),
  OUTBOX_DATABASE_URL: text, REDIS_URL: text,
  MINIO_ENDPOINT: z.url(), MINIO_ACCESS_KEY: text, MINIO_SECRET_KEY: text, MINIO_BUCKET: text,
  REGISTRY_URL: z.url(), REGISTRY_NAME: text, KUBECONFIG: text, BUILD_NAMESPACE: text, BUILD_IMAGE: text,
  BUILD_CA_BUNDLE_FILE: z.string().optional(), BUILD_HTTP_PROXY: z.string().optional(),
  GATEWAY_NAME: text, GATEWAY_NAMESPACE: text, GATEWAY_URL: z.url().default('http://127.0.0.1:18080'),
  SESSION_SECRET: z.string().min(16), UPLOAD_MAX_BYTES: z.coerce.number().int().positive().default(10 * 2 ** 30),
  PWA_ORIGINS: z.string().default('').describe('other origins whose pages may open the socket, comma-separated'),
});
export type Config = z.infer<typeof Environment>;

const WEAK = /^(admin|secret|password|changeme|change-me|minioadmin|odoo|default|test|example)\d*$/i;
const SECRET_NAMES = ['ODOO_SERVICE_KEY', 'ODOO_RECEIPT_SECRET', 'MINIO_ACCESS_KEY', 'MINIO_SECRET_KEY', 'SESSION_SECRET'] as const;

/** Reads the configuration. All faults are told in one message; in production a default secret is a fault. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const faults: string[] = [];
  const given: Record<string, string> = {};
  for (const name of Object.keys(Environment.shape)) {
    const value = env[name];
    const file = env[`${name}_FILE`];
    if (name !== 'BUILD_CA_BUNDLE' && value === undefined && file !== undefined) {
      if (existsSync(file)) given[name] = readFileSync(file, 'utf8').trim();
      else faults.push(`${name}_FILE names ${file}, which does not exist`);
    } else if (value !== undefined && value !== '') given[name] = value;
  }
  const parsed = Environment.safeParse(given);
  if (!parsed.success) for (const issue of parsed.error.issues) faults.push(`${issue.path.join('.')}: ${given[String(issue.path[0])] === undefined ? 'is missing' : issue.message}`);
  if (parsed.success && parsed.data.NODE_ENV === 'production') {
    for (const name of SECRET_NAMES) if (WEAK.test(parsed.data[name])) faults.push(`${name}: is a default that everybody knows; generate one`);
  }
  if (!parsed.success || faults.length > 0) throw new Error(`The bridge cannot start with this configuration (docs/configuration.md):\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  return parsed.data;
}
