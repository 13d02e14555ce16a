import { t } from '../i18n/language.ts';
import type { Form } from './draft.ts';
import type { Item } from './item.ts';

const VERSION = /^[0-9A-Za-z][0-9A-Za-z._+-]{0,63}$/;

export type Field = 'files' | 'name' | 'version' | 'params';
export type FieldErrors = Partial<Record<Field, string | undefined>>;

/** What a version still needs, in the order of the page; `params`: what is wrong with those. */
export function fieldErrors(form: Form, items: Item[], params: string | undefined): FieldErrors {
  const words = t().upload;
  const found: [Field, string | undefined][] = [
    ['files', filesError(items)],
    ['name', form.name.trim() ? undefined : words.needName],
    ['version', versionError(form.version.trim())],
    ['params', params],
  ];
  return Object.fromEntries(found.filter(([, error]) => error));
}

function filesError(items: Item[]): string | undefined {
  const words = t().upload;
  const count = (kind: Item['kind']): number => items.filter((item) => item.kind === kind).length;
  if (count('model') === 0) return words.needModel;
  if (count('dockerfile') === 0) return words.needDockerfile;
  return count('model') > 1 ? words.twoModels : undefined;
}

function versionError(version: string): string | undefined {
  if (!version) return t().upload.needVersion;
  return VERSION.test(version) ? undefined : t().upload.badVersion;
}
