import type { VersionDetail } from '../bridge/src/contract/version.ts';
import { sample, type Client } from '../e2e/client.ts';
import { LIVE_MS, SCAN_MS, STAGING_MS, accepted, uploaded } from '../e2e/pipeline.ts';
import type { News } from './delivery-news.ts';

export interface Ids {
  modelId: number;
  versionId: number;
}
/**
 * seconds from the decision's request, and from its 202, to the news of the status that it leads to
 */
export interface Took {
  fromRequest: number;
  fromAnswer: number;
}
export interface Road {
  ids: Ids;
  stops: [name: string, seconds: number][];
  promotion: Took;
}

const DEPLOY = { target: 'staging' };
const PROMOTE = { target: 'production', strategy: 'blue-green' };

/**
 * What people do on the road, each thing as soon as it can be done, and when its outcome was heard
 * on a socket.
 */
export class Traveller {
  readonly #ada: Client;
  readonly #ben: Client;
  readonly #news: News;

  constructor(ada: Client, ben: Client, news: News) {
    this.#ada = ada;
    this.#ben = ben;
    this.#news = news;
  }

  /**
   * From the upload's first byte to Live. `inStaging` happens between its two halves and is not
   * counted.
   */
  async goAll(
    name: string,
    version: string,
    inStaging: (ids: Ids) => Promise<void>,
  ): Promise<Road> {
    this.#news.forget();
    const start = performance.now();
    const ids = await uploaded(this.#ada, sample('digits', name, version));
    const registered = performance.now();
    const scanned = await this.#reaches(ids, 'Validated', SCAN_MS);
    const seen = await this.#ben.version(ids);
    this.#news.forget();
    const approved = performance.now();
    await this.#asked(seen, 'deploy', DEPLOY);
    const built = await this.#news.hears(
      ids.versionId,
      ({ topic, payload }) => topic === 'version.build' && payload['state'] === 'done',
      'the end of its build',
      STAGING_MS,
    );
    const staged = await this.#reaches(ids, 'Staging', STAGING_MS);
    await inStaging(ids);
    const promotion = await this.#decide(ids, 'promote', PROMOTE, ['Live', LIVE_MS]);
    const stops: Road['stops'] = [
      ['uploaded and registered', registered - start],
      ['scanned', scanned - registered],
      ['approved and built', built - approved],
      ['ready in staging', staged - built],
      ['promoted and live', promotion.fromRequest * 1000],
    ];
    return { ids, promotion, stops: stops.map(([what, ms]) => [what, ms / 1000]) };
  }

  /** Approved for staging once more: its image is there, its pods are not. */
  toStaging(ids: Ids): Promise<Took> {
    return this.#decide(ids, 'deploy', DEPLOY, ['Staging', STAGING_MS]);
  }

  async #decide(
    ids: Ids,
    action: string,
    body: object,
    [outcome, deadlineMs]: [status: string, withinMs: number],
  ): Promise<Took> {
    const version = await this.#ben.version(ids);
    this.#news.forget();
    const start = performance.now();
    await this.#asked(version, action, body);
    const answered = performance.now();
    const end = await this.#reaches(ids, outcome, deadlineMs);
    return { fromRequest: (end - start) / 1000, fromAnswer: (end - answered) / 1000 };
  }

  async #asked(version: VersionDetail, action: string, body: object): Promise<void> {
    await accepted(
      this.#ben.act({ modelId: version.model.id, versionId: version.id }, action, {
        ...body,
        seen: version.lockVersion,
      }),
    );
  }

  #reaches({ versionId }: Ids, status: string, deadlineMs: number): Promise<number> {
    return this.#news.hears(
      versionId,
      ({ topic, payload }) => topic === 'version.status' && payload['status'] === status,
      status,
      deadlineMs,
    );
  }
}
