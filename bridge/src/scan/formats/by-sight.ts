import type { Format } from '../format.ts';
import type { RuleId } from '../rules.ts';
import { hex } from '../report.ts';

/** Formats that are recognised and not read: a clear refusal instead of a shrug. */
function bySight(
  id: string,
  title: string,
  extensions: string[],
  rule: RuleId,
  marks: { at: number; bytes: number[] }[],
  extra?: (head: Uint8Array) => boolean,
): Format {
  return {
    id,
    title,
    extensions,
    weak: marks.every(({ bytes }) => bytes.length < 4),
    sniff: (_source, head) =>
      marks.some(({ at, bytes }) => bytes.every((byte, i) => head[at + i] === byte)) &&
      (extra?.(head) ?? true),
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
const UNREAD = 'format-not-understood' as const;
const CODE = 'format-executable' as const;

export const BY_SIGHT: Format[] = [
  bySight(
    'elf',
    'a Linux program or library (ELF)',
    ['so', 'elf', 'o'],
    CODE,
    at0(0x7f, ...ascii('ELF')),
  ),
  bySight(
    'pe',
    'a Windows program or library (PE)',
    ['exe', 'dll', 'pyd', 'sys'],
    CODE,
    at0(...ascii('MZ')),
    (head) => head.length >= 64 && !isText(head),
  ),
  bySight('mach-o', 'a macOS program or library (Mach-O)', ['dylib'], CODE, [
    ...at0(0xfe, 0xed, 0xfa, 0xce),
    ...at0(0xfe, 0xed, 0xfa, 0xcf),
    ...at0(0xce, 0xfa, 0xed, 0xfe),
    ...at0(0xcf, 0xfa, 0xed, 0xfe),
    ...at0(0xca, 0xfe, 0xba, 0xbe),
  ]),
  bySight('wasm', 'a WebAssembly module', ['wasm'], CODE, at0(0, ...ascii('asm'))),
  bySight(
    'pyc',
    'Python byte code',
    ['pyc', 'pyo'],
    CODE,
    [{ at: 2, bytes: [0x0d, 0x0a] }],
    (head) => head.length >= 16 && !isText(head),
  ),
  bySight(
    'ar',
    'an archive of object files',
    ['a', 'lib', 'deb'],
    CODE,
    at0(...ascii('!<arch>\n')),
  ),
  bySight('ggml', 'GGML', ['ggml'], UNREAD, [
    ...at0(...ascii('lmgg')),
    ...at0(...ascii('tjgg')),
    ...at0(...ascii('fmgg')),
  ]),
  bySight('7z', 'a 7z archive', ['7z'], UNREAD, at0(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c)),
  bySight('rar', 'a RAR archive', ['rar'], UNREAD, at0(...ascii('Rar!'), 0x1a, 0x07)),
  bySight('pdf', 'a PDF', ['pdf'], UNREAD, at0(...ascii('%PDF'))),
];

/** Formats without a mark of their own, which only their extension names. */
export const BY_NAME: Format[] = [
  bySight('xgboost', 'an XGBoost model of its older format', ['xgb', 'deprecated'], UNREAD, []),
];

function isText(head: Uint8Array): boolean {
  return head.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}
