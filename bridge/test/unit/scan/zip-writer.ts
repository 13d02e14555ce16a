import zlib from 'node:zlib';

export interface Member {
  name: string;
  bytes: Uint8Array;
  deflate?: boolean;
  /** sizes and checksum behind the data, as PyTorch writes them */
  descriptor?: boolean;
  /** what a header says instead of the truth */
  local?: Partial<Fields>;
  central?: Partial<Fields>;
}
interface Fields {
  name: string;
  method: number;
  flags: number;
  crc: number;
  compressedSize: number;
  size: number;
  offset: number;
  attributes: number;
}

/** Writes a zip, honest or crafted. */
export function writeZip(members: Member[], options: { prefix?: Uint8Array; gap?: Uint8Array; comment?: string; count?: number; beforeEnd?: Uint8Array } = {}): Buffer {
  const parts: Buffer[] = [Buffer.from(options.prefix ?? [])];
  const directory: Buffer[] = [];
  let offset = parts[0]!.length;
  for (const member of members) {
    const data = member.deflate === true ? zlib.deflateRawSync(member.bytes) : Buffer.from(member.bytes);
    const truth: Fields = {
      name: member.name, method: member.deflate === true ? 8 : 0, flags: member.descriptor === true ? 0x0808 : 0, crc: zlib.crc32(member.bytes), compressedSize: data.length,
      size: member.bytes.length, offset, attributes: 0,
    };
    const hidden = member.descriptor === true ? { crc: 0, compressedSize: 0, size: 0 } : {};
    const local = header(0x04034b50, { ...truth, ...hidden, ...member.local }, false);
    const descriptor = member.descriptor === true ? words(0x08074b50, truth.crc, truth.compressedSize, truth.size) : Buffer.alloc(0);
    parts.push(local, data, descriptor);
    directory.push(header(0x02014b50, { ...truth, ...member.central }, true));
    offset += local.length + data.length + descriptor.length;
  }
  const gap = Buffer.from(options.gap ?? []);
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(options.count ?? members.length, 8);
  end.writeUInt16LE(options.count ?? members.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset + gap.length, 16);
  const comment = Buffer.from(options.comment ?? '');
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, gap, central, Buffer.from(options.beforeEnd ?? []), end, comment]);
}

function header(mark: number, fields: Fields, central: boolean): Buffer {
  const name = Buffer.from(fields.name);
  const bytes = Buffer.alloc(central ? 46 : 30);
  const shift = central ? 2 : 0;
  bytes.writeUInt32LE(mark, 0);
  if (central) bytes.writeUInt16LE(fields.attributes === 0 ? 20 : 0x0314, 4);
  bytes.writeUInt16LE(20, 4 + shift);
  bytes.writeUInt16LE(fields.flags, 6 + shift);
  bytes.writeUInt16LE(fields.method, 8 + shift);
  bytes.writeUInt32LE(fields.crc, 14 + shift);
  bytes.writeUInt32LE(fields.compressedSize, 18 + shift);
  bytes.writeUInt32LE(fields.size, 22 + shift);
  bytes.writeUInt16LE(name.length, 26 + shift);
  if (central) {
    bytes.writeUInt32LE((fields.attributes << 16) >>> 0, 38);
    bytes.writeUInt32LE(fields.offset, 42);
  }
  return Buffer.concat([bytes, name]);
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => bytes.writeUInt32LE(value, i * 4));
  return bytes;
}
