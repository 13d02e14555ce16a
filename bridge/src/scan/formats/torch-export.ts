import type { ZipMember } from '../containers/zip-headers.ts';
import { openMember } from '../containers/zip-member.ts';
import type { ScanContext } from '../format.ts';
import { parseStrictJson, type JsonValue } from '../json/strict.ts';
import { latin1, Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { payloads } from '../torchexport/payloads.ts';
import { judgeProgram } from '../torchexport/program.ts';
import { judgeExtra } from './torch-script.ts';

const OLD_PROGRAM = 'serialized_exported_program.json';
const FORMAT = 'archive_format';
/** Small members, and what may be in them. */
const NOTES: Record<string, RegExp> = {
  version: /^[0-9]{1,3}(\.[0-9]{1,3})?\n?$/,
  archive_format: /^pt2$/,
  archive_version: /^[0-9]{1,3}$/,
  byteorder: /^(little|big)$/,
  '.data/version': /^[0-9]{1,3}\n?$/,
  '.data/serialization_id': /^[0-9]{1,64}$/,
  '.format_version': /^[0-9]{1,3}$/,
  '.storage_alignment': /^[0-9]{1,6}$/,
};
const NOTE_MAX_BYTES = 64;
const PROGRAM = /^(serialized_exported_program|models\/[\w.-]+)\.json$/;
/** tensors as torch.save writes them, which torch.export.load loads without weights_only */
const SAVED =
  /^(serialized_(state_dict|constants|example_inputs)|data\/(weights|constants|sample_inputs)\/[\w.-]+)\.pt$/;
const CONFIG = /^data\/(weights|constants)\/[\w.-]+_(weights|constants)_config\.json$/;
const TENSOR = /^data\/(weights|constants)\/(weight|tensor)_[0-9]{1,9}$/;
const EXTRA = /^(extra|extra_files)\/[^/].*$/;

/** What torch.export.save writes: one folder or none. */
export function isTorchExport(members: ZipMember[]): boolean {
  return members.some(
    ({ name }) => name === OLD_PROGRAM || name === FORMAT || /^[^/]+\/archive_format$/.test(name),
  );
}

/**
 * The archives of torch.export: until PyTorch 2.7 a program and three files of torch.save, since
 * then a folder with raw tensors. Every member has its place.
 */
export function scanTorchExport(
  zip: ByteSource,
  members: ZipMember[],
  file: string,
  context: ScanContext,
): void {
  const { report } = context;
  const marked = members.find(({ name }) => name.endsWith(`/${FORMAT}`));
  const prefix = marked === undefined ? '' : marked.name.slice(0, -FORMAT.length);
  const tensors = new Map<string, ZipMember>();
  const described = new Set<string>();
  const own = members.map((member) => ({
    member,
    name: member.name.startsWith(prefix) ? member.name.slice(prefix.length) : '',
  }));
  if (!own.some(({ name }) => PROGRAM.test(name)))
    report.add('torch-layout', { file, why: 'There is no program in the archive.' });
  for (const { member, name } of own) if (TENSOR.test(name)) tensors.set(name, member);
  for (const { member, name } of own) {
    const inside = `${file}!${member.name}`;
    const open = (): ByteSource => openMember(zip, member, file, context);
    report.guard(inside, () => {
      if (NOTES[name] !== undefined) judgeNote(open(), NOTES[name], inside, context);
      else if (PROGRAM.test(name)) judge(readJson(open(), inside, context), inside, context);
      else if (CONFIG.test(name))
        judgeConfig(
          readJson(open(), inside, context),
          name.split('/').slice(0, 2).join('/'),
          { zip, tensors, described, inside, file },
          context,
        );
      else if (SAVED.test(name)) judgeSaved(open(), inside, context);
      else if (TENSOR.test(name))
        open(); // numbers: its checksum, and the list of weights says how many
      else if (EXTRA.test(name)) judgeExtra(open(), inside, context);
      else {
        const compiled = name.startsWith('data/aotinductor/');
        report.add('torch-layout', {
          file: inside,
          why: compiled
            ? 'Compiled code for one machine, which nobody can judge by reading.'
            : 'torch.export writes no such member.',
        });
        if (member.size > 0) context.nested(open(), inside);
      }
    });
  }
  for (const [name, member] of tensors)
    if (!described.has(name))
      report.add('torch-layout', {
        file: `${file}!${member.name}`,
        why: 'No parameter uses these numbers; nobody knows what the bytes are.',
      });
}

function judgeNote(source: ByteSource, form: RegExp, file: string, { report }: ScanContext): void {
  const text = source.size <= NOTE_MAX_BYTES ? latin1(source.read(0, source.size)) : '';
  if (!form.test(text))
    report.add('torch-layout', {
      file,
      why: 'The member does not hold what PyTorch writes there.',
      evidence: text,
    });
}

function readJson(source: ByteSource, file: string, context: ScanContext): JsonValue {
  const { limits } = context;
  if (source.size > limits.jsonBytes)
    throw new Rejected('limit-exceeded', `A program may have ${limits.jsonBytes} bytes.`);
  context.report.formats[file] = 'torch-export-json';
  // Python writes the end of a range that has none as Infinity
  return parseStrictJson(Uint8Array.from(source.read(0, source.size)), {
    maxDepth: limits.jsonDepth,
    maxEntries: limits.jsonEntries,
    invalid: 'torch-export',
    duplicate: 'torch-export',
    nonFinite: true,
  });
}

function judge(program: JsonValue, file: string, { report, limits }: ScanContext): void {
  for (const { path, symbol, why } of judgeProgram(program, limits))
    report.add('torch-export', { file, symbol, evidence: path, why });
}

function judgeConfig(
  root: JsonValue,
  folder: string,
  around: {
    zip: ByteSource;
    tensors: Map<string, ZipMember>;
    described: Set<string>;
    inside: string;
    file: string;
  },
  context: ScanContext,
): void {
  const listed = payloads(root);
  if (typeof listed === 'string') throw new Rejected('torch-export', listed);
  for (const { name, pickled, bytes } of listed) {
    const member = around.tensors.get(`${folder}/${name}`);
    if (member === undefined)
      throw new Rejected(
        'torch-storage',
        `The list of weights names ${name}, which is not in the file.`,
      );
    if (bytes !== null && bytes > member.size)
      throw new Rejected(
        'torch-storage',
        `${name} has ${member.size} bytes; its shape reaches ${bytes}.`,
      );
    if (pickled)
      judgeSaved(
        openMember(around.zip, member, around.file, context),
        `${around.file}!${member.name}`,
        context,
      );
    around.described.add(`${folder}/${name}`);
  }
}

function judgeSaved(source: ByteSource, file: string, context: ScanContext): void {
  if (source.size === 0) return;
  context.nested(source, file);
  const found = context.report.formats[file];
  if (found !== 'torch-zip' && found !== 'torch-legacy')
    context.report.add('torch-layout', {
      file,
      why: `The member is ${found ?? 'unreadable'}, not what torch.save writes.`,
    });
}
