import { createHmac } from 'node:crypto';
import type { UploadAccepted, UploadMetadata } from '../../contract/requests.ts';
import { Conflict, Failed, Forbidden, Invalid, Unavailable } from '../../errors.ts';
import type { Caller, OdooPort } from '../ports/odoo.ts';
import type { Clock } from '../ports/runtime.ts';
import type { StoredObject } from '../ports/object-store.ts';
import type { ArtifactKind } from './rules.ts';

export interface Uploader {
  caller: Caller;
  uid: number;
  requestId: string;
}
export interface StoredArtifact extends StoredObject {
  kind: ArtifactKind;
  filename: string;
  mediaType: string;
}

/** `named`: by the client, so that the same request may come again. */
export interface IdempotencyKey {
  readonly value: string;
  readonly named: boolean;
}
/** What is to become a version. */
export interface Registration {
  readonly idempotencyKey: string;
  readonly metadata: UploadMetadata;
  readonly artifacts: StoredArtifact[];
}

/** How long a finished upload waits for Odoo to come back: sending 5 GiB again costs more. */
const REGISTER_PATIENCE_MS = 30_000;
/** Further tries after Odoo failed, where it says that the version is still free. */
const COLLISIONS_MAX = 3;

/**
 * May this user register this model and version now? Asked before any byte of a file is kept, where
 * the metadata comes first.
 * @throws Forbidden, Conflict `version-exists`, Invalid
 */
export async function checkUpload(
  odoo: OdooPort,
  by: Uploader,
  asked: { name: string; version: string; team?: string | null | undefined },
  idempotencyKey: string | null,
): Promise<void> {
  const answer = await odoo.call<{ ok: boolean; reason: string | null; code?: string | null }>(
    by.caller,
    'mlops.model',
    'upload_check',
    {
      name: asked.name,
      version: asked.version,
      ...(asked.team ? { team_id: asked.team } : {}),
      ...(idempotencyKey ? { idempotency_key: idempotencyKey } : {}),
    },
    by.requestId,
  );
  if (answer.ok) return;
  const reason = answer.reason ?? 'Odoo does not accept this upload.';
  if (answer.code === 'Forbidden') throw new Forbidden(reason, { code: 'upload-forbidden' });
  if (answer.code === 'VersionExists') {
    throw new Conflict(reason, {
      code: 'version-exists',
      remedy: 'Give the upload a new version.',
      errors: [{ field: 'metadata.version', reason, remedy: 'Choose another version.' }],
    });
  }
  throw new Invalid(reason, { code: 'upload-refused', errors: [{ field: 'metadata', reason }] });
}

/**
 * Tells Odoo of stored files. Idempotent by the key, so it is tried again while Odoo is away; after
 * that the client may send the same request with the same key: the files are there already, and
 * nothing is registered twice.
 */
export async function registerVersion(
  deps: { odoo: OdooPort; clock: Clock; receiptSecret: string },
  by: Uploader,
  { idempotencyKey, metadata, artifacts }: Registration,
): Promise<UploadAccepted> {
  const named = artifacts.map(({ kind, filename, key, digest, size, mediaType }) => ({
    kind,
    filename,
    objectKey: key,
    digest,
    size,
    mediaType,
  }));
  const { digests: _announced, ...facts } = metadata;
  const payload = {
    idempotencyKey,
    ...facts,
    artifacts: named,
    receipt: signReceipt(deps.receiptSecret, by.uid, named),
  };
  const deadline = deps.clock.now().getTime() + REGISTER_PATIENCE_MS;
  let collisions = 0;
  for (let pause = 500; ; pause *= 2) {
    try {
      const answer = await deps.odoo.call<Omit<UploadAccepted, 'artifacts'>>(
        by.caller,
        'mlops.model',
        'register_version',
        { payload },
        by.requestId,
      );
      return {
        ...answer,
        artifacts: artifacts.map(({ filename, digest, size }) => ({ filename, digest, size })),
      };
    } catch (error) {
      if (!(error instanceof Unavailable)) {
        // Of several uploads of one version one wins; Odoo tells the others in as many ways as its
        // transactions can end.
        await checkUpload(deps.odoo, by, metadata, idempotencyKey);
        const lost =
          (error instanceof Conflict && error.code === 'busy') ||
          (error instanceof Failed && error.code === 'odoo-failed');
        if (!lost || ++collisions > COLLISIONS_MAX) throw error;
      }
      if (deps.clock.now().getTime() + pause > deadline) {
        throw new Unavailable(
          'The files are stored, but Odoo does not answer, so nothing is registered yet.',
          {
            code: 'registration-pending',
            cause: error,
            retryAfterSeconds: 30,
            remedy: `Send the same request again with the header Idempotency-Key: ${idempotencyKey}.`,
          },
        );
      }
      await deps.clock.sleep(pause);
    }
  }
}

/** docs/odoo-api.md: proves to Odoo that the bridge stored these bytes for this user. */
function signReceipt(
  secret: string,
  uid: number,
  artifacts: { kind: string; filename: string; objectKey: string; digest: string; size: number }[],
): string {
  const lines = artifacts.map(({ kind, filename, objectKey, digest, size }) =>
    Buffer.from([kind, filename, objectKey, digest, size].join('|')),
  );
  lines.sort(Buffer.compare);
  return createHmac('sha256', secret)
    .update(`${uid}\n${lines.map(String).join('\n')}`)
    .digest('hex');
}
