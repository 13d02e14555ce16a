import { Rejected } from '../report.ts';

const ZIP64 = 1;
export const SIZE_UNKNOWN = 0xffffffff;
/**
 * Times and owners of Info-ZIP and Windows, and the fillers by which PyTorch ("FB"), Android and
 * Java move data to round places. Others can give a member another name (0x7075) or another method
 * (0x9901) than its header does.
 */
const KNOWN = new Set([ZIP64, 0x5455, 0x5855, 0x7855, 0x7875, 0x000a, 0x4246, 0xd935, 0xcafe]);

/** The numbers of a header that its zip64 field may replace. */
export interface WideFields {
  size: number;
  compressedSize: number;
  offset: number;
}

/**
 * Takes sizes from the zip64 field where the header says that they are there. `repeated`: a local
 * header has no offset to fill in, and PyTorch writes that of the directory all the same. Python
 * before 3.11.4 repeats both sizes in each member that numpy writes: the same numbers twice, so
 * that nobody reads anything else.
 */
export function widen(header: WideFields, extra: Buffer, at: number, repeated?: number): void {
  const wide = zip64Field(extra, at);
  const isMissing = (field: keyof WideFields): boolean =>
    header[field] === SIZE_UNKNOWN && (field !== 'offset' || repeated === undefined);
  let position = 0;
  for (const field of ['size', 'compressedSize', 'offset'] as const) {
    if (!isMissing(field)) continue;
    if (wide === null || position + 8 > wide.length)
      throw new Rejected('zip-structure', 'A 64-bit size is missing.', at);
    header[field] = number64(wide, position);
    position += 8;
  }
  if (wide === null || position === wide.length) return;
  if (position === 0 && repeatsSizes(wide, header)) return;
  const left = wide.length - position;
  if (repeated === undefined || left !== 8 || number64(wide, position) !== repeated)
    throw new Rejected(
      'zip-structure',
      'A zip64 field holds sizes that the header does not ask for; some readers take them all the same.',
      at,
    );
}

const repeatsSizes = (wide: Buffer, header: WideFields): boolean =>
  wide.length === 16 &&
  number64(wide, 0) === header.size &&
  number64(wide, 8) === header.compressedSize;

function zip64Field(extra: Buffer, at: number): Buffer | null {
  let wide: Buffer | null = null;
  for (let position = 0; position < extra.length;) {
    if (position + 4 > extra.length)
      throw new Rejected('zip-structure', 'An extra field is cut off.', at);
    const [id, length] = [extra.readUInt16LE(position), extra.readUInt16LE(position + 2)];
    if (position + 4 + length > extra.length)
      throw new Rejected('zip-structure', 'An extra field is longer than its place.', at);
    if (!KNOWN.has(id))
      throw new Rejected(
        'zip-structure',
        `A header has the extra field 0x${id.toString(16)}, which readers treat differently.`,
        at,
      );
    if (id === ZIP64) {
      if (wide !== null) throw new Rejected('zip-structure', 'There are two zip64 fields.', at);
      wide = extra.subarray(position + 4, position + 4 + length);
    }
    position += 4 + length;
  }
  return wide;
}

export function number64(bytes: Buffer, at: number): number {
  const value = bytes.readBigUInt64LE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new Rejected('zip-structure', 'A 64-bit size is larger than any file.');
  return Number(value);
}
