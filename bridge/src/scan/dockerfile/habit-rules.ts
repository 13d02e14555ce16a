import { Add, Cmd, Copy, Entrypoint, Run, type Instruction } from 'dockerfile-ast';
import { sources } from './image-rules.ts';
import type { Tell } from './shell-rules.ts';
import type { Stage } from './stages.ts';
import { expand, type Variables } from './variables.ts';

/** The registry that an image reference names, as builders decide it. */
function registryOf(reference: string): string {
  const first = reference.split('/')[0]!;
  return reference.includes('/') && (/[.:]/.test(first) || first === 'localhost')
    ? first
    : 'docker.io';
}

/** Whether an image may be taken, where the operators keep a list of registries. */
export function checkRegistry(
  reference: string | null,
  allowed: readonly string[] | undefined,
  tell: Tell,
): void {
  if (allowed === undefined || reference === null || reference === 'scratch') return;
  const registry = registryOf(reference);
  if (!allowed.includes(registry))
    tell(
      'docker-registry',
      `${reference} comes from ${registry}; allowed: ${allowed.join(', ') || 'none'}.`,
      registry,
    );
}

/** Habits that stop nothing, told because they cost somebody an evening. */
export function checkHabits(node: Instruction, variables: Variables, tell: Tell): void {
  const keyword = node.getKeyword();
  const content = (node.getArgumentsContent() ?? '').trim();
  if (keyword === 'HEALTHCHECK' && /^NONE$/i.test(content)) tell('docker-no-healthcheck');
  if ((node instanceof Cmd || node instanceof Entrypoint) && !content.startsWith('['))
    tell('docker-shell-form', undefined, content);
  if (copiesEverything(node)) tell('docker-copy-everything');
  if (keyword === 'EXPOSE' && opensSsh(expand(content, variables) ?? content))
    tell('docker-remote-access', 'Port 22 is that of SSH.', content);
  if (node instanceof Run) checkSecretsLeft(node, content, tell);
}

const copiesEverything = (node: Instruction): boolean =>
  (node instanceof Copy || node instanceof Add) &&
  !node.getFlags().some((flag) => flag.getName() === 'from') &&
  sources(node).some((source) => /^(\.|\.\/|\*|\/)$/.test(source));

/** Secrets of the build that a step leaves in the image or in the log. */
function checkSecretsLeft(node: Run, content: string, tell: Tell): void {
  for (const place of secretPlaces(node)) {
    if (
      new RegExp(
        `\\b(cat|cp|mv|tee|install|echo|printf)\\b[^|;&\\n]{0,500}${place}[^|;&\\n]{0,500}(>|\\s\\/)`,
      ).test(content)
    )
      tell('docker-secret', 'A secret of the build is copied into the image.', content);
    else if (
      new RegExp(
        `(^|[;&|]\\s*|\\s)(cat|echo|printf|printenv)\\s+["']?${place}["']?\\s*($|[;&])`,
      ).test(content)
    )
      tell('docker-secret', 'A secret of the build is printed into its log.', content);
  }
}

/**
 * Where a step finds the secrets of the build, as patterns: the folder, and the places and
 * variables of its own mounts.
 */
function secretPlaces(node: Run): string[] {
  const quote = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const own = node
    .getFlags()
    .filter((flag) => flag.getName() === 'mount' && /\btype=secret\b/.test(flag.getValue() ?? ''))
    .flatMap((flag) => [
      ...(flag.getValue() ?? '').matchAll(/(?:^|,)(target|dst|destination|env)=([^,]+)/g),
    ]);
  return [
    '\\/run\\/secrets\\/[^|;&\\s"\']*',
    ...own.map(([, key, value]) =>
      key === 'env' ? `\\$\\{?${quote(value!)}\\b\\}?` : quote(value!),
    ),
  ];
}

const opensSsh = (ports: string): boolean => ports.split(/\s+/).some(holdsSsh);

/** `22`, `22/TCP`, `20-25` */
function holdsSsh(word: string): boolean {
  const [, from, to] = /^["']?([0-9]{1,5})(?:-([0-9]{1,5}))?(?:\/tcp)?["']?$/i.exec(word) ?? [];
  return from !== undefined && Number(from) <= 22 && Number(to ?? from) >= 22;
}

/**
 * A tag can be moved; the first image of the chain is what counts. The cluster's own registry is
 * the operators' to keep.
 */
export function checkDigest(stage: Stage, ownRegistry: string, tell: Tell): void {
  if (stage.base?.startsWith(`${ownRegistry}/`) === true) return;
  if (
    stage.parent === null &&
    stage.base !== null &&
    stage.base !== 'scratch' &&
    !stage.base.includes('@')
  )
    tell('docker-not-by-digest', undefined, stage.base);
}
