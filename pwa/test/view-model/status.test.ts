import { expect } from 'chai';
import type { AllowedAction, DeploymentView, VersionDetail } from '../../src/api/types.ts';
import { answerTo, secondPerson, waiverAction } from '../../src/view-model/remedy-action.ts';
import {
  conditionLook,
  deploymentStanding,
  podLook,
} from '../../src/view-model/deployment-status.ts';
import { glimpse, judging } from '../../src/view-model/analysis-progress.ts';
import type { RolloutScene } from '../../src/view-model/rollout-view.ts';
import { concern } from '../../src/view-model/needs-action.ts';

type Deployment = Parameters<typeof deploymentStanding>[0];
const deployment = (more: Partial<Deployment>): Deployment => ({
  phase: 'Ready',
  isLive: true,
  desired: 'serving',
  reasonCode: null,
  ...more,
});
const may = (name: AllowedAction['name'], allowed = true): AllowedAction => ({
  name,
  allowed,
  reason: allowed ? null : 'Needs an approver.',
});
const names = (...all: AllowedAction['name'][]): AllowedAction[] => all.map((name) => may(name));

describe('pwa: what a deployment is now', () => {
  const aborted = {
    phase: 'Failed',
    isLive: false,
    desired: 'removed',
    reasonCode: 'Aborted',
  } as const;
  const crashed = { phase: 'Failed', isLive: false, reasonCode: null } as const;
  const replaced = {
    phase: 'Failed',
    isLive: false,
    reasonCode: 'Superseded',
  } as const;
  for (const [more, word, tone, over] of [
    [{}, 'Ready', 'good', false],
    [{ isLive: false }, 'Ready', 'busy', false],
    [{ phase: 'Progressing', isLive: false }, 'Progressing', 'busy', false],
    [{ isLive: false, desired: 'kept' }, 'kept', 'calm', true],
    [{ isLive: false, desired: 'removed' }, 'Removed', 'calm', true],
    [{ phase: 'Superseded', isLive: false }, 'Superseded', 'calm', true],
    [crashed, 'Failed', 'bad', false],
    [aborted, 'aborted', 'calm', true],
    [replaced, 'aborted', 'calm', true],
  ] as [Partial<Deployment>, string, string, boolean][]) {
    it(`is ${word}, ${tone}${over ? ', and over' : ''} for ${JSON.stringify(more)}`, () => {
      expect(deploymentStanding(deployment(more))).to.include({ word, tone, over });
    });
  }

  it('shows in red only what is false of a deployment that failed', () => {
    const states = [
      {},
      { isLive: false },
      { phase: 'Progressing', isLive: false },
      aborted,
      crashed,
      { desired: 'kept', isLive: false },
    ];
    const condition = (status: string) => ({ status }) as DeploymentView['conditions'][number];
    for (const more of states as Partial<Deployment>[]) {
      for (const status of ['True', 'False', 'Unknown']) {
        const red = conditionLook(condition(status), deployment(more)).tone === 'False';
        expect(red, `${status} of ${JSON.stringify(more)}`).to.equal(
          more === crashed && status === 'False',
        );
      }
    }
    expect(conditionLook(condition('False'), deployment({})).tone).to.equal('warn');
  });

  it('shows in red a pod that cannot run, and not one that is being made or is of the past', () => {
    const starting = deployment({ phase: 'Progressing', isLive: false });
    for (const reason of [
      'CrashLoopBackOff',
      'ErrImagePull',
      'OOMKilled',
      'Unschedulable',
      'CreateContainerConfigError',
    ]) {
      expect(podLook({ ready: false, reason }, starting).tone, reason).to.equal('False');
      expect(podLook({ ready: false, reason }, deployment(aborted)).tone, reason).to.equal(
        'Unknown',
      );
    }
    for (const reason of [null, 'ContainerCreating', 'PodInitializing']) {
      expect(podLook({ ready: false, reason }, starting).tone, String(reason)).to.equal('Unknown');
    }
    expect(podLook({ ready: true, reason: null }, starting).tone).to.equal('True');
  });
});

describe('pwa: what answers a stop that did not go well', () => {
  const review = { status: 'ValidationFailed', statusReasonCode: 'NeedsReview' } as const;
  const blocked = { status: 'ValidationFailed', statusReasonCode: 'ScanBlocked' } as const;
  const failed = { status: 'ProdFailed', statusReasonCode: null } as const;
  for (const [key, detail, actions, answer] of [
    ['scanned', review, names('rescan', 'request-waiver'), 'request-waiver'],
    ['scanned', review, names('rescan', 'request-waiver', 'accept-waiver'), 'accept-waiver'],
    ['scanned', review, [may('rescan'), may('accept-waiver', false)], undefined],
    ['scanned', review, names('rescan'), undefined],
    ['scanned', blocked, names('rescan', 'request-waiver'), 'rescan'],
    ['rolling', failed, names('promote', 'deploy'), 'promote'],
    ['rolling', failed, [may('promote', false), may('deploy')], undefined],
    ['staging', { ...failed, status: 'StagingFailed' }, names('promote', 'deploy'), 'deploy'],
    ['built', { ...failed, status: 'StagingFailed' }, names('deploy'), 'deploy'],
  ] as [
    Parameters<typeof answerTo>[0]['key'],
    typeof review,
    AllowedAction[],
    string | undefined,
  ][]) {
    const offered = actions.map((one) => `${one.allowed ? '' : 'not '}${one.name}`).join(', ');
    it(`is ${answer ?? 'nothing'} at ${key} of ${detail.statusReasonCode} with ${offered}`, () => {
      expect(answerTo({ key }, detail, actions)?.name).to.equal(answer);
    });
  }

  it('has a button only at a finding that is to review and not accepted', () => {
    const detail = { allowedActions: names('rescan', 'request-waiver') };
    expect(waiverAction('review', false, detail)?.name).to.equal('request-waiver');
    expect(waiverAction('review', true, detail)).to.equal(undefined);
    for (const verdict of ['block', 'pass'])
      expect(waiverAction(verdict, false, detail), verdict).to.equal(undefined);
    expect(waiverAction('review', false, { allowedActions: names('rescan') })).to.equal(undefined);
  });

  it('says why a waiver is not this person’s to approve', () => {
    expect(secondPerson({ allowedActions: [may('accept-waiver', false)] })).to.equal(
      'Needs an approver.',
    );
    expect(secondPerson({ allowedActions: names('accept-waiver') })).to.equal(undefined);
    expect(secondPerson({ allowedActions: [] })).to.equal(undefined);
  });
});

