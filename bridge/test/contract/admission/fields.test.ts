import { expect } from 'chai';
import { AdmissionScene, withSpec } from './scene.ts';
import type { Manifest, Verdict } from './scene.ts';
import { SchemaWalk } from './pod-schema.ts';
import type { Schema } from './pod-schema.ts';
import {
  BUILD_VALUES,
  HARMLESS,
  HARMLESS_IN_BUILDS,
  NEVER_VALID,
  SERVING_VALUES,
} from './pod-values.ts';

const POD_SPEC = 'io.k8s.api.core.v1.PodSpec';
const FIELDS_AT_LEAST = 150;
type Spec = Record<string, unknown>;

/**
 * Every field that this API server knows of a pod, out of its own schema, set or changed on top of
 * what the bridge makes: a field of a later Kubernetes is in here without anybody thinking of it.
 */
describe('admission, field by field', function () {
  this.timeout(300_000);
  let scene: AdmissionScene;
  let schemas: Record<string, Schema>;

  before(async () => {
    scene = await AdmissionScene.open();
    schemas = (await scene.get<{ components: { schemas: Record<string, Schema> } }>(
      '/openapi/v3/api/v1',
    ))!.components.schemas;
  });
  after(async () => {
    await scene?.close();
  });

  const subjects: [
    what: string,
    values: Record<string, unknown>,
    spec: () => Spec,
    withIt: (spec: unknown) => Manifest,
    pod: (object: Spec) => Spec,
  ][] = [
    [
      'a pod that serves',
      SERVING_VALUES,
      () => scene.servingPod()['spec'] as Spec,
      (spec) => withSpec(scene.servingPod(), spec as object),
      (object) => object['spec'] as Spec,
    ],
    [
      'a Deployment of a revision',
      SERVING_VALUES,
      () => templateOf(scene.deployment()['spec']),
      (spec) => withTemplate(scene.deployment(), spec),
      (object) => templateOf(object['spec']),
    ],
    [
      'a build pod',
      BUILD_VALUES,
      () => scene.buildPod()['spec'] as Spec,
      (spec) => ({ ...scene.buildPod(), spec }),
      (object) => object['spec'] as Spec,
    ],
  ];
  const harmless: Record<string, typeof HARMLESS> = {
    'a build pod': HARMLESS_IN_BUILDS,
    'a Deployment of a revision': [
      [
        /^containers\[0\]\.image$/,
        'asked of its pods: those of before go on serving while the bridge puts it back',
      ],
    ],
  };
  for (const [what, values, specOf, withIt, podOf] of subjects) {
    it(`refuses in ${what} each field that the bridge does not set, and each other value of one that it sets`, async () => {
      const faults: string[] = [];
      let asked = 0;
      for (const { field, value } of new SchemaWalk(schemas, values).mutations(
        POD_SPEC,
        specOf(),
      )) {
        asked += 1;
        const verdict = await scene.tried(withIt(value));
        if ((harmless[what] ?? []).some(([known]) => known.test(field))) continue;
        const fault = judge(field, verdict, value, podOf);
        if (fault) faults.push(fault);
      }
      expect(asked).to.be.greaterThan(FIELDS_AT_LEAST);
      expect(faults.join('\n')).to.equal('');
    });
  }

  function judge(
    field: string,
    verdict: Verdict,
    sent: unknown,
    podOf: (object: Spec) => Spec,
  ): string | null {
    if (verdict.kind === 'refused' || HARMLESS.some(([known]) => known.test(field))) return null;
    if (verdict.kind === 'invalid')
      return NEVER_VALID.some(([known]) => known.test(field))
        ? null
        : `${field} is invalid by itself, so that nothing is shown: ${verdict.message.slice(0, 200)}`;
    // a field whose feature is off is dropped before anybody is asked
    const [wanted, made] = [at(sent, field), at(podOf(verdict.object), field)];
    return made === undefined || JSON.stringify(wanted) === undefined
      ? null
      : `${field} is admitted: ${JSON.stringify(made)}`;
  }
});

function templateOf(spec: unknown): Spec {
  return (spec as { template: { spec: Spec } }).template.spec;
}

function withTemplate(deployment: Manifest, spec: unknown): Manifest {
  const { template, ...rest } = deployment['spec'] as { template: object };
  return { ...deployment, spec: { ...rest, template: { ...template, spec } } };
}

/** what stands at a path such as `containers[0].env[+]`; of what was added, the last */
function at(value: unknown, field: string): unknown {
  return field
    .replaceAll(/\[(\d+|\+)\]|\{\+\}/g, '.$1')
    .split('.')
    .filter(Boolean)
    .reduce<unknown>((found, key) => {
      if (found === undefined || found === null) return undefined;
      return key === '+' ? (found as unknown[]).at(-1) : (found as Spec)[key];
    }, value);
}
