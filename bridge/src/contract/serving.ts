import { z } from 'zod';

/** A fault that no rule of zod's own names; the codes of our problems are others. */
const ZOD_CUSTOM = 'custom' as const;

/**
 * How a version is served. Odoo holds registrations to the same rules (domain/serving_rules.py),
 * and both are held to one table of cases,
 * `odoo_addon/creativeflow_mlops/tests/model/serving_cases.json`: what the cluster could not run is
 * refused at the upload.
 */
export interface ServingFault {
  field: string;
  reason: string;
  remedy: string;
}

const KEYS = ['port', 'readinessPath', 'gpus', 'cpu', 'memory', 'replicas', 'protocol'];
const PROTOCOLS = ['open-inference-v2', 'http'];
const WHOLE: Record<string, [least: number, most: number]> = {
  port: [1, 65_535],
  gpus: [0, 16],
  replicas: [1, 64],
};
const CPU = /^(\d{1,6}m|\d{1,4}(\.\d{1,3})?)$/;
const CORES_MAX = 1024;
const MEMORY = /^(\d{1,15}(?:\.\d{1,3})?)(Ki|Mi|Gi|Ti|k|M|G|T)?$/;
const BYTES: Record<string, number> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};
/** less than a container needs to start at all, and more than any node has */
const [MEMORY_MIN, MEMORY_MAX] = [4 * 2 ** 20, 64 * 2 ** 40];
const PATH = /^\/[A-Za-z0-9._~!$&'()*+,;=:@/-]{0,255}$/;

/** What is wrong with it, each with its field; empty: nothing is. */
export function servingFaults(serving: unknown): ServingFault[] {
  if (serving === null || serving === undefined) return [];
  if (typeof serving !== 'object' || Array.isArray(serving))
    return [
      {
        field: 'serving',
        reason: 'it is not an object',
        remedy: `Give an object with ${KEYS.join(', ')}.`,
      },
    ];
  return Object.entries(serving).flatMap(([name, value]) => {
    const remedy = remedyFor(name, value);
    return remedy === null
      ? []
      : [
          {
            field: `serving.${name}`,
            reason: KEYS.includes(name)
              ? 'the cluster could not run that'
              : 'there is no such field',
            remedy,
          },
        ];
  });
}

interface Rule {
  allows(value: unknown): boolean;
  remedy: string;
}

const RULES: Record<string, Rule> = {
  cpu: { allows: isCpu, remedy: 'Give cores as a text, such as "500m", "0.5" or "2", up to 1024.' },
  memory: {
    allows: isMemory,
    remedy: 'Give a size as a text, such as "512Mi" or "2Gi" (not "GB"), from 4Mi to 64Ti.',
  },
  readinessPath: {
    allows: isServingPath,
    remedy: 'Give a path that begins with /, without "..", "//", spaces, "?", "%" or "#".',
  },
  protocol: {
    allows: (value) => PROTOCOLS.includes(value as string),
    remedy: `Give one of ${PROTOCOLS.join(', ')}.`,
  },
};

/** null: it is right. */
function remedyFor(name: string, value: unknown): string | null {
  const span = WHOLE[name];
  if (span)
    return Number.isInteger(value) && Number(value) >= span[0] && Number(value) <= span[1]
      ? null
      : `Give a whole number from ${span[0]} to ${span[1]}.`;
  const rule = RULES[name];
  if (!rule) return `Known are ${KEYS.join(', ')}.`;
  return rule.allows(value) ? null : rule.remedy;
}

export function isServingPath(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    PATH.test(value) &&
    !value.includes('//') &&
    !value.split('/').some((part) => part === '..' || part === '.')
  );
}

function isCpu(value: unknown): boolean {
  if (typeof value !== 'string' || !CPU.test(value)) return false;
  const cores = value.endsWith('m') ? Number(value.slice(0, -1)) / 1000 : Number(value);
  return cores > 0 && cores <= CORES_MAX;
}

function isMemory(value: unknown): boolean {
  const match = typeof value === 'string' ? MEMORY.exec(value) : null;
  if (!match) return false;
  const bytes = Number(match[1]) * BYTES[match[2] ?? '']!;
  return bytes >= MEMORY_MIN && bytes <= MEMORY_MAX && Number.isInteger(bytes);
}

const Shape = z
  .object({
    port: z.number().int().min(1).max(65_535),
    readinessPath: z.string().startsWith('/'),
    gpus: z.number().int().min(0).max(16),
    cpu: z.string(),
    memory: z.string(),
    replicas: z.number().int().min(1).max(64),
    protocol: z.enum(['open-inference-v2', 'http']),
  })
  .partial()
  .strict();

const { $schema: _, ...described } = z.toJSONSchema(Shape);

/** The rules above say what is right, field by field; the shape says what it is then. */
export const Serving = z
  .unknown()
  .superRefine((serving, context) => {
    for (const { field, reason, remedy } of servingFaults(serving)) {
      context.addIssue({
        code: ZOD_CUSTOM,
        path: field.split('.').slice(1),
        message: `${reason}. ${remedy}`,
      });
    }
  })
  .meta(described)
  .pipe(Shape);
