import { registerUploads } from '../api/mlops.ts';
import { digestOf } from './digest.ts';
import {
  RUNNING_KEY,
  dropDraft,
  dropFile,
  emptyForm,
  keepFile,
  loadDraft,
  permission,
  same,
  saveDraft,
  type Form,
} from './draft.ts';
import { itemOf, markModel, type Item, type Picked } from './item.ts';
import { aboutOf, formOf, registrationOf } from './metadata.ts';
import { Transfer } from './transfer.ts';

/** Changes come in bursts; one write takes them all. */
const SAVE_MS = 100;

export interface Registered {
  modelId: number;
  versionId: number;
  name: string;
}

/**
 * The upload in hand. It lives beside the pages: one may look elsewhere while it runs. Dispatches
 * `change`.
 */
export class UploadStore extends EventTarget {
  items: Item[] = [];
  form: Form = emptyForm();
  /** the model that this is a version of, whatever the files say */
  #model: string | undefined;
  /** what the metadata file calls it instead */
  otherName: string | undefined;
  /** found from before a reload */
  restored = false;
  sending = false;
  /** a person asked for the version: it is registered when the last byte is there */
  wanted = false;
  registering = false;
  error: unknown;
  #key: string = crypto.randomUUID();
  #login = '';
  #transfers = new Map<string, Transfer>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #restoring: Promise<void> | undefined;

  get sent(): number {
    return this.items.reduce((sum, item) => sum + item.sent, 0);
  }
  get size(): number {
    return this.items.reduce((sum, item) => sum + item.size, 0);
  }
  get complete(): boolean {
    return this.items.length > 0 && this.items.every((item) => item.state === 'done');
  }
  /** the version was asked for and is not made yet */
  get busy(): boolean {
    return this.registering || (this.wanted && !this.complete);
  }

