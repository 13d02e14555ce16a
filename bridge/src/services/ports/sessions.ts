/** What a session of the web app stands for. The browser knows only a random id. */
export interface SessionRecord {
  /** the cookie of the Odoo session, as Odoo rotates it */
  odooCookie: string;
  uid: number;
  login: string;
  /** the person's language in Odoo at their login; left out: Odoo's own */
  lang?: string | null | undefined;
}

export interface SessionStore {
  /** answers the id that the browser's cookie carries */
  create(record: SessionRecord): Promise<string>;
  read(id: string): Promise<SessionRecord | null>;
  update(id: string, record: SessionRecord): Promise<void>;
  remove(id: string): Promise<void>;
}

/** Counts tries in a window of time. */
export interface Throttle {
  /** counts one try; refused once more than the limit were made in the window */
  hit(key: string): Promise<{ allowed: boolean; retryAfterSeconds: number }>;
  clear(key: string): Promise<void>;
  /** takes one counted try back */
  forgive?(key: string): Promise<void>;
}
