import { createHash } from 'node:crypto';
import { buffer as readAll } from 'node:stream/consumers';
import type { z } from 'zod';
import type { RegisterUploads, UploadAccepted } from '../../contract/requests.ts';
import { Invalid } from '../../errors.ts';
import {
  assertText,
  checkDigest,
  KIND_OF_FIELD,
  mediaType,
  refused,
  type UploadField,
} from './rules.ts';
import type { UploadDeps } from './multipart-upload.ts';
import {
  checkUpload,
  registerVersion,
  type IdempotencyKey,
  type StoredArtifact,
  type Uploader,
} from './register.ts';
import type { ResumableUploads } from './resumable-uploads.ts';
import type { ResumableInfo } from './resumable-state.ts';

/** An empty file has no parts that a storage could put together. */
const EMPTY = {
  digest: `sha256:${createHash('sha256').digest('hex')}`,
  size: 0,
  source: Buffer.alloc(0),
};

async function finishedOf(
  uploads: ResumableUploads,
  info: ResumableInfo,
): Promise<{ digest: string; size: number; source: { key: string } }> {
  const { digest, size, key } = await uploads.finished(info);
  return { digest, size, source: { key } };
}

/**
 * Makes a version of finished resumable uploads. May be repeated with the same key: the uploads
 * stay until they expire.
 */
export async function registerResumable(
  deps: UploadDeps & { uploads: ResumableUploads },
  by: Uploader,
  key: IdempotencyKey,
  asked: z.infer<typeof RegisterUploads>,
): Promise<UploadAccepted> {
  const wanted: [UploadField, string][] = [
    ['modelFile', asked.uploads.modelFile],
    ['dockerfile', asked.uploads.dockerfile],
    ...(asked.uploads.sideFiles ?? []).map((id): [UploadField, string] => ['sideFiles', id]),
  ];
  await checkUpload(deps.odoo, by, asked.metadata, key.named ? key.value : null);
  const infos: ResumableInfo[] = [];
  for (const [field, name] of wanted) infos.push(await find(deps, by, field, name));
  for (const info of infos) {
    if (infos.some((other) => other !== info && other.filename === info.filename))
      throw refused(
        info.field,
        `two files are called "${info.filename}"`,
        'Give each file its own name.',
      );
  }
  const artifacts: StoredArtifact[] = [];
  for (const info of infos) {
    const { digest, size, source } = info.size === 0 ? EMPTY : await finishedOf(deps.uploads, info);
    checkDigest(info.field, digest, asked.metadata.digests?.[info.filename]);
    const stored = await deps.store.adopt(digest, size, source);
    if (info.field === 'dockerfile')
      assertText('dockerfile', await readAll(await deps.store.get(stored.key)));
    artifacts.push({
      kind: KIND_OF_FIELD[info.field],
      filename: info.filename,
      mediaType: mediaType(KIND_OF_FIELD[info.field], info.type ?? undefined),
      ...stored,
    });
  }
  const { metadata } = asked;
  return registerVersion(deps, by, { idempotencyKey: key.value, metadata, artifacts });
}

/** @param name the upload's id, or the URL that its creation answered */
async function find(
  deps: { uploads: ResumableUploads },
  by: Uploader,
  field: UploadField,
  name: string,
): Promise<ResumableInfo> {
  const info = await deps.uploads.find(name.slice(name.lastIndexOf('/') + 1), by.uid);
  if (info.field !== field) {
    throw new Invalid(`The upload named for ${field} was begun as ${info.field}.`, {
      code: 'upload-refused',
      errors: [
        {
          field: `uploads.${field}`,
          reason: `begun as ${info.field}`,
          remedy: 'Begin it with the right field in Upload-Metadata.',
        },
      ],
    });
  }
  return info;
}
