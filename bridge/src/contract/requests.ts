import { z } from 'zod';
import { Serving } from './serving.ts';
import { NameText } from './text.ts';
import { Digest } from './version.ts';
import { VersionStatus } from './version-status.ts';

const Name = NameText(120);
const Json = z.record(z.string(), z.unknown());

/** The `metadata` part of an upload, and of `POST /mlops/models`. */
export const UploadMetadata = z
  .object({
    name: Name.describe('the model; created when it does not exist'),
    version: z
      .string()
      .regex(/^[0-9A-Za-z][0-9A-Za-z._+-]{0,63}$/)
      .describe('unique in the model, e.g. 1.0.0'),
    team: Name.nullish(),
    description: z.string().max(10_000).nullish(),
    framework: NameText(60).nullish(),
    params: Json.nullish(),
    metrics: Json.nullish(),
    inputSchema: z.unknown().nullish(),
    outputSchema: z.unknown().nullish(),
    serving: Serving.nullish(),
    digests: z
      .record(z.string(), Digest)
      .nullish()
      .describe('file name → digest taken by the client; one that differs refuses the upload'),
  })
  .strict();
export type UploadMetadata = z.infer<typeof UploadMetadata>;

/** After resumable uploads: name the finished tus uploads. */
export const RegisterUploads = z
  .object({
    metadata: UploadMetadata,
    uploads: z
      .object({
        modelFile: z.string(),
        dockerfile: z.string(),
        sideFiles: z.array(z.string()).max(64).optional(),
      })
      .strict(),
  })
  .strict();
export const UploadAccepted = z.object({
  modelId: z.number().int(),
  versionId: z.number().int(),
  initialStatus: VersionStatus,
  created: z.boolean(),
  artifacts: z.array(z.object({ filename: z.string(), digest: Digest, size: z.number().int() })),
});
export type UploadAccepted = z.infer<typeof UploadAccepted>;

export const LoginRequest = z
  .object({
    login: z.string().min(1).max(254),
    password: z.string().min(1).max(1024),
    totp: z
      .string()
      .regex(/^\d{6}$/)
      .nullish(),
  })
  .strict();
export const Whoami = z.object({
  uid: z.number().int(),
  name: z.string(),
  login: z.string(),
  lang: z.string().nullish(),
  tz: z.string().nullish(),
  roles: z.array(z.string()),
  companyIds: z.array(z.number().int()),
  teamIds: z.array(z.number().int()),
  /**
   * the first of the person's API keys to end: what Odoo said of a key is not believed beyond that
   */
  keyExpires: z.string().nullish(),
});
export type Whoami = z.infer<typeof Whoami>;

export const ListQuery = z.object({
  search: z
    .string()
    .max(200)
    .refine((text) => text.trim().split(/\s+/).length <= 12, { error: 'has more than 12 words' })
    .default(''),
  status: VersionStatus.optional(),
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  order: z.enum(['recent', 'name']).default('recent'),
});
export const TryRequest = z
  .object({
    path: z.string().max(4096).startsWith('/').default('/'),
    method: z.enum(['GET', 'POST']).default('POST'),
    body: z.unknown().optional(),
  })
  .strict();
export const TryAnswer = z.object({
  status: z.number().int(),
  durationMs: z.number(),
  contentType: z.string().nullish(),
  body: z.unknown(),
});
export type TryAnswer = z.infer<typeof TryAnswer>;
