import { clear, createStore, delMany, entries, get, set } from 'idb-keyval';

interface Known<T> {
  at: number;
  value: T;
}

const KEPT_MS = 14 * 86_400_000;
const KEPT_COUNT = 300;
const store = createStore('creativeflow-seen', 'answers');

/**
 * Keeps an answer to be read while the line is gone. A browser that refuses storage only loses
 * that.
 */
export async function remember(path: string, value: unknown): Promise<void> {
  try {
    await set(path, { at: Date.now(), value }, store);
  } catch {
    /* private window or full disk: nothing is kept */
  }
}

export async function recall<T>(path: string): Promise<Known<T> | undefined> {
  try {
    return await get<Known<T>>(path, store);
  } catch {
    return undefined;
  }
}

/** Drops what is old or too much; called once after start. */
export async function tidy(): Promise<void> {
  try {
    const all = (await entries<string, Known<unknown>>(store)).sort((a, b) => b[1].at - a[1].at);
    const old = all.filter(
      ([, known], index) => index >= KEPT_COUNT || Date.now() - known.at > KEPT_MS,
    );
    await delMany(
      old.map(([path]) => path),
      store,
    );
  } catch {
    /* see remember */
  }
}

/** Forgets everything: the next person at this screen sees nothing of the last one. */
export async function forget(): Promise<void> {
  try {
    await clear(store);
  } catch {
    /* see remember */
  }
}
