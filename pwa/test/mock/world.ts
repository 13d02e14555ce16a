/* eslint-disable max-lines -- the whole of Odoo and the bridge, as far as pages show it */
import type { Entry } from './entry.ts';
import type { MockUser } from './users.ts';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type {
  AllowedAction,
  DeploymentView,
  EndpointView,
  EventView,
  FindingView,
  ModelDetail,
  ModelPage,
  ModelRow,
  RoadStop,
  Strategy,
  VersionDetail,
  VersionStatus,
} from '../../src/api/types.ts';
import { CANARY, steering } from './rollout-offers.ts';
import { lastHour } from './traffic.ts';

const STOPS = [
  'uploaded',
  'scanned',
  'approved',
  'built',
  'staging',
  'promoted',
  'rolling',
  'live',
] as const;
/** for each status: how many stops are done, and the state of the one after */
const PROGRESS: Record<VersionStatus, [number, RoadStop['state']]> = {
  Validating: [1, 'running'],
  Validated: [2, 'waiting'],
  ValidationFailed: [1, 'failed'],
  PendingStagingDeployment: [3, 'running'],
  Staging: [5, 'waiting'],
  StagingFailed: [4, 'failed'],
  PendingProdDeployment: [6, 'running'],
  Live: [8, 'ahead'],
  ProdFailed: [6, 'failed'],
  Superseded: [7, 'over'],
  Archived: [2, 'ahead'],
};
const MINUTE = 60_000;
const digits = JSON.parse(
  readFileSync(new URL('../../../examples/digits/metadata.json', import.meta.url), 'utf8'),
) as Record<string, unknown>;
export const sha = (text: string): string =>
  `sha256:${createHash('sha256').update(text).digest('hex')}`;
const ago = (minutes: number): string => new Date(Date.now() - minutes * MINUTE).toISOString();

/** Records and what changes them, as Odoo would have them, held in memory. */
export class World {
  models: { id: number; name: string; slug: string; team: string | null }[] = [];
  versions: Entry[] = [];
  endpoints: EndpointView[] = [];
  traffic = lastHour();
  events: EventView[] = [];
  logs = new Map<number, string[]>();
  listeners = new Set<(event: EventView) => void>();
  /** how fast things happen, ms a step */
  stepMs = 250;
  /**
   * nothing happens by itself: a test that looks at what lies between two steps takes them one by
   * one, with `step`
   */
  byHand = false;
  #waiting: (() => void)[] = [];
  #next = 100;

  /** what production takes when nobody chooses */
  strategy: Strategy = 'blue-green';

  constructor(seed: 'full' | 'empty' = 'full', origin = 'https://127.0.0.1:18443') {
    this.origin = origin;
    if (seed === 'full') this.#seed();
  }
  origin: string;

  /** Lets each happen after the one before it. */
  later(steps: (() => void)[]): void {
    if (this.byHand) this.#waiting.push(...steps);
    else steps.forEach((step, index) => setTimeout(step, this.stepMs * (index + 1)));
  }

  step(): void {
    const next = this.#waiting.shift();
    if (!next) throw new Error('nothing is under way');
    next();
  }

  id(): number {
    return this.#next++;
  }

  model(name: string, team: string | null = null) {
    const known = this.models.find((model) => model.name === name);
    if (known) return known;
    const made = {
      id: this.id(),
      name,
      slug: name.toLowerCase().replace(/[^a-z0-9]+/g, '-'),
      team,
    };
    this.models.push(made);
    return made;
  }

