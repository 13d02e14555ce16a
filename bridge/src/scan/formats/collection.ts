import { Claims } from '../claims.ts';
import type { ScanContext } from '../format.ts';
import type { ByteSource } from '../source.ts';
import { reportDisputed } from './claimed.ts';
import { json, text } from './text.ts';

/** A file in an archive. */
export interface Member {
  name: string;
  size: number;
  open(): ByteSource;
}

const CODE = /\.(py|pyi|pyw|ipynb|sh|bash|bat|cmd|ps1|js|pl|rb|lua|r)$/i;
/** `checkpoint` is where TensorFlow notes which of its checkpoints is the last */
const NOTES =
  /(^|\/)(readme|license|licence|copying|notice|authors|changelog|version|checkpoint|\.git(attributes|ignore))$/i;

/** Files that people read are no models; in an archive nobody says which they are. */
export function isSideFile(name: string): boolean {
  const extension = /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  return [...text.extensions, ...json.extensions].includes(extension) || NOTES.test(name);
}

export const isCode = (name: string): boolean => CODE.test(name);

/**
 * Judges the members of an archive by their content, each beside the others. Answers whether there
 * is a model among them.
 */
export function scanCollection(members: Member[], file: string, context: ScanContext): boolean {
  const files = members.filter(({ name }) => !name.endsWith('/'));
  const claims = new Claims();
  const siblings = new Map(files.map(({ name, size }) => [name, size]));
  const left: (() => void)[] = [];
  for (const { name, open } of files) {
    const path = `${file}!${name}`;
    context.report.guard(path, () => {
      // opened once: unpacking counts against the limits of the upload
      const source = open();
      const beside = {
        name,
        siblings,
        claims,
        kind: isSideFile(name) ? ('side' as const) : context.kind,
      };
      const again = (): void =>
        void context.report.guard(path, () => context.nested(source, path, beside));
      context.nested(source, path, { ...beside, later: () => void left.push(again) });
    });
  }
  for (const judge of left) judge();
  reportDisputed(claims, (name) => `${file}!${name}`, context.report);
  return files.some(({ name }) => !isSideFile(name));
}
