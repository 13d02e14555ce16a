import { Rejected } from '../../report.ts';
import type { OnnxWalk } from './walk.ts';

/** Written by onnx and ONNX Runtime; anything else another reader might act on. */
const KEYS = new Set(['location', 'offset', 'length', 'checksum']);
const WHOLE = /^(0|[1-9][0-9]{0,15})$/;
const SHA1 = /^[0-9a-fA-F]{40}$/;

/** A tensor as it stands in the model. */
interface ExternalTensor {
  readonly name: string;
  readonly at: number;
  /** which type and shape need */
  readonly bytes: bigint;
}

/**
 * A tensor whose data lie in another file: the file must be one of the same folder of the upload,
 * named plainly, and the range must lie inside and be as long as type and shape say. Puts a claim
 * on those bytes; the file itself is judged by it.
 */
export function claimExternalData(
  { file, context }: OnnxWalk,
  tensor: ExternalTensor,
  entries: ReadonlyMap<string, string>,
): void {
  const location = entries.get('location') ?? '';
  const wrong = (why: string): void =>
    context.report.add('onnx-external-data', {
      file,
      offset: tensor.at,
      symbol: location,
      evidence: tensor.name,
      why,
    });
  for (const key of entries.keys())
    if (!KEYS.has(key))
      return wrong(
        `external_data has the key ${JSON.stringify(key.slice(0, 40))}, which the format does not know.`,
      );
  if (!isPlainName(location))
    return wrong(
      'The location is not the plain name of a file; it could lead outside of the upload.',
    );
  const name = `${context.name.slice(0, context.name.lastIndexOf('/') + 1)}${location}`;
  const size = context.siblings.get(name);
  if (size === undefined) return wrong('The upload has no file of this name beside the model.');
  if (name === context.name) return wrong('The model names itself as its data file.');
  const range = rangeIn(size, entries, tensor.bytes);
  if (typeof range === 'string') return wrong(range);
  const sha1 = entries.get('checksum');
  if (sha1 !== undefined && !SHA1.test(sha1)) return wrong('The checksum is not a SHA-1.');
  context.claims.add(name, {
    by: file,
    what: 'weights of an ONNX model',
    ...range,
    ...(sha1 === undefined ? {} : { sha1 }),
  });
}

/** The range of the file that the entries name, or what is wrong with it. */
function rangeIn(
  size: number,
  entries: ReadonlyMap<string, string>,
  bytes: bigint,
): { start: number; end: number } | string {
  const offset = entries.get('offset') ?? '0';
  const length = entries.get('length') ?? (WHOLE.test(offset) ? String(size - Number(offset)) : '');
  if (!WHOLE.test(offset) || !WHOLE.test(length))
    return 'Offset or length is not a plain whole number inside of the file.';
  const [start, end] = [Number(offset), Number(offset) + Number(length)];
  if (end > size)
    return `The range ${start} to ${end} reaches beyond the file, which has ${size} bytes.`;
  return BigInt(length) === bytes
    ? { start, end }
    : `Type and shape need ${bytes} bytes; the range has ${length}.`;
}

/** Data in two places: in the message and in another file. */
export function refuseBoth(at: number): never {
  throw new Rejected(
    'onnx-external-data',
    'A tensor has data of its own and names another file; readers differ in which they take.',
    at,
  );
}

function isPlainName(name: string): boolean {
  return (
    name !== '' && !name.startsWith('.') && !/[/\\:*?"<>|\p{Cc}]/u.test(name) && name.length <= 200
  );
}
