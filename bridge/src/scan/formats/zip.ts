import { claimedName } from '../containers/compressed/names.ts';
import { readZipDirectory } from '../containers/zip-directory.ts';
import { endsLikeZip } from '../containers/zip-end.ts';
import type { ZipMember } from '../containers/zip-headers.ts';
import { openMember } from '../containers/zip-member.ts';
import type { Format, ScanContext } from '../format.ts';
import type { ByteSource } from '../source.ts';
import { isCode, scanCollection, type Member } from './collection.ts';
import { isKerasZip, scanKerasZip } from './keras-zip.ts';
import { isTorchExport, scanTorchExport } from './torch-export.ts';
import { isTorchServe, scanTorchServe } from './torch-serve.ts';
import { isTorchZip, scanTorchZip } from './torch-zip.ts';

const LOCAL_MARK = 0x504b0304;
const END_MARK = 0x504b0506;

/** What a zip turns out to be is decided by its members, not by its name. */
export const zip: Format = {
  id: 'zip',
  title: 'a zip archive',
  extensions: ['pt', 'pt2', 'pth', 'ckpt', 'bin', 'npz', 'zip', 'mar', 'keras'],
  sniff: (source, head) =>
    big32(head, 0) === LOCAL_MARK || big32(head, 0) === END_MARK || endsLikeZip(source),
  scan: (source, file, context) => {
    const members = readZipDirectory(source, context.limits.members);
    if (isTorchZip(members)) {
      context.report.formats[file] = 'torch-zip';
      scanTorchZip(source, members, file, context);
    } else if (isTorchExport(members)) {
      context.report.formats[file] = 'torch-export';
      scanTorchExport(source, members, file, context);
    } else if (isKerasZip(members)) {
      context.report.formats[file] = 'keras';
      scanKerasZip(source, members, file, context);
    } else if (members.length > 0 && members.every((member) => member.name.endsWith('.npy'))) {
      context.report.formats[file] = 'npz';
      scanArrays(source, members, file, context);
    } else {
      scanAsCollection(
        members.map((member) => ({
          name: member.name,
          size: member.size,
          open: () => openMember(source, member, file, context),
        })),
        file,
        context,
      );
    }
  },
};

function scanAsCollection(members: Member[], file: string, context: ScanContext): void {
  const { report } = context;
  if (isTorchServe(members.map(({ name }) => name))) {
    report.formats[file] = 'torch-serve';
    return scanTorchServe(members, file, context);
  }
  const hasModel = scanCollection(members, file, context);
  for (const { name } of members)
    if (isCode(name)) report.add('archive-code', { file: `${file}!${name}`, symbol: name });
  // under another name than .zip a loader expects something that this is not
  if (!claimedName(file).endsWith('.zip'))
    report.add('format-not-understood', {
      file,
      why: 'The zip is neither a PyTorch file, a Keras model nor a collection of numpy arrays.',
    });
  else if (!hasModel && context.kind === 'model')
    report.add('format-not-understood', {
      file,
      why: 'There is no model among the files of the archive.',
    });
}

function scanArrays(
  source: ByteSource,
  members: ZipMember[],
  file: string,
  context: ScanContext,
): void {
  for (const member of members) {
    const inside = `${file}!${member.name}`;
    context.report.guard(inside, () =>
      context.nested(openMember(source, member, file, context), inside),
    );
    const found = context.report.formats[inside];
    if (found !== 'npy')
      context.report.add('npz-layout', {
        file: inside,
        why: `The member is ${found ?? 'unreadable'}, not an array.`,
      });
  }
}

const big32 = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] ?? 0) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)) >>>
  0;
