import type { Copy, Run } from 'dockerfile-ast';
import { Add, type Instruction } from 'dockerfile-ast';
import { tooMuch, type Tell } from './shell-rules.ts';
import type { Stage } from './stages.ts';
import { expand, type Variables } from './variables.ts';

const DIGEST = /@sha256:[0-9a-f]{64}$/;
/** what container runtimes take at most */
const UID_MAX = 2 ** 31 - 1;
const REMOTE = /^(https?|ftp|git|ssh):\/\/|^git@|\.git(#|$)/i;

/** Why an image reference can change from one build to the next, or null. */
export function whyUnpinned(reference: string | null): string | null {
  if (reference === null) return 'The base image depends on a build argument that has no value.';
  if (reference === 'scratch' || DIGEST.test(reference)) return null;
  if (reference.includes('@')) return `The digest of ${reference} is malformed.`;
  const tag = /:([^/:]+)$/.exec(reference)?.[1];
  if (tag === undefined) return `${reference} has no tag, which means "latest".`;
  return tag.toLowerCase() === 'latest'
    ? `${reference} means whatever is newest on the day of the build.`
    : null;
}

/** Why the user that the last stage ends with will not do, or null. */
export function whyRoot(stage: Stage): { why: string; node: Instruction } | null {
  for (let current: Stage | null = stage; current !== null; current = current.parent) {
    const last = current.instructions.findLast(({ node }) => node.getKeyword() === 'USER');
    if (last === undefined) continue;
    const user = expand(
      (last.node.getArgumentsContent() ?? '').trim().replace(/^["']|["']$/g, ''),
      last.variables,
    );
    const problem = (why: string): { why: string; node: Instruction } => ({ why, node: last.node });
    if (user === null) return problem('The user depends on a variable that has no value.');
    const [, id, group] = /^([0-9]{1,10})(?::([0-9]{1,10}))?$/.exec(user) ?? [];
    if (id === undefined)
      return problem(`"${user}" is a name; Kubernetes can only see that a number is not root.`);
    if (Number(id) > UID_MAX) return problem(`${id} is no number of a user.`);
    if (Number(id) === 0) return problem('The image would run as root (0).');
    return group !== undefined && Number(group) === 0
      ? problem('The image would run in the group of root (0).')
      : null;
  }
  return {
    why: 'The last stage has no USER, so the image runs as whatever the base image says: mostly root.',
    node: stage.from,
  };
}

/** ADD and COPY: remote sources, images as sources, modes. */
export function checkCopy(
  node: Add | Copy,
  stages: Stage[],
  variables: Variables,
  tell: Tell,
): void {
  for (const flag of node.getFlags()) {
    const value = flag.getValue() ?? '';
    if (flag.getName() === 'chmod' && tooMuch(expand(value, variables) ?? ''))
      tell('docker-permissions', undefined, flag.toString());
    const why = flag.getName() === 'from' ? whyUnpinnedSource(value, stages, variables) : null;
    if (why !== null) tell('docker-unpinned-image', why, flag.toString());
  }
  if (!(node instanceof Add)) return;
  const remote = sources(node).find(
    (source) =>
      REMOTE.test(expand(source, variables) ?? source) || expand(source, variables) === null,
  );
  if (
    remote !== undefined &&
    !node
      .getFlags()
      .some(
        (flag) =>
          flag.getName() === 'checksum' && /^sha256:[0-9a-f]{64}$/.test(flag.getValue() ?? ''),
      )
  ) {
    tell('docker-remote-add', undefined, remote);
  }
}

/** Why a source can change that is neither an earlier stage nor a pinned image, or null. */
function whyUnpinnedSource(value: string, stages: Stage[], variables: Variables): string | null {
  const reference = expand(value, variables);
  const isStage =
    reference !== null &&
    (/^[0-9]+$/.test(reference) || stages.some((stage) => stage.name === reference.toLowerCase()));
  return isStage ? null : whyUnpinned(reference);
}

/** What ADD or COPY takes; the last argument is where it goes. */
export function sources(node: Add | Copy): string[] {
  const strings = node.getJSONStrings().map((string) => string.getJSONValue());
  const all =
    strings.length > 0 ? strings : node.getArguments().map((argument) => argument.getValue());
  return /(^|\s)<<-?\S/.test(node.getRawArgumentsContent() ?? '') ? [] : all.slice(0, -1);
}

/** RUN flags that ask for more than a build has. */
export function checkRunFlags(node: Run, stages: Stage[], variables: Variables, tell: Tell): void {
  for (const flag of node.getFlags()) {
    const [name, value] = [flag.getName(), flag.getValue() ?? ''];
    const from = name === 'mount' ? /(?:^|,)\s*["']?from=([^,"']+)/.exec(value)?.[1] : undefined;
    const why = from === undefined ? null : whyUnpinnedSource(from, stages, variables);
    if (why !== null) tell('docker-unpinned-image', why, flag.toString());
    if (asksForMore(name, value)) tell('docker-privileged-run', undefined, flag.toString());
    else if (!RUN_FLAGS.has(name))
      tell(
        'docker-privileged-run',
        'The step has a flag that the build does not know.',
        flag.toString(),
      );
  }
}

const RUN_FLAGS = new Set(['security', 'network', 'mount']);
const asksForMore = (name: string, value: string): boolean =>
  (name === 'security' && value !== 'sandbox') ||
  (name === 'network' && value !== 'default' && value !== 'none');
