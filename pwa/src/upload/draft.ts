import { createStore, del, get, set } from 'idb-keyval';
import type { Item } from './item.ts';

/** The form beside the files, as it is typed. */
export interface Form {
  name: string;
  version: string;
  description: string;
  framework: string;
  params: Record<string, unknown>;
  metrics: Record<string, unknown> | undefined;
  inputSchema: unknown;
  outputSchema: unknown;
  serving: Record<string, unknown> | undefined;
  team: string | undefined;
}
export const emptyForm = (): Form => ({ name: '', version: '', description: '', framework: '', params: {}, metrics: undefined, inputSchema: undefined, outputSchema: undefined, serving: undefined, team: undefined });

/** What outlives a reload. `key` makes registering twice one registration; `sending`: go on when the page is back. */
export interface Draft {
  key: string;
  login: string;
  form: Form;
  items: Item[];
  sending: boolean;
}

/** Smaller files are kept whole; of larger ones the handle, or a person picks them again. */
const KEPT_WHOLE_BYTES = 64 * 1024 * 1024;
const store = createStore('creativeflow-upload', 'draft');

export async function saveDraft(draft: Draft): Promise<void> {
  const items = draft.items.map(({ file, rate: _rate, error: _error, digestShare: _share, ...item }) => ({ ...item, ...(file && file.size <= KEPT_WHOLE_BYTES ? { file } : {}) }));
  try {
    await set('draft', { ...draft, items }, store);
  } catch {
    /* no storage: the upload goes on, only a reload would lose it */
  }
}

/** What was left, for this person; each file is had again where the browser allows it without a question. */
export async function loadDraft(login: string): Promise<Draft | undefined> {
  try {
    const draft = await get<Draft>('draft', store);
    if (!draft || draft.login !== login) return undefined;
    for (const item of draft.items) {
      const granted = item.file ? undefined : await permission(item.handle, false);
      if (granted) item.file = await granted.getFile();
      if (item.state !== 'done') item.state = item.file && same(item, item.file) ? 'paused' : 'needsFile';
    }
    return draft;
  } catch {
    return undefined;
  }
}

export async function dropDraft(): Promise<void> {
  await del('draft', store).catch(() => {});
}

type Asked = FileSystemFileHandle & { queryPermission?: (o: { mode: 'read' }) => Promise<string>; requestPermission?: (o: { mode: 'read' }) => Promise<string> };

/** The handle if it may be read; with `ask` the browser asks the person. */
export async function permission(handle: FileSystemFileHandle | undefined, ask: boolean): Promise<FileSystemFileHandle | undefined> {
  const asked = handle as Asked | undefined;
  const state = ask ? await asked?.requestPermission?.({ mode: 'read' }) : await asked?.queryPermission?.({ mode: 'read' });
  return state === 'granted' ? handle : undefined;
}

export const same = (item: Item, file: File): boolean => item.size === file.size && item.lastModified === file.lastModified && item.name === file.name;
