import { z } from 'zod';
import { NameText } from './text.ts';
import { Digest } from './version.ts';

/**
 * tus 1.0 at this path; the finished uploads are named in `POST /mlops/models` (`RegisterUploads`).
 */
export const UPLOADS_PATH = '/mlops/uploads';

/**
 * The keys of the `Upload-Metadata` header when a resumable upload is created. Others are kept and
 * given back.
 */
export const ResumableMetadata = z.object({
  filename: z.string().describe('decides with `field` whether the file is accepted'),
  field: z
    .enum(['modelFile', 'dockerfile', 'sideFiles'])
    .default('modelFile')
    .describe('as which field of the upload it will be registered'),
  filetype: z.string().optional(),
  name: NameText(120)
    .optional()
    .describe(
      'the model; with `version` it is asked of Odoo before any byte is taken whether it may be registered',
    ),
  version: z.string().max(64).optional(),
  team: NameText(120).optional(),
  digest: Digest.optional().describe(
    'taken by the client; the upload cannot be registered with another',
  ),
});
export type ResumableMetadata = z.infer<typeof ResumableMetadata>;

/**
 * What nginx asks for (`Upgrade`) in front of an upload whose length it knows;
 * stack/servers/nginx-conf.ts names it too.
 */
export const UPLOAD_LINE = 'creativeflow-upload';
