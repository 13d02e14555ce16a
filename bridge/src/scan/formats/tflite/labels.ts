import { Claims } from '../../claims.ts';
import { readZipDirectory } from '../../containers/zip-directory.ts';
import { endsLikeZip } from '../../containers/zip-end.ts';
import { openMember } from '../../containers/zip-member.ts';
import type { TableAt } from '../../flatbuffers/reader.ts';
import type { ScanContext } from '../../format.ts';
import { Rejected } from '../../report.ts';
import type { TfliteFile } from './model.ts';

/** the entry of the metadata that describes what goes along with a model */
const DESCRIPTION = 'TFLITE_METADATA';

/**
 * Lists of words that go along with a model (https://ai.google.dev/edge/litert/models/metadata): a
 * zip behind the flatbuffer, whose places count from the beginning of the file. Only text may lie
 * there, and only where the model says that something does.
 */
export function readLabels(
  { reader, source, file }: TfliteFile,
  root: TableAt,
  context: ScanContext,
): void {
  if (!endsLikeZip(source)) return;
  const says = [...reader.each(root, 'metadata')].some(
    (entry) => reader.text(entry, 'name') === DESCRIPTION,
  );
  if (!says)
    throw new Rejected(
      'format-ambiguous',
      'The file can be read as a TensorFlow Lite model and as a zip archive, of which the model says nothing.',
      source.size - 1,
    );
  const members = readZipDirectory(source, context.limits.members, true);
  if (members.length === 0)
    throw new Rejected(
      'format-trailing-data',
      'The zip behind the model is empty.',
      source.size - 1,
    );
  reader.owned.add(Math.min(...members.map(({ headerOffset }) => headerOffset)), source.size);
  for (const member of members) {
    const inside = `${file}!${member.name}`;
    context.report.guard(inside, () =>
      context.nested(openMember(source, member, file, context), inside, {
        name: '',
        siblings: new Map(),
        claims: new Claims(),
        later: undefined,
        kind: 'side',
      }),
    );
    if (context.report.formats[inside] !== 'text')
      context.report.add('format-not-understood', {
        file: inside,
        why: `What goes along with the model is ${context.report.formats[inside] ?? 'unreadable'}, not a list of words.`,
      });
  }
}
