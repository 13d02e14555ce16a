import type { Format } from '../format.ts';
import type { RuleId } from '../rules.ts';
import { hex } from '../report.ts';

/** A format that is recognised and not read. */
interface Sight extends Pick<Format, 'id' | 'title' | 'extensions'> {
  readonly rule: RuleId;
  /** one of which must be there */
  readonly marks: readonly { at: number; bytes: number[] }[];
  /** what tells it from others with such a mark */
  readonly alsoHolds?: (head: Uint8Array) => boolean;
}

/** A clear refusal instead of a shrug. */
function bySight({ id, title, extensions, rule, marks, alsoHolds }: Sight): Format {
  return {
    id,
    title,
    extensions,
    weak: marks.every(({ bytes }) => bytes.length < 4),
    sniff: (_source, head) =>
      marks.some(({ at, bytes }) => bytes.every((byte, i) => head[at + i] === byte)) &&
      (alsoHolds?.(head) ?? true),
    scan: (source, file, context) => {
      const why =
        rule === 'format-executable'
          ? `This is ${title}: code that nobody can judge by reading.`
          : `This is ${title}, which the scanner recognises and does not read yet.`;
      context.report.add(rule, {
        file,
        offset: 0,
        why,
        evidence: hex(source.read(0, Math.min(16, source.size))),
      });
    },
  };
}

const ascii = (text: string): number[] => [...text].map((c) => c.charCodeAt(0));
const at0 = (...bytes: number[]): { at: number; bytes: number[] }[] => [{ at: 0, bytes }];
const PROGRAMS = [
  {
    id: 'elf',
    title: 'a Linux program or library (ELF)',
    extensions: ['so', 'elf', 'o'],
    marks: at0(0x7f, ...ascii('ELF')),
  },
  {
    id: 'pe',
    title: 'a Windows program or library (PE)',
    extensions: ['exe', 'dll', 'pyd', 'sys'],
    marks: at0(...ascii('MZ')),
    alsoHolds: (head: Uint8Array) => head.length >= 64 && !isText(head),
  },
  {
    id: 'mach-o',
    title: 'a macOS program or library (Mach-O)',
    extensions: ['dylib'],
    marks: [
      ...at0(0xfe, 0xed, 0xfa, 0xce),
      ...at0(0xfe, 0xed, 0xfa, 0xcf),
      ...at0(0xce, 0xfa, 0xed, 0xfe),
      ...at0(0xcf, 0xfa, 0xed, 0xfe),
      ...at0(0xca, 0xfe, 0xba, 0xbe),
    ],
  },
  {
    id: 'wasm',
    title: 'a WebAssembly module',
    extensions: ['wasm'],
    marks: at0(0, ...ascii('asm')),
  },
  {
    id: 'pyc',
    title: 'Python byte code',
    extensions: ['pyc', 'pyo'],
    marks: [{ at: 2, bytes: [0x0d, 0x0a] }],
    alsoHolds: (head: Uint8Array) => head.length >= 16 && !isText(head),
  },
  {
    id: 'ar',
    title: 'an archive of object files',
    extensions: ['a', 'lib', 'deb'],
    marks: at0(...ascii('!<arch>\n')),
  },
];
const UNREAD = [
  {
    id: 'ggml',
    title: 'GGML',
    extensions: ['ggml'],
    marks: [...at0(...ascii('lmgg')), ...at0(...ascii('tjgg')), ...at0(...ascii('fmgg'))],
  },
  {
    id: '7z',
    title: 'a 7z archive',
    extensions: ['7z'],
    marks: at0(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c),
  },
  {
    id: 'rar',
    title: 'a RAR archive',
    extensions: ['rar'],
    marks: at0(...ascii('Rar!'), 0x1a, 0x07),
  },
  { id: 'pdf', title: 'a PDF', extensions: ['pdf'], marks: at0(...ascii('%PDF')) },
];

export const BY_SIGHT: Format[] = [
  ...PROGRAMS.map((program) => bySight({ ...program, rule: 'format-executable' })),
  ...UNREAD.map((unread) => bySight({ ...unread, rule: 'format-not-understood' })),
];

/** Formats without a mark of their own, which only their extension names. */
export const BY_NAME: Format[] = [
  bySight({
    id: 'xgboost',
    title: 'an XGBoost model of its older format',
    extensions: ['xgb', 'deprecated'],
    rule: 'format-not-understood',
    marks: [],
  }),
];

function isText(head: Uint8Array): boolean {
  return head.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}