  add(
    modelName: string,
    name: string,
    status: VersionStatus,
    minutesAgo: number,
    submitter = 'Ada Byron',
    more: Partial<Entry> = {},
    team: string | null = null,
  ): Entry {
    const model = this.model(modelName, team);
    const done = PROGRESS[status][0];
    const entry: Entry = {
      id: this.id(),
      name,
      model: { id: model.id, name: model.name, slug: model.slug },
      status,
      statusReason: null,
      statusReasonCode: null,
      statusChangedAt: ago(minutesAgo),
      generation: 1,
      lockVersion: 3,
      submitter,
      createdAt: ago(minutesAgo + 30),
      description: null,
      framework: 'numpy',
      params: null,
      metrics: null,
      inputSchema: null,
      outputSchema: null,
      serving: {
        port: 8080,
        readinessPath: '/v2/health/ready',
        gpus: 0,
        cpu: '100m',
        memory: '256Mi',
        replicas: 2,
      },
      artifacts: [
        {
          id: this.id(),
          kind: 'model',
          filename: 'model.safetensors',
          digest: sha(`${modelName}${name}`),
          size: 10_840,
          mediaType: 'application/octet-stream',
        },
        {
          id: this.id(),
          kind: 'dockerfile',
          filename: 'Dockerfile',
          digest: sha('Dockerfile'),
          size: 812,
          mediaType: 'text/plain',
        },
      ],
      findings: [],
      scan:
        done > 1 || status === 'ValidationFailed'
          ? {
              verdict: status === 'ValidationFailed' ? 'block' : 'pass',
              rulesetVersion: '2026.11',
              finishedAt: ago(minutesAgo + 29),
            }
          : null,
      approvals: [],
      deployments: [],
      endpoints: [],
      image: null,
      imageDigest: done > 3 ? sha(`image${name}`) : null,
      buildState: done > 3 ? 'done' : 'none',
      buildReason: null,
      stagingEndpointUrl: null,
      prodEndpointUrl: null,
      isAvailable: status === 'Live',
      ...more,
    };
    this.versions.push(entry);
    return entry;
  }

  road(version: Entry): RoadStop[] {
    const [done, usual] = PROGRESS[version.status];
    const next = version.statusReasonCode === 'Aborted' ? 'aborted' : usual;
    const start = Date.parse(version.createdAt);
    const at = version.buildState === 'running' ? 3 : done;
    const failedBuild = version.status === 'StagingFailed' && version.buildState === 'failed';
    return STOPS.map((key, index) => {
      const passed = failedBuild
        ? index < 3
        : index < at || (index === 3 && version.buildState === 'done');
      if (passed)
        return {
          key,
          state: 'done',
          at: new Date(start + index * 4 * MINUTE).toISOString(),
          by: index === 0 ? version.submitter : index === 2 || index === 5 ? 'Ben Okafor' : null,
          durationMs: index % 2 ? 23_400 + index * 1000 : null,
          reason: null,
        };
      if (
        index ===
        (failedBuild ? 3 : Math.max(at, version.buildState === 'done' && at === 3 ? 4 : at))
      )
        return {
          key,
          state: next,
          at: version.statusChangedAt,
          by: null,
          durationMs: null,
          reason: next === 'failed' || next === 'aborted' ? version.statusReason : null,
        };
      return { key, state: 'ahead', at: null, by: null, durationMs: null, reason: null };
    });
  }

  allowed(version: Entry, by: MockUser): AllowedAction[] {
    const approver = by.roles.includes('approver');
    const actions: AllowedAction[] = [];
    const offer = (
      name: AllowedAction['name'],
      allowed: boolean,
      reason: string | null,
      more: Partial<AllowedAction> = {},
    ): void => void actions.push({ name, allowed, reason: allowed ? null : reason, ...more });
    const needsApprover = 'Needs an approver.';
    if (['Validated', 'Staging', 'StagingFailed', 'Superseded'].includes(version.status))
      offer('deploy', approver, needsApprover, { target: 'staging' });
    if (version.status === 'Validated') offer('reject', approver, needsApprover);
    if (['Staging', 'ProdFailed'].includes(version.status)) {
      const self = version.submitter === by.name;
      offer(
        'promote',
        approver && !self,
        self ? 'Waiting for a second person: uploaded by you.' : needsApprover,
        {
          target: 'production',
          strategies: ['blue-green', 'rolling', 'canary', 'recreate'],
          strategy: this.strategy,
          steps: CANARY,
          ownSteps: false,
        },
      );
    }
    if (version.status === 'Live')
      offer('rollback', approver, needsApprover, {
        target: 'production',
        bringsBack:
          this.versions.findLast(
            (one) => one.model.id === version.model.id && one.status === 'Superseded',
          )?.name ?? null,
      });
    if (version.status === 'ValidationFailed' && version.statusReasonCode === 'NeedsReview') {
      const asked = version.findings.some((one) => one.waiver?.state === 'requested');
      if (asked) offer('accept-waiver', approver && version.submitter !== by.name, needsApprover);
      else offer('request-waiver', by.roles.includes('data_scientist'), 'Needs a data scientist.');
    }
    if (['ValidationFailed', 'Validated'].includes(version.status))
      offer('rescan', by.roles.includes('data_scientist'), 'Needs a data scientist.');
    return [...actions, ...steering(version, by)];
  }

