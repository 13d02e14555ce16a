import { NotFound } from '../../errors.ts';
import type { KubernetesClient } from './client.ts';

const APPROVED_IMAGES = 'approved-images';

/**
 * The ConfigMap that the admission policy reads (k8s/base/admission.yaml): revision → image with
 * digest. One key a revision, written by merge patch: two bridges, or two revisions at once, take
 * nothing from each other.
 */
export class ApprovedImages {
  readonly #client: KubernetesClient;

  constructor(client: KubernetesClient) {
    this.#client = client;
  }

  approve(namespace: string, revision: string, image: string): Promise<void> {
    return this.#write(namespace, { [revision]: image });
  }

  withdraw(namespace: string, revision: string): Promise<void> {
    return this.#write(namespace, { [revision]: null });
  }

  /** undefined: nothing is approved for it; null: this namespace keeps no such list */
  async of(namespace: string, revision: string): Promise<string | undefined | null> {
    const found = await this.#client.get<{ data?: Record<string, string> }>(pathIn(namespace));
    return found === null ? null : found.data?.[revision];
  }

  async #write(namespace: string, data: Record<string, string | null>): Promise<void> {
    try {
      await this.#client.merge(pathIn(namespace), { data });
    } catch (error) {
      // a namespace that k8s/ knows nothing of; where the policy holds all the same, it says so at
      // the pod
      if (!(error instanceof NotFound)) throw error;
    }
  }
}

const pathIn = (namespace: string): string =>
  `/api/v1/namespaces/${namespace}/configmaps/${APPROVED_IMAGES}`;
