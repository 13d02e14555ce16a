import { createHmac } from 'node:crypto';
import { Conflict, Unauthenticated, Unavailable } from '../../src/errors.ts';
import type { Caller, OdooPort } from '../../src/services/ports/odoo.ts';

export const RECEIPT_SECRET = 'receipt-secret-of-tests';

interface Registered {
  payload: Record<string, any>;
  uid: number;
  versionId: number;
}

/**
 * The part of the addon that uploads speak to, with its rules: keys `ada` (7), `bob` (8) may
 * upload, `vera` (9) may not.
 */
export class UploadOdoo implements OdooPort {
  readonly versions: Registered[] = [];
  readonly calls: string[] = [];
  down = false;

  async call<T>(
    caller: Caller,
    _model: string,
    method: string,
    kwargs: Record<string, any>,
  ): Promise<T> {
    this.calls.push(method);
    this.#assertUp();
    if (method === 'known_keys') {
      const named = this.versions.flatMap(({ payload }) =>
        payload['artifacts'].map((one: any) => one.objectKey),
      );
      return kwargs['keys'].filter((key: string) => named.includes(key)) as T;
    }
    const { uid } = this.#user(caller);
    if (method === 'upload_check') {
      const { name, version, idempotency_key: key } = kwargs;
      const again =
        key &&
        this.versions.some((each) => each.uid === uid && each.payload['idempotencyKey'] === key);
      const taken =
        !again &&
        this.versions.some(
          ({ payload }) => payload['name'] === name && payload['version'] === version,
        );
      return {
        ok: !taken,
        code: taken ? 'VersionExists' : null,
        reason: taken ? `Version ${version} of ${name} exists already.` : null,
        modelId: null,
      } as T;
    }
    if (method === 'register_version') return this.#register(uid, kwargs['payload']) as T;
    throw new Error(`${method} is not part of uploads`);
  }

  async whoami(caller: Caller) {
    this.#assertUp();
    return this.#user(caller);
  }
  async login(): Promise<never> {
    throw new Error('not part of uploads');
  }
  async logout(): Promise<void> {}

  #register(uid: number, payload: Record<string, any>) {
    const first = this.versions.find(
      (each) => each.uid === uid && each.payload['idempotencyKey'] === payload['idempotencyKey'],
    );
    if (first)
      return {
        modelId: 1,
        versionId: first.versionId,
        initialStatus: 'Validating',
        created: false,
      };
    const lines = payload['artifacts']
      .map((one: any) => [one.kind, one.filename, one.objectKey, one.digest, one.size].join('|'))
      .sort();
    const receipt = createHmac('sha256', RECEIPT_SECRET)
      .update(`${uid}\n${lines.join('\n')}`)
      .digest('hex');
    if (receipt !== payload['receipt'])
      throw new Conflict('the receipt is not genuine', { code: 'odoo-refused' });
    const versionId = this.versions.length + 1;
    this.versions.push({ payload, uid, versionId });
    return { modelId: 1, versionId, initialStatus: 'Validating', created: true };
  }

  #user(caller: Caller) {
    const key = caller.kind === 'key' ? caller.key : '';
    const uid = { ada: 7, bob: 8, vera: 9 }[key];
    if (!uid) throw new Unauthenticated('nobody is logged in', { code: 'login-needed' });
    return {
      uid,
      name: key,
      login: key,
      lang: null,
      tz: null,
      roles: key === 'vera' ? ['viewer'] : ['viewer', 'data_scientist'],
      companyIds: [1],
      teamIds: [],
    };
  }
  #assertUp(): void {
    if (this.down) throw new Unavailable('Odoo does not answer', { code: 'odoo-unavailable' });
  }
}
