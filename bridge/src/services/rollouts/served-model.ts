import { routePath } from '../../domain/rollouts/revision.ts';
import type { RevisionObserved, RouteKind } from '../../domain/rollouts/revision.ts';
import type { SmokeResult } from '../../domain/rollouts/types.ts';
import type { RevisionSpec } from '../ports/cluster.ts';
import type { JobContext } from '../ports/jobs.ts';
import type { DeploymentWork, VersionWork } from '../ports/odoo.ts';
import type { Trial } from './analysis.ts';
import type { RolloutDeps } from './deps.ts';
import { smokeTest } from './smoke-test.ts';
import { SERVICE } from '../ports/odoo.ts';

/** of a model's examples, so many are asked */
const EXAMPLES_MAX = 20;

/** Where a model is asked, and with what. `base` without a slash at its end. */
interface ModelAddress {
  base: string;
  infer: { path: string; body: unknown } | null;
  examples: unknown[];
}

/** The model of a deployment as it is asked through the gateway, with its own examples. */
export class ServedModel {
  readonly #deps: Pick<RolloutDeps, 'odoo' | 'gateway' | 'clock'>;
  readonly #work: DeploymentWork;
  readonly #spec: RevisionSpec;
  readonly #context: JobContext;
  #version: Promise<VersionWork> | undefined;

  constructor(
    deps: Pick<RolloutDeps, 'odoo' | 'gateway' | 'clock'>,
    work: DeploymentWork,
    spec: RevisionSpec,
    context: JobContext,
  ) {
    this.#deps = deps;
    this.#work = work;
    this.#spec = spec;
    this.#context = context;
  }

  /** Asks for what is needed later; whoever needs it says so when it cannot be had. */
  prefetch(): void {
    void this.#versionWork().catch(() => undefined);
  }

  async smoke(through: RouteKind): Promise<SmokeResult> {
    const { gateway, clock } = this.#deps;
    const { revision, readinessPath } = this.#spec;
    const { base, infer } = await this.#address(through);
    return smokeTest(
      gateway,
      clock,
      { base, infer, revision, readinessPath },
      this.#context.signal,
    );
  }

  /** What an analysis asks and compares. */
  async trial(canary: RevisionObserved, stable: string): Promise<Trial> {
    const { signal, log, requestId } = this.#context;
    const { base, infer, examples } = await this.#address('public');
    return {
      deploymentId: this.#work.deploymentId,
      namespace: this.#spec.namespace,
      canary,
      stable,
      base,
      infer: infer && { path: infer.path, bodies: examples },
      signal,
      log,
      requestId,
    };
  }

  async #address(through: RouteKind): Promise<ModelAddress> {
    const version = await this.#versionWork();
    const examples = examplesOf(version.inputSchema);
    const speaksOip = this.#work.protocol === 'open-inference-v2';
    return {
      base:
        this.#work.environment.gatewayUrl.replace(/\/$/, '') +
        routePath(through, this.#work.environment.kind, this.#spec.slug),
      infer:
        speaksOip && examples.length > 0
          ? { path: `/v2/models/${this.#spec.slug}/infer`, body: examples[0] }
          : null,
      examples,
    };
  }

  /** The version with its example, asked for once. */
  #versionWork(): Promise<VersionWork> {
    const asked =
      this.#version ??
      this.#deps.odoo.call<VersionWork>(
        SERVICE,
        'mlops.model.version',
        'work',
        { version_id: this.#work.versionId },
        this.#context.requestId,
      );
    this.#version = asked;
    asked.catch(() => (this.#version = undefined));
    return asked;
  }
}

/** `example` and `examples` of a JSON schema. */
function examplesOf(schema: unknown): unknown[] {
  const { example, examples } = (schema ?? {}) as { example?: unknown; examples?: unknown };
  return [
    ...(example === undefined ? [] : [example]),
    ...(Array.isArray(examples) ? (examples as unknown[]) : []),
  ].slice(0, EXAMPLES_MAX);
}
