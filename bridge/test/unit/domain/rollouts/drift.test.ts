import { expect } from 'chai';
import type {
  Action,
  Observed,
  Progress,
  DesiredState,
} from '../../../../src/domain/rollouts/types.ts';
import { decide } from '../../../../src/domain/rollouts/decide.ts';
import type { Step } from '../../../../src/domain/rollouts/strategy.ts';
import { before, NOW, observed, revision, route, wanted } from './revision-builders.ts';

const STEPS: Step[] = [
  { kind: 'scale', percent: 100 },
  { kind: 'preview' },
  { kind: 'weight', percent: 20 },
  { kind: 'approve', withinSeconds: 3600 },
  { kind: 'weight', percent: 100 },
];
const [OWN, OLD] = ['digits-v2', 'digits-v1'];
const old = (over = {}) => revision({ name: OLD, image: 'old', ...over });
const at = (step: number): Progress => ({
  step,
  since: before(10_000),
  baseline: null,
  judgements: [],
});
const shared = (percent: number) => route({ [OWN]: percent, [OLD]: 100 - percent });
const whole: Partial<Observed> = {
  revision: revision(),
  previous: old(),
  publicRoute: shared(20),
  drift: { own: [], stable: [] },
};
const share = (percent: number): Partial<Action> => ({
  kind: 'route',
  backends: [
    { revision: OWN, weight: percent },
    { revision: OLD, weight: 100 - percent },
  ].filter(({ weight }) => weight > 0),
});
const decided = (over: Partial<Observed>, more: Partial<DesiredState> = {}) =>
  decide(
    wanted({
      strategy: 'canary',
      steps: STEPS,
      progress: at(3),
      alone: false,
      stable: { revision: OLD, image: 'old', replicas: 2 },
      ...more,
    }),
    observed({ ...whole, ...over }),
    NOW,
  );

/**
 * what somebody did → the word in the condition Ready, what is done about it, and the traffic that
 * is told
 */
const TABLE: {
  what: string;
  over: Partial<Observed>;
  code: string;
  action: Partial<Action>;
  traffic: [string, string];
}[] = [
  {
    what: 'nothing',
    over: {},
    code: 'Progressing',
    action: { kind: 'none' },
    traffic: ['False', 'Part'],
  },
  {
    what: 'deletes the route',
    over: { publicRoute: null },
    code: 'RouteMissing',
    action: share(20),
    traffic: ['False', 'RouteMissing'],
  },
  {
    what: 'gives the new version all traffic',
    over: { publicRoute: route({ [OWN]: 100 }) },
    code: 'WeightsChanged',
    action: share(20),
    traffic: ['True', 'All'],
  },
  {
    what: 'takes its traffic away',
    over: { publicRoute: route({ [OLD]: 100 }) },
    code: 'WeightsChanged',
    action: share(20),
    traffic: ['False', 'None'],
  },
  {
    what: 'adds a rule',
    over: { publicRoute: { ...shared(20), edited: 'spec.rules[1]' } },
    code: 'RouteChanged',
    action: share(20),
    traffic: ['False', 'Part'],
  },
  {
    what: 'leads it elsewhere',
    over: { publicRoute: route({ stranger: 100 }) },
    code: 'RouteChanged',
    action: share(20),
    traffic: ['False', 'None'],
  },
  {
    what: 'scales the old one to nothing',
    over: { previous: old({ wantedReplicas: 0 }) },
    code: 'StableNotReady',
    action: share(100),
    traffic: ['False', 'Part'],
  },
  {
    what: 'scaled the old one to nothing, and the new one has its traffic',
    over: { previous: old({ wantedReplicas: 0 }), publicRoute: route({ [OWN]: 100 }) },
    code: 'StableScaled',
    action: { kind: 'scale-previous', revision: OLD, replicas: 2 },
    traffic: ['True', 'All'],
  },
  {
    what: 'scales the old one down',
    over: { previous: old({ wantedReplicas: 1 }) },
    code: 'StableScaled',
    action: { kind: 'scale-previous', revision: OLD, replicas: 2 },
    traffic: ['False', 'Part'],
  },
  {
    what: 'scales the old one up',
    over: { previous: old({ wantedReplicas: 5 }) },
    code: 'Progressing',
    action: { kind: 'none' },
    traffic: ['False', 'Part'],
  },
  {
    what: 'deleted the old one',
    over: { previous: null, publicRoute: route({ [OWN]: 100 }) },
    code: 'StableMissing',
    action: { kind: 'restore-stable', replicas: 2 },
    traffic: ['True', 'All'],
  },
  {
    what: 'changes the image of the old one',
    over: { previous: old({ image: 'evil' }) },
    code: 'StableChanged',
    action: { kind: 'restore-stable', replicas: 2 },
    traffic: ['False', 'Part'],
  },
  {
    what: 'deletes the Service of the old one',
    over: { drift: { own: [], stable: ['Service digits-v1'] } },
    code: 'StableChanged',
    action: { kind: 'mend', side: 'stable' },
    traffic: ['False', 'Part'],
  },
  {
    what: 'the old one starts again',
    over: { previous: old({ readyReplicas: 0 }), publicRoute: route({ [OWN]: 100 }) },
    code: 'StableNotReady',
    action: { kind: 'none' },
    traffic: ['True', 'All'],
  },
  {
    what: 'scales the new one to nothing',
    over: { revision: revision({ wantedReplicas: 0 }) },
    code: 'RevisionNotReady',
    action: share(0),
    traffic: ['False', 'Part'],
  },
  {
    what: 'scaled the new one to nothing, and the old one has its traffic',
    over: { revision: revision({ wantedReplicas: 0 }), publicRoute: route({ [OLD]: 100 }) },
    code: 'RevisionScaled',
    action: { kind: 'apply', replicas: 2 },
    traffic: ['False', 'None'],
  },
  {
    what: 'deleted the new one',
    over: { revision: null, publicRoute: route({ [OLD]: 100 }) },
    code: 'RevisionMissing',
    action: { kind: 'apply', replicas: 2 },
    traffic: ['False', 'None'],
  },
  {
    what: 'holds the new one with a finalizer',
    over: { revision: revision({ deleting: ['x'] }) },
    code: 'RevisionDeleting',
    action: { kind: 'none' },
    traffic: ['False', 'Part'],
  },
  {
    what: 'changes the image of the new one',
    over: { revision: revision({ image: 'evil' }) },
    code: 'RevisionChanged',
    action: { kind: 'apply', replicas: 2 },
    traffic: ['False', 'Part'],
  },
  {
    what: 'changes the selector of the new one',
    over: { drift: { own: ['Service digits-v2'], stable: [] } },
    code: 'RevisionChanged',
    action: { kind: 'mend', side: 'own' },
    traffic: ['False', 'Part'],
  },
  {
    what: 'kills all pods',
    over: { revision: revision({ readyReplicas: 0 }), previous: old({ readyReplicas: 0 }) },
    code: 'NoPodReady',
    action: { kind: 'none' },
    traffic: ['False', 'Part'],
  },
];

