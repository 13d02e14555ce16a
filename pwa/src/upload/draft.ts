import { clear, createStore, del, get, set } from 'idb-keyval';
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
export const emptyForm = (): Form => ({
  name: '',
  version: '',
  description: '',
  framework: '',
  params: {},
  metrics: undefined,
  inputSchema: undefined,
  outputSchema: undefined,
  serving: undefined,
  team: undefined,
});

/**
 * What outlives a reload. `key` makes registering twice one registration; `sending`: go on when the
 * page is back.
 */
export interface Draft {
  key: string;
  login: string;
  form: Form;
  items: Item[];
  sending: boolean;
  /** register the version when the last byte is there */
  wanted: boolean;
}

/** Told to the window: the share that is sent, or undefined when nothing is under way. */
export const UPLOAD_EVENT = 'creativeflow-upload';
/**
 * Whose upload goes on, to be seen without opening the store: the next start takes it up whatever
 * page is open.
 */
export const RUNNING_KEY = 'creativeflow.upload';

/** Smaller files are kept whole; of larger ones the handle, or a person picks them again. */
const KEPT_WHOLE_BYTES = 64 * 1024 * 1024;
const store = createStore('creativeflow-upload', 'draft');

export async function saveDraft(draft: Draft): Promise<void> {
  const items = draft.items.map(
    ({ file: _file, rate: _rate, error: _error, digestShare: _share, ...item }) => item,
  );
  try {
    await set('draft', { ...draft, items }, store);
  } catch {
    /* no storage: the upload goes on, only a reload would lose it */
  }
}

/** Keeps the bytes of a small file, once: a reload then goes on without a question. */
export async function keepFile(item: Item): Promise<void> {
  if (!item.file || item.file.size > KEPT_WHOLE_BYTES) return;
  await set(item.id, item.file, store).catch(() => {});
}

export async function dropFile(item: Item): Promise<void> {
  await del(item.id, store).catch(() => {});
}

/**
 * What was left, for this person; each file is had again where the browser allows it without a
 * question.
 */
export async function loadDraft(login: string): Promise<Draft | undefined> {
  try {
    const draft = await get<Draft>('draft', store);
    if (!draft || draft.login !== login) return undefined;
    for (const item of draft.items) {
      const kept = await get<File>(item.id, store);
      const granted = kept ? undefined : await permission(item.handle, false);
      const file = kept ?? (await granted?.getFile());
      if (file) item.file = file;
      if (item.state !== 'done')
        item.state = item.file && same(item, item.file) ? 'paused' : 'needsFile';
    }
    return draft;
  } catch {
    return undefined;
  }
}

export async function dropDraft(): Promise<void> {
  await clear(store).catch(() => {});
}

type Asked = FileSystemFileHandle & {
  queryPermission?: (o: { mode: 'read' }) => Promise<string>;
  requestPermission?: (o: { mode: 'read' }) => Promise<string>;
};

/** The handle if it may be read; with `ask` the browser asks the person. */
export async function permission(
  handle: FileSystemFileHandle | undefined,
  ask: boolean,
): Promise<FileSystemFileHandle | undefined> {
  const asked = handle as Asked | undefined;
  const state = ask
    ? await asked?.requestPermission?.({ mode: 'read' })
    : await asked?.queryPermission?.({ mode: 'read' });
  return state === 'granted' ? handle : undefined;
}

export const same = (item: Item, file: File): boolean =>
  item.size === file.size && item.lastModified === file.lastModified && item.name === file.name;
