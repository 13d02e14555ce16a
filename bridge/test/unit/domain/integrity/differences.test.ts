import { expect } from 'chai';
import {
  differences,
  integrityCondition,
  mendable,
  withRemembered,
} from '../../../../src/domain/integrity/differences.ts';
import type {
  ClusterSeen,
  Difference,
  Expected,
  ImageSeen,
  RouteSeen,
  Seen,
} from '../../../../src/domain/integrity/types.ts';
import { specChanges } from '../../../../src/domain/integrity/spec-difference.ts';

const DIGEST = `sha256:${'1'.repeat(64)}`;
const OTHER = `sha256:${'2'.repeat(64)}`;
const IMAGE = `registry:5000/models/digits@${DIGEST}`;
const ARTIFACT = {
  filename: 'model.safetensors',
  objectKey: 'artifacts/a',
  digest: DIGEST,
  size: 10,
};
const PATH = '/endpoints/production/digits';
const EXPECTED: Expected = {
  revision: 'digits-v1',
  image: IMAGE,
  artifacts: [ARTIFACT],
  route: { name: 'digits', path: PATH, gateway: 'gw/mlops' },
};

const route = (
  over: Partial<RouteSeen> = {},
  rule: Partial<RouteSeen['rules'][0]> = {},
): RouteSeen => ({
  parents: ['gw/mlops'],
  hostnames: [],
  rules: [
    {
      paths: [PATH],
      filters: ['URLRewrite', 'RequestHeaderModifier', 'ResponseHeaderModifier'],
      backends: [{ name: 'digits-v1', weight: 100 }],
      ...rule,
    },
  ],
  ...over,
});
const container = { pod: 'p', container: 'model', image: IMAGE, digest: DIGEST };
const cluster = (over: Partial<ClusterSeen> = {}): ClusterSeen => ({
  containers: [container],
  objects: [{ kind: 'Deployment', name: 'digits-v1', missing: false, changes: [], by: null }],
  approved: IMAGE,
  route: route(),
  ...over,
});
const image: ImageSeen = { digest: DIGEST, missing: [], platforms: [] };
const seen = (over: Partial<Seen> = {}): Seen => ({
  cluster: cluster(),
  artifacts: [{ objectKey: 'artifacts/a', size: 10, digest: DIGEST }],
  image,
  ...over,
});
const objects = (changes: object[], missing = false): Partial<Seen> => ({
  cluster: cluster({
    objects: [
      {
        kind: 'Deployment',
        name: 'digits-v1',
        missing,
        changes: changes as never,
        by: 'kubectl-edit at noon',
      },
    ],
  }),
});
const at = (
  over: Partial<RouteSeen> | null,
  rule: Partial<RouteSeen['rules'][0]> = {},
): Partial<Seen> => ({ cluster: cluster({ route: over && route(over, rule) }) });