describe('somebody with rights in the cluster', () => {
  for (const { what, over, code, action, traffic } of TABLE) {
    it(`${what}: says what was done, and the step stays`, () => {
      const decision = decided(over);
      const condition = (type: string) => decision.conditions.find((one) => one.type === type)!;
      expect(decision.action).to.deep.include(action);
      expect(decision.phase).to.equal('Progressing');
      expect(decision.status?.step).to.equal(3);
      expect([condition('Ready').status, condition('Ready').reason]).to.deep.equal(['False', code]);
      expect([
        condition('TrafficSwitched').status,
        condition('TrafficSwitched').reason,
      ]).to.deep.equal(traffic);
    });

    it(`${what}: it is put back while the rollout is paused, too`, () => {
      if (action.kind === 'none') return;
      expect(
        decided(over, { controls: { paused: true, approvedStep: -1, skipTo: 0 } }).action,
      ).to.deep.include(action);
    });
  }

  it('scales the old one to nothing before a step let the new one in: it is put back, and the new one gets nothing', () => {
    const decision = decided(
      { previous: old({ wantedReplicas: 0 }), publicRoute: route({ [OLD]: 100 }) },
      { progress: at(2) },
    );
    expect(decision.action).to.deep.equal({ kind: 'scale-previous', revision: OLD, replicas: 2 });
  });

  it('gives traffic to a version that was never asked: no condition says that it answered', () => {
    const decision = decided({ publicRoute: route({ [OWN]: 100 }) }, { progress: null });
    expect(decision.conditions.find(({ type }) => type === 'SmokeTestPassed')).to.deep.include({
      status: 'Unknown',
      reason: 'NotTried',
    });
    expect(decision.action).to.deep.include(share(0));
  });

  it('leaves a Service with a finalizer: it is not said to be removed', () => {
    const gone = { revision: null, publicRoute: route({ [OLD]: 100 }) };
    const removed: Partial<DesiredState> = { desired: 'removed', failed: true };
    expect(decided({ ...gone, leftovers: ['Service digits-v2'] }, removed)).to.deep.include({
      phase: null,
      reason: 'Still there: Service digits-v2.',
    });
    expect(decided({ ...gone, leftovers: [] }, removed).phase).to.equal('Removed');
  });
});
