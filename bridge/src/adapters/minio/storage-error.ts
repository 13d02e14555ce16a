import { BridgeError, Conflict, Failed, NotFound, StorageFull, Unavailable } from '../../errors.ts';

type ErrorOf = (what: string, cause: unknown, code: string) => BridgeError;

const absent: ErrorOf = (what, cause) =>
  new NotFound(`${what}: the object does not exist.`, { code: 'object-not-found', cause });

const partsChanged: ErrorOf = (what, cause) =>
  new Conflict(`${what}: the stored parts are not the ones that were sent.`, {
    code: 'upload-parts-changed',
    remedy: 'Send the upload again.',
    cause,
  });

const full: ErrorOf = (_what, cause) =>
  new StorageFull('The object storage is full.', {
    code: 'storage-full',
    remedy: 'Have room made in the object storage (or its quota raised), then send it again.',
    cause,
  });

const refused: ErrorOf = (what, cause, code) =>
  new Failed(`${what}: the object storage refused it (${code}).`, {
    code: 'storage-refused',
    remedy:
      'Check MINIO_ENDPOINT, MINIO_ACCESS_KEY, MINIO_SECRET_KEY, MINIO_BUCKET and both clocks.',
    cause,
  });

const away: ErrorOf = (what, cause, code) =>
  new Unavailable(`${what}: the object storage does not answer${code ? ` (${code})` : ''}.`, {
    code: 'storage-unavailable',
    remedy: 'Try again in a moment.',
    retryAfterSeconds: 5,
    cause,
  });

const BY_CODE = new Map<string, ErrorOf>([
  ['NoSuchKey', absent],
  ['NotFound', absent],
  ['NoSuchVersion', absent],
  [
    'NoSuchUpload',
    (what, cause) =>
      new NotFound(`${what}: the upload is not open (any more).`, {
        code: 'upload-not-found',
        remedy: 'Begin the upload again.',
        cause,
      }),
  ],
  ['InvalidPart', partsChanged],
  ['InvalidPartOrder', partsChanged],
  ['EntityTooSmall', partsChanged],
  [
    'PreconditionFailed',
    (what, cause) => new Conflict(`${what}: it exists already.`, { code: 'object-exists', cause }),
  ],
  ['XMinioStorageFull', full],
  ['XMinioAdminBucketQuotaExceeded', full],
  ['QuotaExceeded', full],
  ['AccessDenied', refused],
  ['InvalidAccessKeyId', refused],
  ['SignatureDoesNotMatch', refused],
  ['NoSuchBucket', refused],
  ['RequestTimeTooSkewed', refused],
  ['InvalidArgument', refused],
]);

/**
 * What MinIO answered, as a BridgeError. `code` is the S3 error code, '' when there was no answer.
 */
export function storageError(code: string, what: string, cause?: unknown): BridgeError {
  return (BY_CODE.get(code) ?? away)(what, cause, code);
}

/** Translates what minio's client throws. */
export function fromClient(error: unknown, what: string): BridgeError {
  if (error instanceof BridgeError) return error;
  const { code, amzRequestid } = error as { code?: unknown; amzRequestid?: unknown };
  // HEAD has no body to tell by: without the header of an S3 server it is some other server that
  // knows nothing here
  if (code === 'NotFound' && !amzRequestid) return storageError('', what, error);
  return storageError(String(code ?? ''), what, error);
}
