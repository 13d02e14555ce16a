import { Add, Cmd, Copy, Entrypoint, type Instruction } from 'dockerfile-ast';
import { sources } from './image-rules.ts';
import type { Tell } from './shell-rules.ts';
import type { Stage } from './stages.ts';

/** The registry that an image reference names, as builders decide it. */
export function registryOf(reference: string): string {
  const first = reference.split('/')[0]!;
  return reference.includes('/') && (/[.:]/.test(first) || first === 'localhost') ? first : 'docker.io';
}

/** Whether an image may be taken, where the operators keep a list of registries. */
export function checkRegistry(reference: string | null, allowed: readonly string[] | undefined, tell: Tell): void {
  if (allowed === undefined || reference === null || reference === 'scratch') return;
  const registry = registryOf(reference);
  if (!allowed.includes(registry)) tell('docker-registry', `${reference} comes from ${registry}; allowed: ${allowed.join(', ') || 'none'}.`, registry);
}

/** Habits that stop nothing, told because they cost somebody an evening. */
export function checkHabits(node: Instruction, tell: Tell): void {
  const keyword = node.getKeyword();
  const content = (node.getArgumentsContent() ?? '').trim();
  if (keyword === 'HEALTHCHECK' && /^NONE$/i.test(content)) tell('docker-no-healthcheck');
  if ((node instanceof Cmd || node instanceof Entrypoint) && !content.startsWith('[')) tell('docker-shell-form', undefined, content);
  if ((node instanceof Copy || node instanceof Add) && !node.getFlags().some((flag) => flag.getName() === 'from') && sources(node).some((source) => /^(\.|\.\/|\*|\/)$/.test(source))) tell('docker-copy-everything');
  if (keyword === 'EXPOSE' && /(^|\s)22(\/tcp)?(\s|$)/.test(content)) tell('docker-remote-access', 'Port 22 is that of SSH.', content);
  if (keyword === 'RUN' && /\b(cat|cp|mv|tee|install)\b[^|;&\n]*\/run\/secrets\/[^|;&\n]*(>|\s\/)/.test(content)) tell('docker-secret', 'A secret of the build is copied into the image.', content);
}

/** A tag can be moved; the first image of the chain is what counts. The cluster's own registry is the operators' to keep. */
export function checkDigest(stage: Stage, ownRegistry: string, tell: Tell): void {
  if (stage.base?.startsWith(`${ownRegistry}/`) === true) return;
  if (stage.parent === null && stage.base !== null && stage.base !== 'scratch' && !stage.base.includes('@')) tell('docker-not-by-digest', undefined, stage.base);
}