describe('pwa: a judgement that is being made', () => {
  const scene = (
    counted: number | null,
    since: string,
    more: Partial<RolloutScene> = {},
    anew = false,
  ): RolloutScene => ({
    deployment: { id: 5 } as DeploymentView,
    steps: [
      { kind: 'weight', percent: 1 },
      { kind: 'judge', minRequests: 20 },
    ],
    at: 1,
    weight: 1,
    waitingFor: 'judgement',
    until: null,
    ended: false,
    aborted: false,
    seen: {
      since,
      anew,
      judgements:
        counted === null
          ? []
          : [
              {
                step: 1,
                verdict: 'wait',
                sentence: '',
                numbers: { canary: { requests: counted, errors: 0, p95Ms: null } },
              },
            ],
    } as unknown as RolloutScene['seen'],
    ...more,
  });
  const seen = glimpse(scene(12, 'T1'));

  it('tells the requests counted and needed, and none counted before the first look', () => {
    expect(judging(scene(7, 'T1'))).to.deep.equal({ counted: 7, needed: 20, anew: false });
    expect(judging(scene(null, 'T1'))).to.deep.equal({ counted: null, needed: 20, anew: false });
  });

  it('is anew when the bridge says so, when it counts from another moment, and when it counts less than before', () => {
    expect(judging(scene(12, 'T1'), seen)?.anew).to.equal(false);
    expect(judging(scene(13, 'T1'), seen)?.anew).to.equal(false);
    expect(judging(scene(13, 'T2'), seen)?.anew).to.equal(true);
    expect(judging(scene(3, 'T1'), seen)?.anew).to.equal(true);
    expect(judging(scene(12, 'T1', {}, true))?.anew).to.equal(true);
    expect(
      judging(scene(3, 'T2', { deployment: { id: 6 } as DeploymentView }), seen)?.anew,
    ).to.equal(false);
  });

  it('is none at another step, and none when the rollout ended', () => {
    expect(judging(scene(7, 'T1', { at: 0 }))).to.equal(undefined);
    expect(judging(scene(7, 'T1', { at: -1 }))).to.equal(undefined);
    expect(judging(scene(7, 'T1', { ended: true }))).to.equal(undefined);
    expect(glimpse(scene(7, 'T1', { ended: true }))).to.equal(undefined);
  });
});

describe('pwa: whom it concerns what a version became', () => {
  type Known = Parameters<typeof concern>[0];
  const asked = [{ id: 3, requestedBy: 'Ben' }] as VersionDetail['deployments'];
  const version = (status: Known['status'], more: Partial<Known> = {}): Known => ({
    status,
    statusReasonCode: null,
    submitter: 'Ada',
    allowedActions: [],
    deployments: [],
    ...more,
  });
  for (const [who, known, kind, why] of [
    ['Ada', version('Live'), 'good', 'her version is live'],
    ['Ada', version('StagingFailed'), 'bad', 'her version failed'],
    [
      'Ada',
      version('ProdFailed', { statusReasonCode: 'Aborted' }),
      'busy',
      'her version was aborted, which is no failure',
    ],
    ['Ada', version('Superseded'), undefined, 'her version was replaced'],
    ['Ben', version('Validated', { allowedActions: names('deploy') }), 'busy', 'it waits for him'],
    [
      'Ben',
      version('Validated', { allowedActions: [may('deploy', false)] }),
      undefined,
      'it waits for another',
    ],
    [
      'Ben',
      version('Staging', { allowedActions: names('promote') }),
      'busy',
      'it can be promoted by him',
    ],
    [
      'Ben',
      version('ValidationFailed', { allowedActions: names('accept-waiver') }),
      'busy',
      'a waiver waits for him',
    ],
    ['Ben', version('Live', { deployments: asked }), 'good', 'what he asked for is live'],
    [
      'Ben',
      version('Live', { deployments: [...asked, { ...asked[0]!, id: 4, requestedBy: 'Mia' }] }),
      undefined,
      'another asked for it since',
    ],
    [
      'Vera',
      version('Live', { deployments: asked }),
      undefined,
      'it is not hers and nothing waits for her',
    ],
    ['Vera', version('ProdFailed'), undefined, 'the failure is of others'],
  ] as [string, Known, string | undefined, string][]) {
    it(`${kind ? `tells ${who} (${kind})` : `tells ${who} nothing`}: ${why}`, () => {
      expect(concern(known, { name: who })).to.equal(kind);
    });
  }

  it('trusts what the server says of whose it is before the name', () => {
    expect(concern(version('Live', { isMine: false }), { name: 'Ada' })).to.equal(undefined);
    expect(concern(version('Live', { isMine: true }), { name: 'Somebody' })).to.equal('good');
  });
});
