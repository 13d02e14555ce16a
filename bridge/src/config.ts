import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import {
  halfGivenQueries,
  knownSecrets,
  missingFiles,
  registryLogin,
  sharedSecrets,
  type Given,
} from './config-faults.ts';
import { parseAllowList } from './domain/outbound-address.ts';

const port = z.coerce.number().int().min(1).max(65535);
const text = z.string().min(1);
const webUrl = z.url({ protocol: /^https?$/ });

const NETWORK_OR_NAMESPACE = z.union([
  z.cidrv4(),
  z.cidrv6(),
  z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
]);
const sources = z
  .string()
  .default('')
  .transform((list) =>
    list
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean),
  )
  .refine(
    (list) => list.every((one) => NETWORK_OR_NAMESPACE.safeParse(one).success),
    'is a comma-separated list of networks (10.0.0.0/24) and namespaces',
  );

const query = z
  .string()
  .includes('$revision', { error: 'must name the $revision whose requests it counts' });

/** Told at the start and not when the first webhook is refused. */
const allowList = z
  .string()
  .default('')
  .superRefine((value, context) => {
    try {
      parseAllowList(value);
    } catch (error) {
      context.addIssue((error as Error).message);
    }
  });

/** The names and meanings are those of docs/configuration.md. */
const Environment = z.object({
  NODE_ENV: z.enum(['production', 'development', 'test']).default('development'),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  BRIDGE_HOST: text.default('127.0.0.1'),
  BRIDGE_PORT: port.default(18100),
  BRIDGE_POD_HOST: text,
  BRIDGE_POD_PORT: port,
  BRIDGE_PUBLIC_URL: webUrl,
  ENDPOINTS_PUBLIC_URL: webUrl,
  ODOO_URL: z.url(),
  ODOO_DB: text,
  ODOO_SERVICE_KEY: text,
  ODOO_RECEIPT_SECRET: z.string().min(16),
  ODOO_SERVICE_CONNECTIONS: z.coerce.number().int().min(2).max(64).default(4),
  OUTBOX_DATABASE_URL: text,
  REDIS_URL: text,
  MINIO_ENDPOINT: z.url(),
  MINIO_ACCESS_KEY: text,
  MINIO_SECRET_KEY: text,
  MINIO_BUCKET: text,
  SCAN_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(64)
    .default(() => Math.max(1, availableParallelism() - 1)),
  SCAN_REGISTRIES: z.string().optional(),
  OSV_FOLDER: z.string().optional(),
  CLAMD: z
    .string()
    .regex(/^(\/.+|[^:\s]+:\d+)$/, 'is host:port or the path of a socket')
    .optional(),
  REGISTRY_URL: z.url(),
  REGISTRY_USER: z
    .string()
    .regex(/^[^:]+$/, 'holds a colon')
    .optional(),
  REGISTRY_PASSWORD: z.string().optional(),
  REGISTRY_NAME: text,
  KUBECONFIG: text,
  BUILD_NAMESPACE: text,
  BUILD_IMAGE: text,
  BUILD_KUBECONFIG: z.string().optional(),
  BUILD_CA_BUNDLE_FILE: z.string().optional(),
  BUILD_HTTP_PROXY: z.string().optional(),
  GATEWAY_SOURCES: sources,
  GATEWAY_NAME: text,
  GATEWAY_NAMESPACE: text,
  GATEWAY_METRICS_URL: z.url().optional(),
  GATEWAY_URL: z.url().default('http://127.0.0.1:18080'),
  GATEWAY_PROMETHEUS_URL: z.url().optional(),
  GATEWAY_PROMETHEUS_TOKEN: z.string().optional(),
  GATEWAY_PROMETHEUS_BUCKET_UNIT: z.enum(['s', 'ms']).default('s'),
  GATEWAY_PROMETHEUS_REQUESTS: query.optional(),
  GATEWAY_PROMETHEUS_ERRORS: query.optional(),
  GATEWAY_PROMETHEUS_BUCKETS: query.optional(),
  INTEGRITY_EVERY_SECONDS: z.coerce.number().int().min(1).default(60),
  INTEGRITY_REREAD_HOURS: z.coerce.number().positive().default(24),
  SESSION_SECRET: z.string().min(16),
  UPLOAD_MAX_BYTES: z.coerce
    .number()
    .int()
    .positive()
    .default(10 * 2 ** 30),
  OUTBOUND_ALLOW: allowList,
  PWA_ORIGINS: z
    .string()
    .default('')
    .describe(
      'other origins whose pages may open the socket and change something, comma-separated',
    ),
});
export type Config = z.infer<typeof Environment>;