  detail(version: Entry, by: MockUser): VersionDetail {
    return {
      ...version,
      endpoints: this.endpoints.filter(
        (one) => one.modelId === version.model.id && one.versionId === version.id,
      ),
      road: this.road(version),
      allowedActions: this.allowed(version, by),
    };
  }

  #newest(modelId: number): Entry | undefined {
    return this.versions.filter((one) => one.model.id === modelId).sort((a, b) => b.id - a.id)[0];
  }
  live(modelId: number): Entry | undefined {
    return this.versions.find((one) => one.model.id === modelId && one.status === 'Live');
  }
  #row = (one: Entry) => ({
    id: one.id,
    name: one.name,
    status: one.status,
    statusReason: one.statusReason,
    statusReasonCode: one.statusReasonCode,
    submitter: one.submitter,
    changedAt: one.statusChangedAt,
    road: this.road(one),
  });

  page(
    query: { search: string; status: string; offset: number; limit: number; order: string },
    by: MockUser,
  ): ModelPage {
    const counts: Record<string, number> = {};
    let rows = this.models.map((model): ModelRow => {
      const newest = this.#newest(model.id);
      if (newest) counts[newest.status] = (counts[newest.status] ?? 0) + 1;
      const live = this.live(model.id);
      const approver = by.roles.includes('approver');
      const needsMe =
        newest !== undefined &&
        ((approver &&
          (newest.status === 'Validated' ||
            (newest.status === 'Staging' && newest.submitter !== by.name))) ||
          (newest.submitter === by.name && newest.status.endsWith('Failed')));
      return {
        ...model,
        liveVersion: live ? { id: live.id, name: live.name } : null,
        newest: newest ? this.#row(newest) : null,
        needsMe,
      };
    });
    rows = rows.filter(
      (row) =>
        row.name.toLowerCase().includes(query.search.toLowerCase()) &&
        (!query.status || row.newest?.status === query.status),
    );
    rows.sort(
      query.order === 'name'
        ? (a, b) => a.name.localeCompare(b.name)
        : (a, b) => (b.newest?.changedAt ?? '').localeCompare(a.newest?.changedAt ?? ''),
    );
    const waiting = rows.filter((row) => row.needsMe);
    const first = !query.search && !query.status && query.offset === 0;
    return {
      total: rows.length,
      items: rows.slice(query.offset, query.offset + query.limit),
      counts,
      needsMe: first ? { total: waiting.length, items: waiting.slice(0, 50) } : null,
    };
  }

  modelDetail(id: number): ModelDetail | undefined {
    const model = this.models.find((one) => one.id === id);
    if (!model) return undefined;
    const live = this.live(id);
    return {
      ...model,
      description: null,
      liveVersion: live ? { id: live.id, name: live.name } : null,
      versions: this.versions
        .filter((one) => one.model.id === id)
        .sort((a, b) => b.id - a.id)
        .map(this.#row),
      endpoints: this.endpoints.filter((one) => one.modelId === id),
    };
  }

  emit(
    topic: string,
    version: Entry,
    payload: Record<string, unknown>,
    actor: string | null = null,
  ): void {
    const position = this.events.length + 1;
    const event: EventView = {
      position,
      id: position,
      at: new Date().toISOString(),
      topic,
      modelId: version.model.id,
      versionId: version.id,
      deploymentId: null,
      endpointId: null,
      actor,
      payload: { model: version.model.name, version: version.name, ...payload },
    };
    this.events.push(event);
    for (const listener of this.listeners) listener(event);
  }

  become(
    version: Entry,
    status: VersionStatus,
    actor: string | null = null,
    reason: string | null = null,
  ): void {
    const from = version.status;
    Object.assign(version, {
      status,
      statusReason: reason,
      statusReasonCode: codeOf(reason),
      statusChangedAt: new Date().toISOString(),
      lockVersion: version.lockVersion + 1,
      isAvailable: status === 'Live',
    });
    this.emit(
      'version.status',
      version,
      { status, from, reason, lockVersion: version.lockVersion, road: this.road(version) },
      actor,
    );
  }

  deployment(
    version: Entry,
    kind: 'staging' | 'production',
    strategy: string,
    phase: string,
    by: string,
    reason: string | null = null,
  ) {
    const ready = phase === 'Ready';
    const made: DeploymentView = {
      id: this.id(),
      environment: kind === 'staging' ? 'Staging' : 'Production',
      environmentKind: kind,
      strategy,
      generation: 1,
      desired: 'serving' as const,
      phase,
      reason,
      reasonCode: codeOf(reason),
      isLive: ready,
      conditions: [
        {
          type: 'ImagePresent',
          status: 'True' as const,
          reason: 'Pushed',
          message: 'The image is in the registry.',
          observedGeneration: 1,
          lastTransitionTime: ago(3),
        },
        {
          type: 'Ready',
          status: ready
            ? ('True' as const)
            : phase === 'Failed'
              ? ('False' as const)
              : ('Unknown' as const),
          reason: ready ? 'PodsReady' : phase === 'Failed' ? 'CrashLoopBackOff' : 'Progressing',
          message: ready
            ? '2 of 2 pods ready, smoke request answered in 12 ms.'
            : (reason ?? 'Waiting for pods.'),
          observedGeneration: 1,
          lastTransitionTime: ago(1),
        },
      ],
      endpointUrl: `${this.origin}/endpoints/${kind}/${version.model.slug}`,
      previewUrl: null,
      observed: {
        replicas: 2,
        readyReplicas: ready ? 2 : 0,
        pods: [1, 2].map((n) => ({
          name: `${version.model.slug}-${version.name.replace(/\./g, '-')}-${n}x7c`,
          phase: 'Running',
          ready,
          reason: phase === 'Failed' ? 'CrashLoopBackOff' : null,
          message: phase === 'Failed' ? 'exit code 1 after 0.4 s' : null,
        })),
      },
      requestedBy: by,
      createdAt: new Date().toISOString(),
      deadlineAt: new Date(Date.now() + 10 * MINUTE).toISOString(),
    };
    version.deployments.push(made);
    return made;
  }

  endpoint(version: Entry, kind: 'staging' | 'production'): EndpointView {
    const known = this.endpoints.find(
      (one) => one.modelId === version.model.id && one.environmentKind === kind,
    );
    const url = `${this.origin}/endpoints/${kind}/${version.model.slug}`;
    const values = {
      versionId: version.id,
      version: version.name,
      inputSchema: version.inputSchema,
      outputSchema: version.outputSchema,
      isAvailable: true,
      changedAt: new Date().toISOString(),
    };
    if (known) return Object.assign(known, values);
    const made: EndpointView = {
      id: this.id(),
      name: `${version.model.name} ${kind}`,
      url,
      protocol: 'open-inference-v2',
      environment: kind === 'staging' ? 'Staging' : 'Production',
      environmentKind: kind,
      modelId: version.model.id,
      ...values,
    };
    this.endpoints.push(made);
    return made;
  }

  #seed(): void {
    const schema = { inputSchema: digits.inputSchema, outputSchema: digits.outputSchema };
    const one = this.add(
      'digits',
      '1.0.0',
      'Live',
      60 * 26,
      'Ada Byron',
      {
        ...schema,
        description: 'Reads one hand-written digit of 8x8 pixels.',
        params: { hidden: 32, epochs: 120, seed: 7 },
        metrics: { accuracy: 0.9844 },
      },
      'Vision',
    );
    this.deployment(one, 'production', 'blue-green', 'Ready', 'Ben Okafor');
    one.approvals.push({
      environment: 'Staging',
      by: 'Ben Okafor',
      at: ago(1600),
      decision: 'approved',
      comment: null,
    });
    this.endpoint(one, 'production');
    const two = this.add(
      'digits',
      '2.0.0',
      'Staging',
      12,
      'Ada Byron',
      {
        ...schema,
        description: 'Reads one hand-written digit of 8x8 pixels.',
        params: { hidden: 64, epochs: 120, seed: 7, trainedOn: 1347 },
        metrics: { accuracy: 0.9867 },
      },
      'Vision',
    );
    this.deployment(two, 'staging', 'rolling', 'Ready', 'Ben Okafor');
    two.approvals.push({
      environment: 'Staging',
      by: 'Ben Okafor',
      at: ago(20),
      decision: 'approved',
      comment: 'Better on sevens. Let us see it in staging.',
    });
    this.endpoint(two, 'staging');
    this.logs.set(two.id, [
      'STEP 1/6: FROM registry/base/python:3.11',
      'STEP 2/6: WORKDIR /srv',
      'STEP 3/6: COPY model.safetensors serve.py ./',
      'STEP 4/6: USER 65532',
      'STEP 5/6: EXPOSE 8080',
      'STEP 6/6: CMD ["python3", "serve.py"]',
      'COMMIT registry/models/digits',
      'warning: pull failed once, tried again',
      'Successfully pushed',
    ]);
    const blocked: FindingView = {
      id: 1,
      rule: 'pickle.global.os-system',
      severity: 'critical',
      verdict: 'block',
      file: 'model.pkl',
      offset: 1204,
      line: null,
      column: null,
      symbol: 'posix.system',
      evidence: "GLOBAL 'posix' 'system'",
      why: 'model.pkl calls os.system when it is loaded.',
      remedy: 'Save the weights as safetensors, or remove the object that runs a command.',
    };
    const docker: FindingView = {
      id: 2,
      rule: 'dockerfile.user.root',
      severity: 'medium',
      verdict: 'review',
      file: 'Dockerfile',
      offset: null,
      line: 9,
      column: 1,
      symbol: null,
      evidence: 'USER root',
      why: 'The last user of the image is root.',
      remedy: 'End with USER 65532.',
    };
    this.add(
      'churn-predictor',
      '0.9.1',
      'ValidationFailed',
      38,
      'Ada Byron',
      {
        statusReason: 'Blocked: model.pkl calls os.system at byte 1,204.',
        findings: [docker, blocked],
        framework: 'scikit-learn',
      },
      'Growth',
    );
    this.add('fraud-scorer', '2.1.0', 'Live', 60 * 60, 'Ada Byron', {}, 'Risk');
    const failed = this.add(
      'fraud-scorer',
      '2.2.0',
      'StagingFailed',
      95,
      'Mia Laurent',
      {
        statusReason:
          'CrashLoopBackOff: the container ends with exit code 1 after 0.4 s. What ran before still serves.',
      },
      'Risk',
    );
    this.deployment(
      failed,
      'staging',
      'rolling',
      'Failed',
      'Ben Okafor',
      'CrashLoopBackOff: the container ends with exit code 1 after 0.4 s. What ran before still serves.',
    );
    this.add(
      'demand-forecast',
      '4.0.0',
      'Validated',
      4,
      'Ada Byron',
      { framework: 'xgboost', params: { depth: 6, rounds: 400 }, metrics: { mape: 0.081 } },
      'Supply',
    );
    const building = this.add(
      'receipt-reader',
      '1.3.0',
      'PendingStagingDeployment',
      1,
      'Mia Laurent',
      { buildState: 'running', framework: 'onnx' },
      'Finance',
    );
    this.logs.set(building.id, [
      'STEP 1/9: FROM registry/base/python:3.11',
      'STEP 2/9: RUN apt-get update',
      'Get:1 bookworm InRelease [151 kB]',
    ]);
    this.add('ticket-router', '0.2.0', 'Validating', 0, 'Ada Byron', {}, 'Support');
    this.add('lead-score', '7.4.2', 'Superseded', 60 * 200, 'Mia Laurent', {}, 'Growth');
    for (const version of this.versions) {
      this.emit('version.registered', version, {}, version.submitter);
      if (version.status !== 'Validating')
        this.emit('version.status', version, {
          status: version.status,
          from: 'Validating',
          reason: version.statusReason,
          reasonCode: version.statusReasonCode,
        });
    }
    this.events.forEach((event, index) => (event.at = ago((this.events.length - index) * 41)));
  }

  /** Thousands of models, for the list. */
  many(count: number): void {
    const statuses = Object.keys(PROGRESS) as VersionStatus[];
    for (let i = 0; i < count; i++)
      this.add(
        `model-${String(i).padStart(5, '0')}`,
        '1.0.0',
        statuses[i % statuses.length] as VersionStatus,
        3000 + i,
        'Mia Laurent',
      );
  }
}

/** The code of a reason, as Odoo sends it beside the sentence. */
const codeOf = (reason: string | null | undefined): string | null =>
  /^(Aborted|Superseded|NeedsReview)\b/.exec(reason ?? '')?.[1] ?? null;
