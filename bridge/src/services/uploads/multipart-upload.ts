import { type UploadAccepted, UploadMetadata } from '../../contract/requests.ts';
import { parseStrictJson } from '../../domain/strict-json.ts';
import { Forbidden, Invalid } from '../../errors.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { BufferBudget, type StagedArtifact } from './staged-artifact.ts';
import {
  acceptedName,
  assertText,
  checkDigest,
  DOCKERFILE_MAX_BYTES,
  KIND_OF_FIELD,
  mediaType,
  refused,
  SIDE_FILES_MAX,
  type UploadField,
} from './rules.ts';
import type { OdooPort } from '../ports/odoo.ts';
import type { Clock } from '../ports/runtime.ts';
import { checkUpload, registerVersion, type StoredArtifact, type Uploader } from './register.ts';

export interface UploadDeps {
  store: ArtifactStore;
  odoo: OdooPort;
  clock: Clock;
  receiptSecret: string;
  /** of one file */
  maxBytes: number;
}

/** Who uploads; refuses who may not before a byte is taken. */
export async function uploaderOf(
  odoo: OdooPort,
  caller: Uploader['caller'],
  requestId: string,
): Promise<Uploader> {
  const { uid, roles } = await odoo.whoami(caller);
  if (!roles.includes('data_scientist')) {
    throw new Forbidden('Uploading needs the role Data scientist.', {
      code: 'upload-forbidden',
      remedy: 'Ask an MLOps manager for the role.',
    });
  }
  return { caller, uid, requestId };
}

interface TakenFile {
  field: UploadField;
  filename: string;
  sentName: string;
  type: string;
  digest: string | undefined;
  upload: StagedArtifact;
  text: Buffer[] | null;
}

/**
 * One upload of a version: its parts may come in any order. Files are staged as they come; what the
 * metadata says about them is checked as soon as both are there; only when everything is right do
 * they become visible and known to Odoo.
 */
export class UploadIntake {
  #metadata: UploadMetadata | null = null;
  readonly #files: TakenFile[] = [];
  readonly #kept: BufferBudget;
  readonly #deps: UploadDeps;
  readonly #by: Uploader;
  readonly #idempotencyKey: string;
  readonly #repeatable: boolean;

  /**
   * @param repeatable whether the client named the key itself, so that this may be its second try
   */
  constructor(deps: UploadDeps, by: Uploader, idempotencyKey: string, repeatable: boolean) {
    this.#deps = deps;
    this.#by = by;
    this.#idempotencyKey = idempotencyKey;
    this.#repeatable = repeatable;
    this.#kept = new BufferBudget(deps.store.buffers.bytes);
  }

