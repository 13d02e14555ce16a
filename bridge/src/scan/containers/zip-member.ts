import zlib from 'node:zlib';
import type { ScanContext } from '../format.ts';
import { Rejected } from '../report.ts';
import { BufferSource, SliceSource, type ByteSource } from '../source.ts';
import type { ZipMember } from './zip-headers.ts';

/**
 * The bytes of a member. Stored members stay where they are; deflated ones are unpacked into
 * memory, under the limits of the upload. A wrong checksum is told and the bytes are judged all the
 * same: some loaders do not look at it.
 */
export function openMember(
  zip: ByteSource,
  member: ZipMember,
  file: string,
  context: ScanContext,
): ByteSource {
  const packed = new SliceSource(zip, member.dataOffset, member.compressedSize);
  const source = member.method === 0 ? packed : inflateMember(packed, member, context);
  let crc = 0;
  source.stream(0, source.size, (chunk) => {
    crc = zlib.crc32(chunk, crc);
  });
  if (crc !== member.crc) {
    context.report.add('zip-crc', {
      file: `${file}!${member.name}`,
      offset: 0,
      evidence: `${crc.toString(16)} instead of ${member.crc.toString(16)}`,
    });
  }
  return source;
}

function inflateMember(packed: ByteSource, member: ZipMember, context: ScanContext): ByteSource {
  if (
    member.size >
    Math.max(member.compressedSize * context.limits.ratio, context.limits.ratioFromBytes)
  ) {
    throw new Rejected(
      'limit-exceeded',
      `Member ${JSON.stringify(member.name)} unpacks to more than ${context.limits.ratio} times its size.`,
      member.dataOffset,
    );
  }
  context.budget.unpackedBytes += member.size;
  if (
    context.budget.unpackedBytes > context.limits.unpackedBytes ||
    packed.size > context.limits.unpackedBytes
  ) {
    throw new Rejected(
      'limit-exceeded',
      `The compressed parts unpack to more than ${context.limits.unpackedBytes} bytes.`,
      member.dataOffset,
    );
  }
  let unpacked: { buffer: Buffer; engine: { bytesWritten: number } };
  try {
    // `info` tells how much of the input the stream used: bytes behind it would belong to nobody
    unpacked = zlib.inflateRawSync(packed.read(0, packed.size), {
      maxOutputLength: Math.max(1, member.size),
      info: true,
    }) as unknown as typeof unpacked;
  } catch (error) {
    throw new Rejected(
      'zip-structure',
      `Member ${JSON.stringify(member.name)} cannot be unpacked to the size it states: ${(error as Error).message}.`,
      member.dataOffset,
    );
  }
  if (unpacked.buffer.length !== member.size || unpacked.engine.bytesWritten !== packed.size) {
    throw new Rejected(
      'zip-headers-differ',
      `Member ${JSON.stringify(member.name)}: the packed data do not have the sizes that the headers state.`,
      member.dataOffset,
    );
  }
  return new BufferSource(unpacked.buffer);
}
