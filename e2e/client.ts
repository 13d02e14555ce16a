import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, FormData, fetch as undiciFetch } from 'undici';
import type { Problem } from '../bridge/src/contract/problem.ts';
import type { ActionAccepted } from '../bridge/src/contract/actions.ts';
import type { UploadAccepted, Whoami } from '../bridge/src/contract/requests.ts';
import type { EndpointView, VersionDetail } from '../bridge/src/contract/version.ts';
import { readStackFacts, type StackFacts } from '../stack/facts.ts';

export interface Answer<T> {
  status: number;
  body: T;
  headers: Headers;
}
/** what an action answers: done, or a problem */
export type ActionOutcome = ActionAccepted & Omit<Problem, 'status'>;
export interface Sample {
  folder: string;
  modelFile?: string;
  dockerfile?: string;
  sideFiles?: string[];
  metadata: Record<string, unknown>;
}

/**
 * One person (or a script with a key) before the gateway, over the real wire: TLS, nginx, bridge,
 * Odoo.
 */
export class Client {
  readonly facts: StackFacts;
  readonly #agent: Agent;
  #cookie = '';

  constructor(facts: StackFacts = readStackFacts()) {
    this.facts = facts;
    this.#agent = new Agent({
      connect: { ca: readFileSync(facts.caFile, 'utf8') },
      bodyTimeout: 120_000,
      headersTimeout: 120_000,
    });
  }

  static async as(login: string): Promise<Client> {
    const client = new Client();
    const answer = await client.send<Whoami>('POST', '/mlops/session', {
      login,
      password: client.facts.passwords[login],
    });
    if (answer.status !== 200)
      throw new Error(`${login} cannot log in: ${JSON.stringify(answer.body)}`);
    return client;
  }

  async send<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const form = body instanceof FormData;
    const response = await undiciFetch(new URL(path, this.facts.publicUrl), {
      method,
      dispatcher: this.#agent,
      redirect: 'manual',
      headers: {
        'x-requested-with': 'creativeflow',
        cookie: this.#cookie,
        ...(body !== undefined && !form ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie())
      if (line.startsWith('__Host-cf_session=')) this.#cookie = line.split(';')[0]!;
    const text = await response.text();
    let parsed: unknown = text;
    try {
      parsed = JSON.parse(text);
    } catch {
      // a page or a log
    }
    return {
      status: response.status,
      body: parsed as T,
      headers: response.headers as unknown as Headers,
    };
  }

  get cookie(): string {
    return this.#cookie;
  }

  async upload(
    sample: Sample,
    headers: Record<string, string> = {},
  ): Promise<Answer<UploadAccepted & Problem>> {
    const form = new FormData();
    form.set('metadata', JSON.stringify(sample.metadata));
    const file = (path: string): File => new File([readFileSync(path)], basename(path));
    form.set('modelFile', file(sample.modelFile ?? join(sample.folder, 'model.safetensors')));
    form.set('dockerfile', file(sample.dockerfile ?? join(sample.folder, 'Dockerfile')));
    for (const side of sample.sideFiles ?? []) form.append('sideFiles', file(side));
    return this.send('POST', '/mlops/models/upload', form, headers);
  }

  async version(ids: { modelId: number; versionId: number }): Promise<VersionDetail> {
    const answer = await this.send<VersionDetail>(
      'GET',
      `/mlops/models/${ids.modelId}/versions/${ids.versionId}`,
    );
    if (answer.status !== 200)
      throw new Error(`version ${ids.versionId}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  act(
    ids: { modelId: number; versionId: number },
    action: string,
    body: object,
  ): Promise<Answer<ActionOutcome>> {
    return this.send(
      'POST',
      `/mlops/models/${ids.modelId}/versions/${ids.versionId}/${action}`,
      body,
    );
  }

  /**
   * Waits until the version has one of the statuses; one that it cannot leave by itself any more
   * ends the wait at once.
   */
  async reaches(
    ids: { modelId: number; versionId: number },
    wanted: string,
    deadlineMs = 180_000,
    onStatus?: (version: VersionDetail) => void,
  ): Promise<VersionDetail> {
    const end = Date.now() + deadlineMs;
    let last = '';
    for (;;) {
      const version = await this.version(ids).catch((error: Error) => {
        if (Date.now() > end) throw error;
        return null; // a bridge that was killed comes back
      });
      if (version) {
        if (version.status !== last) onStatus?.(version);
        last = version.status;
        if (version.status === wanted) return version;
        if (/Failed$/.test(version.status))
          throw new Error(
            `version ${version.name} is ${version.status}, wanted ${wanted}: ${version.statusReason ?? ''} ${version.buildReason ?? ''}`,
          );
      }
      if (Date.now() > end)
        throw new Error(
          `version ${ids.versionId} is ${last || 'unknown'} after ${deadlineMs / 1000} s, wanted ${wanted}`,
        );
      await delay(250);
    }
  }

  async endpoint(modelId: number, kind: 'staging' | 'production'): Promise<EndpointView> {
    const { body } = await this.send<{ items: EndpointView[] }>('GET', '/mlops/endpoints');
    const found = body.items.find((one) => one.modelId === modelId && one.environmentKind === kind);
    if (!found) throw new Error(`model ${modelId} has no endpoint in ${kind}`);
    return found;
  }

  /** Calls an endpoint's own URL, as any program would. */
  async infer(
    url: string,
    model: string,
    body: unknown,
  ): Promise<Answer<{ outputs?: { name: string; data: number[] }[] }>> {
    return this.send('POST', `${url.replace(/\/$/, '')}/v2/models/${model}/infer`, body);
  }

  close(): Promise<void> {
    return this.#agent.close();
  }
}

const examples = join(import.meta.dirname, '..', 'examples');

/** The samples of examples/, under a model name of one's own. */
export function sample(
  kind: 'digits' | 'digits-v2' | 'digits-v3' | 'malicious' | 'broken',
  name: string,
  version?: string,
): Sample {
  const folder = join(examples, kind);
  const given = JSON.parse(readFileSync(join(folder, 'metadata.json'), 'utf8')) as {
    serving?: object;
  } & Record<string, unknown>;
  // what is Live cannot be archived: many runs on two cores must still leave room for a build
  const metadata = {
    ...given,
    name,
    serving: { ...given.serving, cpu: '20m' },
    ...(version ? { version } : {}),
  };
  if (kind === 'malicious') return { folder, modelFile: join(folder, 'model.pkl'), metadata };
  const serve = [join(examples, 'digits', 'serve.py')];
  if (kind === 'broken')
    return {
      folder,
      modelFile: join(examples, 'digits', 'model.safetensors'),
      sideFiles: serve,
      metadata,
    };
  if (kind === 'digits-v3')
    return {
      folder,
      modelFile: join(examples, 'digits', 'model.safetensors'),
      sideFiles: [...serve, join(folder, 'contrast.py')],
      metadata,
    };
  return { folder, dockerfile: join(examples, 'digits', 'Dockerfile'), sideFiles: serve, metadata };
}

/**
 * The same with a Dockerfile that nobody has built yet: its base does not come from the cache, so
 * its build takes some seconds.
 */
export function neverBuilt(like: Sample, name: string): Sample {
  const dockerfile = join(mkdtempSync(join(tmpdir(), 'creativeflow-e2e-')), 'Dockerfile');
  writeFileSync(
    dockerfile,
    `# ${name}\n${readFileSync(join(examples, 'digits', 'Dockerfile'), 'utf8')}`,
  );
  return { ...like, dockerfile };
}

export function digit(): unknown {
  return JSON.parse(readFileSync(join(examples, 'digits', 'digit.json'), 'utf8'));
}

/** A picture with nothing on it. */
export function blank(): unknown {
  return {
    inputs: [
      {
        name: 'pixels',
        shape: [1, 64],
        datatype: 'FP32',
        data: Array.from({ length: 64 }, () => 0),
      },
    ],
  };
}
