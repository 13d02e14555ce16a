import { Invalid, TooLarge } from '../../errors.ts';
import { hasInvisible } from '../../contract/text.ts';

export type ArtifactKind = 'model' | 'dockerfile' | 'side';
export type UploadField = 'modelFile' | 'dockerfile' | 'sideFiles';
export const KIND_OF_FIELD: Record<UploadField, ArtifactKind> = {
  modelFile: 'model',
  dockerfile: 'dockerfile',
  sideFiles: 'side',
};

export const DOCKERFILE_MAX_BYTES = 1024 * 1024;
export const METADATA_MAX_BYTES = 1024 * 1024;
export const SIDE_FILES_MAX = 64;

const MODEL_EXTENSIONS = [
  'safetensors',
  'pt',
  'pth',
  'ckpt',
  'bin',
  'pkl',
  'pickle',
  'joblib',
  'npz',
  'npy',
  'onnx',
  'gguf',
  'h5',
  'hdf5',
  'keras',
  'tflite',
  'pb',
  'mar',
  'model',
  'ubj',
  'cbm',
  'zip',
  'tar',
  'gz',
  'tgz',
  'json',
  'txt',
];
const SIDE_EXTENSIONS = [
  ...MODEL_EXTENSIONS,
  'yaml',
  'yml',
  'toml',
  'cfg',
  'ini',
  'md',
  'csv',
  'tsv',
  'py',
  'sh',
  'spm',
  'vocab',
  'merges',
  'jinja',
  'proto',
  'pbtxt',
  'params',
  'index',
  'rst',
  'tiktoken',
  'bpe',
  'codes',
  'j2',
  'data',
  'weight',
  'bias',
];
/**
 * Files beside a model that no extension tells: notes, and raw weights of ONNX and TensorFlow, of
 * which the model says what they are.
 */
const SIDE_NAMES = [
  /^(readme|licen[cs]e|copying|notice|authors|changelog|version)$/i,
  /\.onnx_data(_\d{1,5})?$/i,
  /\.data-\d{5}-of-\d{5}$/,
  /^onnx__\w+$/,
];

/**
 * The file name to record, or why this file is refused. A Dockerfile is always recorded as
 * `Dockerfile`.
 */
export function acceptedName(field: UploadField, filename: string | null): string {
  if (field === 'dockerfile') return 'Dockerfile';
  const name = (filename ?? '').normalize('NFC').trim();
  if (name === '')
    throw refused(field, 'it has no file name', 'Send the field as a file, with its name.');
  if (!isPlainName(name))
    throw refused(
      field,
      `"${name.slice(0, 60)}" is not a plain file name`,
      'Use a name without folders, control characters or a leading dot, of at most 200 characters.',
    );
  if (/^(dockerfile|containerfile)$/i.test(name))
    throw refused(
      field,
      `"${name}" belongs into the field dockerfile`,
      'Send it as the field dockerfile.',
    );
  const extension = extensionOf(name);
  const allowed = field === 'modelFile' ? MODEL_EXTENSIONS : SIDE_EXTENSIONS;
  if (
    !allowed.includes(extension) &&
    !(field === 'sideFiles' && SIDE_NAMES.some((form) => form.test(name)))
  ) {
    throw refused(
      field,
      `files of the kind "${extension === '' ? 'without extension' : `.${extension}`}" are not accepted`,
      `Accepted are ${allowed.map((each) => `.${each}`).join(' ')}.`,
    );
  }
  return name;
}

const isPlainName = (name: string): boolean =>
  name.length <= 200 && !/[/\\|\p{Cc}]/u.test(name) && !hasInvisible(name) && !name.startsWith('.');

/** '' where a name has none. */
const extensionOf = (name: string): string =>
  name.includes('.') ? name.slice(name.lastIndexOf('.') + 1).toLowerCase() : '';

/** @throws Invalid unless the bytes are text, as a Dockerfile must be */
export function assertText(field: string, bytes: Buffer): void {
  let text = '';
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    /* said below */
  }
  if (text.trim() === '' || text.includes('\0'))
    throw refused(field, 'it is not text in UTF-8', 'Send a Dockerfile as plain text.');
}

export function mediaType(kind: ArtifactKind, given: string | undefined): string {
  if (kind === 'dockerfile') return 'text/x-dockerfile';
  return given && /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.test(given) ? given : 'application/octet-stream';
}

export function refused(
  field: string,
  reason: string,
  remedy: string,
  code = 'upload-refused',
): Invalid {
  return new Invalid(`${field}: ${reason}.`, { code, remedy, errors: [{ field, reason, remedy }] });
}

const HEX = /^sha256:[0-9a-f]{64}$/;
/**
 * The SHA-256 that a header names: `Repr-Digest: sha-256=:<base64>:` (RFC 9530), `Digest:
 * SHA-256=<base64>` (RFC 3230) or `sha256:<hex>`. undefined when it names none. @throws Invalid
 * when it is not readable
 */
export function digestOfHeaders(
  headers: Record<string, string | string[] | undefined>,
): string | undefined {
  const value = headers['repr-digest'] ?? headers['content-digest'] ?? headers['digest'];
  if (value === undefined) return undefined;
  const text = Array.isArray(value) ? value.join(',') : value;
  if (HEX.test(text.trim())) return text.trim();
  const base64 = /(?:^|,)\s*sha-256=(?::([A-Za-z0-9+/]{43}=):|([A-Za-z0-9+/]{43}=))/i.exec(text);
  if (base64) return `sha256:${Buffer.from((base64[1] ?? base64[2])!, 'base64').toString('hex')}`;
  if (/sha-256/i.test(text))
    throw refused('Repr-Digest', 'its sha-256 cannot be read', 'Write it as sha-256=:<base64>:.');
  return undefined; // only other algorithms: nothing that we could compare
}

export function tooLarge(field: string, maxBytes: number): TooLarge {
  return new TooLarge(`${field} is larger than ${maxBytes} bytes, the most that is accepted.`, {
    code: 'upload-too-large',
    remedy: 'Send a smaller file, or have the limit raised (UPLOAD_MAX_BYTES).',
    errors: [{ field, reason: `larger than ${maxBytes} bytes` }],
  });
}
export function checkDigest(field: string, digest: string, expected: string | undefined): void {
  if (!expected || expected === digest) return;
  const remedy =
    'The bytes changed on the way, or the digest was taken of another file. Take it again and send the file again.';
  throw new Invalid(`${field} arrived with the digest ${digest}, but ${expected} was announced.`, {
    code: 'digest-mismatch',
    remedy,
    errors: [{ field, reason: `digest is ${digest}, announced was ${expected}`, remedy }],
  });
}