const CASES: [string, Partial<Seen>, [string, RegExp] | null][] = [
  ['all as approved', {}, null],
  [
    'a pod whose image is not known yet',
    { cluster: cluster({ containers: [{ ...container, digest: null }] }) },
    null,
  ],
  [
    'a pod with a platform of the approved index',
    {
      cluster: cluster({ containers: [{ ...container, digest: OTHER }] }),
      image: { ...image, platforms: [OTHER] },
    },
    null,
  ],
  [
    'a pod that runs other bytes',
    { cluster: cluster({ containers: [{ ...container, digest: OTHER }] }) },
    ['UnapprovedImage', /pod p: expected .*1111.*, found sha256:222/],
  ],
  [
    'a container that was added',
    {
      cluster: cluster({
        containers: [container, { pod: 'p', container: 'debug', image: 'busybox', digest: OTHER }],
      }),
    },
    ['UnapprovedImage', /Container debug of pod p: .* found busybox/],
  ],
  [
    'another image approved for it',
    { cluster: cluster({ approved: 'registry:5000/x@sha256:3' }) },
    ['ApprovalChanged', /found registry:5000\/x/],
  ],
  ['a cluster without the list', { cluster: cluster({ approved: null }) }, null],
  [
    'no Deployment',
    objects([], true),
    ['DeploymentMissing', /Deployment digits-v1: expected to be there, found none/],
  ],
  [
    'a Deployment written by hand',
    objects([{ path: 'spec.replicas', expected: 2, found: 1 }]),
    [
      'DeploymentChanged',
      /spec\.replicas: expected 2, found 1 \(written by kubectl-edit at noon\)/,
    ],
  ],
  [
    'something added to it',
    objects([{ path: 'spec.x', expected: undefined, found: { a: 1 } }]),
    ['DeploymentChanged', /expected nothing, found \{"a":1\}/],
  ],
  ['no route', at(null), ['RouteMissing', /Route digits: expected to be there, found none/]],
  ['a route that nobody asked about', { cluster: cluster({ route: undefined }) }, null],
  [
    'traffic that goes elsewhere',
    at({}, { backends: [{ name: 'evil', weight: 1 }] }),
    ['RouteChanged', /backends: expected digits-v1, found evil \(1\)/],
  ],
  [
    'traffic that is shared',
    at(
      {},
      {
        backends: [
          { name: 'digits-v1', weight: 99 },
          { name: 'evil', weight: 1 },
        ],
      },
    ),
    ['RouteChanged', /digits-v1 \(99\), evil \(1\)/],
  ],
  [
    'a backend without weight beside it',
    at(
      {},
      {
        backends: [
          { name: 'digits-v1', weight: 1 },
          { name: 'old', weight: 0 },
        ],
      },
    ),
    null,
  ],
  [
    'requests copied to somebody',
    at(
      {},
      {
        filters: ['URLRewrite', 'RequestHeaderModifier', 'ResponseHeaderModifier', 'RequestMirror'],
      },
    ),
    ['RouteChanged', /RequestMirror/],
  ],
  ['another path', at({}, { paths: ['/'] }), ['RouteChanged', /path: expected \/endpoints/]],
  [
    'cookies handed on',
    at({}, { filters: ['URLRewrite', 'ResponseHeaderModifier'] }),
    ['RouteChanged', /expected RequestHeaderModifier, found URLRewrite/],
  ],
  [
    'the prefix no longer taken off',
    at({}, { filters: [] }),
    ['RouteChanged', /expected URLRewrite, .*found nothing/],
  ],
  [
    'a host named',
    at({ hostnames: ['a.example'] }),
    ['RouteChanged', /hostnames: expected any, found a\.example/],
  ],
  ['another gateway', at({ parents: ['gw/other'] }), ['RouteChanged', /parentRefs/]],
  ['no rules', at({ rules: [] }), ['RouteChanged', /found none/]],
  [
    'an artifact gone',
    { artifacts: [{ objectKey: 'artifacts/a', size: null, digest: null }] },
    ['ArtifactMissing', /Artifact model\.safetensors \(artifacts\/a\): .* found none/],
  ],
  [
    'an artifact of another size',
    { artifacts: [{ objectKey: 'artifacts/a', size: 11, digest: null }] },
    ['ArtifactChanged', /expected 10 bytes, found 11 bytes/],
  ],
  [
    'an artifact with other bytes',
    { artifacts: [{ objectKey: 'artifacts/a', size: 10, digest: OTHER }] },
    ['ArtifactChanged', /found sha256:222/],
  ],
  [
    'an artifact not read yet',
    { artifacts: [{ objectKey: 'artifacts/a', size: 10, digest: null }] },
    null,
  ],
  [
    'no image in the registry',
    { image: { digest: null, missing: [], platforms: [] } },
    ['ImageMissing', /expected to be in the registry/],
  ],
  [
    'a manifest with other bytes',
    { image: { ...image, digest: OTHER } },
    ['ImageChanged', /found sha256:222/],
  ],
  [
    'a layer gone',
    { image: { ...image, missing: [OTHER] } },
    ['LayerMissing', /its blob sha256:222/],
  ],
  ['nothing that answers', { cluster: null, artifacts: null, image: null }, null],
];

describe('integrity', () => {
  for (const [what, over, told] of CASES) {
    it(what, () => {
      const found = differences(EXPECTED, seen(over));
      expect(found.map(({ kind }) => kind)).to.deep.equal(told ? [told[0]] : []);
      const condition = integrityCondition(found);
      expect(condition).to.deep.include({
        state: told ? 'bad' : 'good',
        reason: told ? told[0] : 'AsApproved',
      });
      if (told) expect(condition.message).to.match(told[1]);
    });
  }

  it('mends what stands in the cluster, and no bytes', () => {
    const kinds = CASES.flatMap(([, over]) => differences(EXPECTED, seen(over)))
      .filter((one) => !mendable(one))
      .map(({ kind }) => kind);
    expect(new Set(kinds)).to.deep.equal(
      new Set([
        'UnapprovedImage',
        'ArtifactMissing',
        'ArtifactChanged',
        'ImageMissing',
        'ImageChanged',
        'LayerMissing',
      ]),
    );
  });

  it('goes on telling what was wrong with a part that is away, and no longer what is there again', () => {
    const told = [
      ...differences(EXPECTED, seen({ image: { ...image, missing: [OTHER] } })),
      ...differences(EXPECTED, seen(at(null))),
    ];
    expect(
      withRemembered([], seen({ image: null }), told).map(({ kind }: Difference) => kind),
    ).to.deep.equal(['LayerMissing']);
  });

  it('finds where two specs differ, by the names in lists', () => {
    const spec = {
      replicas: 2,
      containers: [{ name: 'model', image: 'a', env: [{ name: 'PORT', value: '1' }] }],
    };
    expect(specChanges(spec, structuredClone(spec))).to.deep.equal([]);
    expect(
      specChanges(spec, {
        replicas: 2,
        containers: [{ name: 'model', image: 'b', env: [] }, { name: 'evil' }],
      }),
    ).to.deep.equal([
      { path: 'spec.containers[model].image', expected: 'a', found: 'b' },
      {
        path: 'spec.containers[model].env[PORT]',
        expected: { name: 'PORT', value: '1' },
        found: undefined,
      },
      { path: 'spec.containers[evil]', expected: undefined, found: { name: 'evil' } },
    ]);
  });
});