  async metadata(text: string): Promise<void> {
    if (this.#metadata) throw refused('metadata', 'it came twice', 'Send it once.');
    this.#metadata = parseMetadata(text);
    await checkUpload(
      this.#deps.odoo,
      this.#by,
      this.#metadata,
      this.#repeatable ? this.#idempotencyKey : null,
    );
  }

  /** A file begins. @param digest what the client announced for it, if it did */
  file(
    field: UploadField,
    sentName: string | null,
    type: string | undefined,
    digest: string | undefined,
  ): { write(chunk: Buffer): Promise<void> | undefined; end(): Promise<void> } {
    const filename = acceptedName(field, sentName);
    if (field !== 'sideFiles' && this.#files.some((each) => each.field === field))
      throw refused(field, 'it came twice', 'Send it once.');
    if (this.#files.some((each) => each.filename === filename))
      throw refused(field, `two files are called "${filename}"`, 'Give each file its own name.');
    if (this.#files.filter((each) => each.field === 'sideFiles').length >= SIDE_FILES_MAX)
      throw refused(field, `there are more than ${SIDE_FILES_MAX}`, 'Pack them into one archive.');
    const isText = field === 'dockerfile';
    const upload = this.#deps.store.open({
      field,
      maxBytes: isText ? Math.min(DOCKERFILE_MAX_BYTES, this.#deps.maxBytes) : this.#deps.maxBytes,
      kept: this.#kept,
    });
    const file: TakenFile = {
      field,
      filename,
      sentName: sentName ?? filename,
      type: mediaType(KIND_OF_FIELD[field], type),
      digest,
      upload,
      text: isText ? [] : null,
    };
    this.#files.push(file);
    return {
      write: (chunk) => {
        const wait = upload.write(chunk);
        file.text?.push(Buffer.from(chunk));
        return wait;
      },
      end: async () => {
        if (upload.size === 0 && field !== 'sideFiles')
          throw refused(field, `"${file.sentName}" is empty`, 'Send the file itself.');
        if (file.text) assertText(field, Buffer.concat(file.text));
        file.text = null;
        const { digest } = await upload.seal();
        this.#checkAnnounced(file, digest);
      },
    };
  }

  /** After the last part. */
  async finish(): Promise<UploadAccepted> {
    const metadata = this.#complete();
    for (const file of this.#files) this.#checkAnnounced(file, (await file.upload.seal()).digest);
    const artifacts: StoredArtifact[] = [];
    for (const { field, filename, type, upload } of this.#files) {
      artifacts.push({
        kind: KIND_OF_FIELD[field],
        filename,
        mediaType: type,
        ...(await upload.commit()),
      });
    }
    const idempotencyKey = this.#idempotencyKey;
    return registerVersion(this.#deps, this.#by, { idempotencyKey, metadata, artifacts });
  }

  /**
   * Nothing of this upload stays but files already visible, which the collector takes when no
   * record names them.
   */
  async abort(): Promise<void> {
    await Promise.all(this.#files.map(({ upload }) => upload.abort()));
  }

  #complete(): UploadMetadata {
    const errors = [];
    const missing = (field: string) => ({
      field,
      reason: 'it is missing',
      remedy: `Send the field ${field}.`,
    });
    if (!this.#files.some(({ field }) => field === 'modelFile')) errors.push(missing('modelFile'));
    if (!this.#files.some(({ field }) => field === 'dockerfile'))
      errors.push(missing('dockerfile'));
    if (!this.#metadata) errors.push(missing('metadata'));
    for (const name of Object.keys(this.#metadata?.digests ?? {})) {
      if (this.#files.some((file) => file.filename === name || file.sentName === name)) continue;
      errors.push({
        field: `metadata.digests.${name}`,
        reason: 'no file of this name came',
        remedy: 'Use the names of the files sent.',
      });
    }
    if (errors.length > 0 || !this.#metadata) {
      throw new Invalid(
        `The upload is not complete: ${errors.map(({ field, reason }) => `${field}: ${reason}`).join('; ')}.`,
        { code: 'upload-incomplete', errors },
      );
    }
    return this.#metadata;
  }

  #checkAnnounced(file: TakenFile, digest: string): void {
    const digests = this.#metadata?.digests;
    for (const announced of [file.digest, digests?.[file.filename], digests?.[file.sentName]])
      checkDigest(file.field, digest, announced);
  }
}

export function parseMetadata(text: string): UploadMetadata {
  let json: unknown;
  let faults;
  try {
    ({ value: json, faults } = parseStrictJson(text));
  } catch (error) {
    throw refused(
      'metadata',
      `it is not JSON (${(error as Error).message})`,
      'Send one JSON object with at least name and version.',
      'metadata-invalid',
    );
  }
  if (faults.length > 0) {
    const errors = faults.map((fault) => ({ ...fault, field: `metadata.${fault.field}` }));
    throw new Invalid(
      `The metadata is not right: ${errors.map(({ field, reason }) => `${field} ${reason}`).join('; ')}.`,
      { code: 'metadata-invalid', errors },
    );
  }
  const parsed = UploadMetadata.safeParse(json);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map((issue) => ({
    field: ['metadata', ...issue.path].join('.'),
    reason: issue.message,
  }));
  throw new Invalid(
    `The metadata is not right: ${errors.map(({ field, reason }) => `${field}: ${reason}`).join('; ')}.`,
    { code: 'metadata-invalid', errors },
  );
}
