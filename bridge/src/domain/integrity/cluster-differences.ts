import type { ClusterSeen, Difference, Expected, ObjectSeen, RouteSeen } from './types.ts';

const PUT_BACK =
  'The bridge restores it; where the environment only reports drift, deploy the version again.';

export function inCluster(
  expected: Expected,
  seen: ClusterSeen,
  platforms: string[],
): Difference[] {
  const digests = [expected.image.split('@')[1] ?? '', ...platforms];
  const pods = seen.containers
    .filter(
      ({ image, digest }) =>
        image !== expected.image || (digest !== null && !digests.includes(digest)),
    )
    .map(({ pod, container, image, digest }): Difference => ({
      kind: 'UnapprovedImage',
      part: 'cluster',
      subject: `Container ${container} of pod ${pod}`,
      expected: expected.image,
      found: image === expected.image ? (digest ?? image) : image,
      remedy: 'Delete the pod and find out who created it. A changed Deployment is restored.',
    }));
  const approved: Difference[] =
    typeof seen.approved === 'string' && seen.approved !== expected.image
      ? [
          {
            kind: 'ApprovalChanged',
            part: 'cluster',
            subject: `approved-images of ${expected.revision}`,
            expected: expected.image,
            found: seen.approved,
            remedy: PUT_BACK,
          },
        ]
      : [];
  return [
    ...pods,
    ...approved,
    ...seen.objects.flatMap(ofObject),
    ...(expected.route ? ofRoute(expected.route, expected.revision, seen.route) : []),
  ];
}

function ofObject({ kind, name, missing, changes, by }: ObjectSeen): Difference[] {
  if (missing)
    return [
      {
        kind: `${kind}Missing`,
        part: 'cluster',
        subject: `${kind} ${name}`,
        expected: 'to be there',
        found: 'none',
        remedy: PUT_BACK,
      },
    ];
  return changes.map(({ path, expected, found }) => ({
    kind: `${kind}Changed`,
    part: 'cluster',
    subject: `${kind} ${name} ${path}`,
    expected: told(expected),
    found: told(found) + (by ? ` (written by ${by})` : ''),
    remedy: PUT_BACK,
  }));
}

/** Filters that send a request, or a copy of it, somewhere else. */
const ELSEWHERE = new Set(['RequestMirror', 'RequestRedirect', 'ExtensionRef']);

/** Those that take off the prefix, and what names the visitor or what a browser would obey. */
const NEEDED = ['URLRewrite', 'RequestHeaderModifier', 'ResponseHeaderModifier'];

function ofRoute(
  { name, path, gateway }: NonNullable<Expected['route']>,
  revision: string,
  seen: RouteSeen | null | undefined,
): Difference[] {
  const subject = `Route ${name}`;
  if (seen === undefined) return [];
  if (seen === null)
    return [
      {
        kind: 'RouteMissing',
        part: 'cluster',
        subject,
        expected: 'to be there',
        found: 'none',
        remedy: PUT_BACK,
      },
    ];
  const changed = (what: string, expected: string, found: string): Difference => ({
    kind: 'RouteChanged',
    part: 'cluster',
    subject: `${subject} ${what}`,
    expected,
    found: found || 'nothing',
    remedy: PUT_BACK,
  });
  const list: Difference[] = [];
  if (seen.parents.join() !== gateway)
    list.push(changed('parentRefs', gateway, seen.parents.join(', ')));
  if (seen.hostnames.length > 0) list.push(changed('hostnames', 'any', seen.hostnames.join(', ')));
  if (seen.rules.length === 0) list.push(changed('rules', `one for ${path}`, 'none'));
  for (const [index, rule] of seen.rules.entries())
    for (const [what, expected, found] of ofRule(rule, path, revision))
      list.push(changed(`rules[${index}] ${what}`, expected, found));
  return list;
}

/** Of each thing that differs: what it is, what was expected, what was found. */
function ofRule(
  { paths, filters, backends }: RouteSeen['rules'][number],
  path: string,
  revision: string,
): [what: string, expected: string, found: string][] {
  const list: [string, string, string][] = [];
  const served = backends.filter(({ weight }) => weight > 0);
  if (paths.join() !== path) list.push(['path', path, paths.join(', ')]);
  if (served.length !== 1 || served[0]?.name !== revision)
    list.push([
      'backends',
      revision,
      served.map((backend) => `${backend.name} (${backend.weight})`).join(', '),
    ]);
  const elsewhere = filters.filter((filter) => ELSEWHERE.has(filter));
  if (elsewhere.length > 0)
    list.push(['filters', 'none that sends requests elsewhere', elsewhere.join(', ')]);
  const missing = NEEDED.filter((filter) => !filters.includes(filter));
  if (missing.length > 0) list.push(['filters', missing.join(', '), filters.join(', ')]);
  return list;
}

function told(value: unknown): string {
  const text =
    value === undefined ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
