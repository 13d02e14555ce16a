import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { readZipDirectory } from '../containers/zip-directory.ts';
import { FileSource } from '../source.ts';

/** https://ossf.github.io/osv-schema/, as far as we read it */
export interface Advisory {
  id: string;
  modified?: string;
  aliases?: string[];
  withdrawn?: string;
  summary?: string;
  details?: string;
  affected?: {
    package?: { ecosystem: string; name: string };
    versions?: string[];
    ranges?: { type: string; events: Record<string, string>[] }[];
  }[];
}

/** as OSV gives them out, and as osv-scanner keeps them for work without a network */
const ARCHIVE = 'all.zip';
/**
 * osv-scanner (and the library in it) put a folder of their name into the one that they are given
 */
const FOLDERS = ['.', 'osv-scanner', 'osv-scalibr'];
/** npm alone has some 200,000 */
const ADVISORIES_MAX = 4_000_000;
const ADVISORY_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Where the advisories of an ecosystem lie: its `all.zip`, or a folder with one JSON file for each.
 * null: there are none.
 */
export function advisoryPlace(folder: string, ecosystem: string): string | null {
  for (const inside of FOLDERS) {
    const place = path.join(folder, inside, ecosystem);
    if (fs.existsSync(path.join(place, ARCHIVE))) return path.join(place, ARCHIVE);
    if (fs.existsSync(place)) return place;
  }
  return null;
}

/**
 * One after the other; an archive is read where it lies, a member at a time. Throws when it is
 * broken.
 */
export function* advisoriesIn(place: string): Generator<{ advisory: Advisory; date: number }> {
  if (path.basename(place) === ARCHIVE) return yield* advisoriesInArchive(place);
  for (const name of fs.readdirSync(place)) {
    if (!name.endsWith('.json')) continue;
    const file = path.join(place, name);
    yield read(fs.readFileSync(file, 'utf8'), fs.statSync(file).mtimeMs);
  }
}

function* advisoriesInArchive(place: string): ReturnType<typeof advisoriesIn> {
  const source = new FileSource(fs.realpathSync(place));
  try {
    const date = fs.statSync(place).mtimeMs;
    for (const member of readZipDirectory(source, ADVISORIES_MAX)) {
      if (!member.name.endsWith('.json')) continue;
      if (Math.max(member.size, member.compressedSize) > ADVISORY_BYTES_MAX)
        throw new Error(`${member.name} has ${member.size} bytes`);
      const packed = source.read(member.dataOffset, member.compressedSize);
      const bytes =
        member.method === 0
          ? packed
          : zlib.inflateRawSync(packed, { maxOutputLength: Math.max(1, member.size) });
      if (zlib.crc32(bytes) !== member.crc)
        throw new Error(`${member.name} does not have the checksum that the archive states`);
      yield read(
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'),
        date,
      );
    }
  } finally {
    source.close();
  }
}

/** When it was last changed says how old the copy is, whenever that was made. */
function read(text: string, copied: number): { advisory: Advisory; date: number } {
  const advisory = JSON.parse(text) as Advisory;
  const changed = Date.parse(advisory.modified ?? '');
  return { advisory, date: Number.isNaN(changed) ? copied : changed };
}
