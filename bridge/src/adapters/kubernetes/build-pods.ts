import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import type { V1Pod } from '@kubernetes/client-node';
import { BUILD_CONTAINER, CONTEXT_CONTAINER } from '../../domain/builds/outcome.ts';
import type { BuildPodObserved } from '../../domain/builds/outcome.ts';
import { Failed } from '../../errors.ts';
import type { BuildPodSpec, BuildPodsPort } from '../../services/ports/cluster.ts';
import { BUILD_LABEL, buildPod, buildPodName, buildSecret } from './build-pod.ts';
import type { BuildPodSettings } from './build-pod.ts';
import type { KubernetesClient } from './client.ts';
import { containerStatusesOf, observePod } from './observe.ts';

const START_POLL_MS = 300;

export class KubernetesBuildPods implements BuildPodsPort {
  readonly #client: KubernetesClient;
  readonly #settings: BuildPodSettings;

  constructor(client: KubernetesClient, settings: BuildPodSettings) {
    this.#client = client;
    this.#settings = settings;
  }

  async list(versionId: number, generation?: number): Promise<BuildPodObserved[]> {
    const labelSelector = `${BUILD_LABEL.versionId}=${versionId}${generation === undefined ? '' : `,${BUILD_LABEL.generation}=${generation}`}`;
    const pods = await this.#client.list<V1Pod>(this.#path('pods'), { labelSelector });
    const observed = await Promise.all(
      pods.map(async (pod): Promise<BuildPodObserved> => ({
        pod: await observePod(this.#client, pod, pod.status?.phase === 'Pending'),
        versionId,
        generation: Number(pod.metadata?.labels?.[BUILD_LABEL.generation]),
        attempt: Number(pod.metadata?.labels?.[BUILD_LABEL.attempt]),
        deadlineExceeded: pod.status?.reason === 'DeadlineExceeded',
      })),
    );
    return observed.sort((a, b) => a.generation - b.generation || a.attempt - b.attempt);
  }

  async create(spec: BuildPodSpec): Promise<void> {
    const name = buildPodName(spec);
    await this.#client.create(this.#path('secrets'), buildSecret(spec, this.#settings));
    if (await this.#client.create(this.#path('pods'), buildPod(spec, this.#settings))) return;
    const existing = await this.#client.get<V1Pod>(this.#path(`pods/${name}`));
    if (existing?.metadata?.deletionTimestamp)
      throw new Failed(`The build pod ${name} is still ending.`, { code: 'build-pod-ending' });
  }

  async log(pod: string, options: { follow: boolean; signal?: AbortSignal }): Promise<Readable> {
    const joined = new PassThrough();
    void this.#join(pod, options, joined).then(
      () => joined.end(),
      (error: Error) => joined.destroy(error),
    );
    return joined;
  }

  async remove(versionId: number, generation: number): Promise<void> {
    for (const { attempt } of await this.list(versionId, generation)) {
      const name = buildPodName({ versionId, generation, attempt });
      await this.#client.remove(this.#path(`pods/${name}`));
      await this.#client.remove(this.#path(`secrets/${name}`));
    }
  }

  /** The two containers' logs, one after the other. One that never started has none. */
  async #join(
    pod: string,
    options: { follow: boolean; signal?: AbortSignal },
    into: PassThrough,
  ): Promise<void> {
    for (const container of [CONTEXT_CONTAINER, BUILD_CONTAINER]) {
      if (!(await this.#started(pod, container, options))) return;
      const part = await this.#client.stream(
        this.#path(`pods/${pod}/log`),
        { container, follow: options.follow },
        options.signal,
      );
      for await (const chunk of part) {
        if (into.destroyed) return void part.destroy();
        if (!into.write(chunk))
          await new Promise((resolve) => {
            into.once('drain', resolve);
            into.once('close', resolve);
          });
      }
    }
  }

  async #started(
    pod: string,
    container: string,
    options: { follow: boolean; signal?: AbortSignal },
  ): Promise<boolean> {
    for (;;) {
      const found = await this.#client.get<V1Pod>(this.#path(`pods/${pod}`));
      if (found === null) return false;
      if (hasStarted(found, container)) return true;
      if (isOver(found) || !options.follow || options.signal?.aborted) return false;
      await new Promise((resolve) => {
        setTimeout(resolve, START_POLL_MS);
      });
    }
  }

  #path(rest: string): string {
    return `/api/v1/namespaces/${this.#settings.namespace}/${rest}`;
  }
}

function hasStarted(pod: V1Pod, container: string): boolean {
  const state = containerStatusesOf(pod).find(({ name }) => name === container)?.state;
  return Boolean(state?.running || state?.terminated);
}

const isOver = ({ status }: V1Pod): boolean =>
  status?.phase === 'Failed' || status?.phase === 'Succeeded';