/**
 * Reads the configuration; an empty variable counts as none. Throws one Error that tells all
 * faults, and no value of a secret; in production a default secret is a fault.
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const { given, faults, faulty } = gather(env);
  const parsed = Environment.safeParse(given);
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0]);
    if (!faulty.has(name))
      faults.push(`${name}: ${given[name] === undefined ? 'is missing' : issue.message}`);
  }
  faults.push(...missingFiles(given), ...halfGivenQueries(given));
  if (parsed.success) faults.push(...sharedOrigins(parsed.data));
  faults.push(...registryLogin(given));
  if (given['NODE_ENV'] === 'production')
    faults.push(...knownSecrets(given), ...sharedSecrets(given));
  if (!parsed.success || faults.length > 0)
    throw new Error(
      `The bridge cannot start with this configuration (docs/configuration.md):\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
  return parsed.data;
}

/** Each value from its variable, or from the file that NAME_FILE names. */
function gather(env: NodeJS.ProcessEnv): {
  given: Given;
  faults: string[];
  faulty: Set<string>;
} {
  const given: Given = {};
  const faults: string[] = [];
  const faulty = new Set<string>();
  const fault = (name: string, text: string): void => {
    faults.push(text);
    faulty.add(name);
  };
  for (const name of Object.keys(Environment.shape)) {
    const value = env[name] || undefined;
    const file = env[`${name}_FILE`] || undefined;
    if (value !== undefined && file !== undefined)
      fault(name, `${name}: is given twice, by itself and by ${name}_FILE`);
    else if (value !== undefined) given[name] = value;
    else if (file !== undefined) {
      try {
        given[name] = readFileSync(file, 'utf8').trim();
      } catch (error) {
        fault(
          name,
          `${name}_FILE: ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
        );
      }
    }
  }
  return { given, faults, faulty };
}

/** The origins of the app: its own and those of PWA_ORIGINS. */
export function appOrigins({
  BRIDGE_PUBLIC_URL,
  PWA_ORIGINS,
}: Pick<Config, 'BRIDGE_PUBLIC_URL' | 'PWA_ORIGINS'>): string[] {
  const others = PWA_ORIGINS.split(',')
    .map((one) => one.trim())
    .filter(Boolean);
  return [new URL(BRIDGE_PUBLIC_URL).origin, ...others];
}

/** What a model serves must not be a page of the app's own origin. */
function sharedOrigins(config: Config): string[] {
  const others = appOrigins(config).slice(1);
  const faults = others
    .filter((one) => !URL.canParse(one) || new URL(one).origin !== one)
    .map((one) => `PWA_ORIGINS: "${one}" is no origin, such as https://app.example.com`);
  const served = new URL(config.ENDPOINTS_PUBLIC_URL).origin;
  if (appOrigins(config).includes(served)) {
    faults.push(
      `ENDPOINTS_PUBLIC_URL: ${served} is an origin of the app; endpoints need one of their own`,
    );
  }
  return faults;
}

/** The registry's address with the bridge's login in it, as the adapters take it. */
export function registryUrlOf({
  REGISTRY_URL,
  REGISTRY_USER,
  REGISTRY_PASSWORD,
}: Pick<Config, 'REGISTRY_URL' | 'REGISTRY_USER' | 'REGISTRY_PASSWORD'>): string {
  if (REGISTRY_USER === undefined || REGISTRY_PASSWORD === undefined) return REGISTRY_URL;
  const url = new URL(REGISTRY_URL);
  url.username = encodeURIComponent(REGISTRY_USER);
  url.password = encodeURIComponent(REGISTRY_PASSWORD);
  return url.href;
}
