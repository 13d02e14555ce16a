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
  localExtra?: Uint8Array;
  centralExtra?: Uint8Array;
  centralComment?: string;
  /** left out of the directory */
  unlisted?: boolean;
  /** packed data instead of the deflated or stored bytes */
  packed?: Uint8Array;
}

interface ZipOptions {
  prefix?: Uint8Array;
  gap?: Uint8Array;
  comment?: string;
  count?: number;
  beforeEnd?: Uint8Array;
  /** adds the end record of zip64 with these numbers instead of the true ones */
  zip64?: { count?: number; bytes?: number; start?: number; recordAt?: number };
  /** changes the end record */
  end?: (end: Buffer) => void;
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
export function writeZip(members: Member[], options: ZipOptions = {}): Buffer {
  const parts: Buffer[] = [Buffer.from(options.prefix ?? [])];
  const directory: Buffer[] = [];
  let offset = parts[0]!.length;
  for (const member of members) {
    const data = Buffer.from(
      member.packed ?? (member.deflate === true ? zlib.deflateRawSync(member.bytes) : member.bytes),
    );
    const truth: Fields = {
      name: member.name,
      method: member.deflate === true ? 8 : 0,
      flags: member.descriptor === true ? 0x0808 : 0,
      crc: zlib.crc32(member.bytes),
      compressedSize: data.length,
      size: member.bytes.length,
      offset,
      attributes: 0,
    };
    const hidden = member.descriptor === true ? { crc: 0, compressedSize: 0, size: 0 } : {};
    const local = header(
      0x04034b50,
      { ...truth, ...hidden, ...member.local },
      false,
      member.localExtra,
    );
    const descriptor =
      member.descriptor === true
        ? words(0x08074b50, truth.crc, truth.compressedSize, truth.size)
        : Buffer.alloc(0);
    parts.push(local, data, descriptor);
    if (member.unlisted !== true)
      directory.push(
        header(
          0x02014b50,
          { ...truth, ...member.central },
          true,
          member.centralExtra,
          member.centralComment,
        ),
      );
    offset += local.length + data.length + descriptor.length;
  }
  const gap = Buffer.from(options.gap ?? []);
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(options.count ?? directory.length, 8);
  end.writeUInt16LE(options.count ?? directory.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset + gap.length, 16);
  const comment = Buffer.from(options.comment ?? '');
  end.writeUInt16LE(comment.length, 20);
  options.end?.(end);
  const wide =
    options.zip64 === undefined
      ? Buffer.alloc(0)
      : zip64End(options.zip64, directory.length, central.length, offset + gap.length);
  return Buffer.concat([
    ...parts,
    gap,
    central,
    wide,
    Buffer.from(options.beforeEnd ?? []),
    end,
    comment,
  ]);
}

function zip64End(
  lies: NonNullable<ZipOptions['zip64']>,
  count: number,
  bytes: number,
  start: number,
): Buffer {
  const end = Buffer.alloc(76);
  const wide = (at: number, value: number): number => end.writeBigUInt64LE(BigInt(value), at);
  end.writeUInt32LE(0x06064b50, 0);
  wide(4, 44);
  end.writeUInt16LE(45, 12);
  end.writeUInt16LE(45, 14);
  wide(24, lies.count ?? count);
  wide(32, lies.count ?? count);
  wide(40, lies.bytes ?? bytes);
  wide(48, lies.start ?? start);
  end.writeUInt32LE(0x07064b50, 56);
  wide(64, lies.recordAt ?? start + bytes);
  end.writeUInt32LE(1, 72);
  return end;
}

/** An extra field: `extra(1, 8-byte sizes)` is that of zip64. */
export function extra(id: number, ...content: (Uint8Array | bigint)[]): Buffer {
  const body = Buffer.concat(
    content.map((part) => {
      if (typeof part !== 'bigint') return Buffer.from(part);
      const wide = Buffer.alloc(8);
      wide.writeBigUInt64LE(part);
      return wide;
    }),
  );
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(body.length, 2);
  return Buffer.concat([head, body]);
}

function header(
  mark: number,
  fields: Fields,
  central: boolean,
  extraFields: Uint8Array = Buffer.alloc(0),
  note = '',
): Buffer {
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
  bytes.writeUInt16LE(extraFields.length, 28 + shift);
  if (central) {
    bytes.writeUInt16LE(note.length, 32);
    bytes.writeUInt32LE((fields.attributes << 16) >>> 0, 38);
    bytes.writeUInt32LE(fields.offset, 42);
  }
  return Buffer.concat([bytes, name, extraFields, Buffer.from(note)]);
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => bytes.writeUInt32LE(value, i * 4));
  return bytes;
}