  /** Takes up what this person left; asked once. */
  restore(login: string): Promise<void> {
    this.#restoring ??= (async () => {
      this.#login = login;
      const draft = await loadDraft(login);
      if (!draft || this.items.length) return;
      Object.assign(this, {
        items: draft.items,
        form: { ...draft.form, name: this.#model ?? draft.form.name },
        sending: draft.sending,
        wanted: draft.wanted,
        restored: draft.items.length > 0,
      });
      this.#key = draft.key;
      for (const item of this.items) if (item.file && !item.digest) void this.#digest(item);
      if (this.sending) this.start();
      this.#changed();
    })();
    return this.#restoring;
  }

  async add(picked: Picked[]): Promise<void> {
    for (const one of picked) {
      const { file, handle } = one;
      if (file.name === 'metadata.json' && (await this.#takeMetadata(file))) continue;
      const waiting = this.items.find((item) => item.state === 'needsFile' && same(item, file));
      if (waiting) {
        this.#give(waiting, file, handle);
        continue;
      }
      const known = this.items.find((item) => item.name === file.name);
      if (known) await this.remove(known);
      const item = itemOf(one, this.items);
      this.items = [...this.items, item];
      void this.#digest(item);
      void keepFile(item);
      if (this.sending) this.#transfer(item).start();
    }
    markModel(this.items);
    this.#changed();
  }

  /** The file of an upload from before: false when it is another one. */
  again(item: Item, file: File): boolean {
    if (!same(item, file)) return false;
    this.#give(item, file);
    this.#changed();
    return true;
  }

  async allow(item: Item): Promise<boolean> {
    const handle = await permission(item.handle, true);
    return handle ? this.again(item, await handle.getFile()) : false;
  }

  async remove(item: Item): Promise<void> {
    this.items = this.items.filter((one) => one !== item);
    this.#changed();
    await dropFile(item);
    await this.#transfers.get(item.id)?.discard();
    this.#transfers.delete(item.id);
  }

  /**
   * Everything dropped from now on belongs to this model; `undefined`: to the one that is named.
   */
  keepModel(name: string | undefined): void {
    this.#model = name;
    // a file may have been read before the name came
    if (name === undefined || this.otherName === name) this.otherName = undefined;
    if (name !== undefined && this.form.name !== name) this.form = { ...this.form, name };
    this.dispatchEvent(new Event('change'));
  }

  setKind(item: Item, kind: Item['kind']): void {
    for (const other of this.items)
      if (kind !== 'side' && other !== item && other.kind === kind) other.kind = 'side';
    item.kind = kind;
    this.#changed();
  }

  edit(change: Partial<Form>): void {
    // what was refused is mended here: it is said again only if it is refused again
    if (!this.registering) this.error = undefined;
    this.form = { ...this.form, ...change };
    this.#changed();
  }

  start(): void {
    this.sending = true;
    for (const item of this.items)
      if (item.file && item.state !== 'done' && item.state !== 'sending')
        this.#transfer(item).start();
    this.#changed();
  }

  /** Sends what is missing, and then makes the version. */
  finish(): void {
    for (const item of this.items) if (item.state === 'failed') item.state = 'paused';
    this.wanted = true;
    this.error = undefined;
    this.start();
  }

  pauseAll(): void {
    this.sending = false;
    this.wanted = false;
    for (const item of this.items) void this.#transfers.get(item.id)?.pause();
    this.#changed();
  }

  pause(item: Item): void {
    void this.#transfers.get(item.id)?.pause();
  }

  resume(item: Item): void {
    this.sending = true;
    this.#transfer(item).start();
  }

  async #register(): Promise<void> {
    this.registering = true;
    this.wanted = false;
    this.dispatchEvent(new Event('change'));
    try {
      const name = `${this.form.name.trim()} ${this.form.version.trim()}`;
      // asking again with the same files is safe
      const { modelId, versionId } = await registerUploads(
        registrationOf(this.form, this.items),
        this.#key,
      );
      await this.#reset();
      this.dispatchEvent(
        new CustomEvent<Registered>('registered', { detail: { modelId, versionId, name } }),
      );
    } catch (error) {
      this.error = error;
    }
    this.registering = false;
    this.#changed();
  }

  async discard(): Promise<void> {
    const transfers = this.items.map((item) => this.#transfer(item).discard());
    await this.#reset();
    await Promise.all(transfers);
  }

  /** A metadata.json fills in the form; one that is not ours is a side file. */
  async #takeMetadata(file: File): Promise<boolean> {
    const form = await formOf(file);
    if (!form) return false;
    const model = this.#model;
    this.otherName =
      model !== undefined && form.name && form.name !== model ? form.name : undefined;
    this.form = { ...form, name: model ?? form.name };
    return true;
  }

  #give(item: Item, file: File, handle?: FileSystemFileHandle): void {
    Object.assign(item, { file, ...(handle ? { handle } : {}), state: 'paused' });
    if (!item.digest) void this.#digest(item);
    if (this.sending) this.#transfer(item).start();
  }

  async #digest(item: Item): Promise<void> {
    if (!item.file) return;
    const digest = await digestOf(item.id, item.file, (share) => {
      item.digestShare = share;
      this.#changed(false);
    });
    if (digest) item.digest = digest;
    delete item.digestShare;
    this.#changed();
  }

  /** A refusal of one file ends the wish: a person changes something and asks again. */
  #heed(): void {
    if (this.wanted && this.items.some((item) => item.state === 'failed')) this.wanted = false;
  }

  #transfer(item: Item): Transfer {
    const known = this.#transfers.get(item.id);
    if (known) return known;
    const made = new Transfer(
      item,
      () => aboutOf(item, this.form),
      (worthKeeping) => this.#changed(worthKeeping),
    );
    this.#transfers.set(item.id, made);
    return made;
  }

  async #reset(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.items = [];
    this.form = { ...emptyForm(), name: this.#model ?? '' };
    this.otherName = undefined;
    this.restored = false;
    this.sending = false;
    this.wanted = false;
    this.error = undefined;
    this.#key = crypto.randomUUID();
    this.#transfers.clear();
    localStorage.removeItem(RUNNING_KEY);
    await dropDraft();
    this.dispatchEvent(new Event('change'));
  }

  #changed(save = true): void {
    this.#heed();
    this.dispatchEvent(new Event('change'));
    if (this.wanted && this.complete && !this.registering) return void this.#register();
    if (!save) return;
    if (this.sending && !this.complete) localStorage.setItem(RUNNING_KEY, this.#login);
    else localStorage.removeItem(RUNNING_KEY);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void saveDraft({
        key: this.#key,
        login: this.#login,
        form: this.form,
        items: this.items,
        sending: this.sending,
        wanted: this.wanted,
      });
    }, SAVE_MS);
  }
}
