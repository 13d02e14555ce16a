import { Add, Arg, Copy, Env, Label, Run, type Instruction } from 'dockerfile-ast';
import { sources } from './image-rules.ts';
import { shellText } from './instruction-text.ts';
import type { Tell } from './shell-rules.ts';

/**
 * Names that say that the value is a secret. Words such as PAD_TOKEN and MAX_TOKENS are the
 * vocabulary of language models.
 */
const SECRET_NAME =
  /(^|[_.-])(passw(or)?d|passphrase|pwd|secret|token|api_?key|apikey|access_?key|secret_?key|private_?key|credentials?)($|[_.-])/i;
const HARMLESS_NAME =
  /(^|_)(pad|eos|bos|unk|sep|cls|mask|stop|start|end|num|max|min)_token$|(_|^)(file|path|dir|url|name|id|type|length|count|header|limit|budget|ttl|mode|format|parallelism)$/i;
const HARMLESS_VALUE =
  /^(|true|false|yes|no|none|null|0|1|changeme_at_runtime|\$\{?[A-Za-z_][A-Za-z0-9_]*\}?|["']?\$\(cat\b.*|<[^>]*>|\/run\/secrets\/.*)$/i;

/** Values that are secrets whatever they are called. */
const SECRET_VALUES: [RegExp, string][] = [
  [/\bAKIA[0-9A-Z]{16}\b/, 'an AWS access key'],
  [/\b(ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{30,}\b|\bgithub_pat_[A-Za-z0-9_]{22,}/, 'a GitHub token'],
  [/\bglpat-[A-Za-z0-9_-]{20,}/, 'a GitLab token'],
  [/\bxox[abprs]-[A-Za-z0-9-]{10,}/, 'a Slack token'],
  [/\bsk-[A-Za-z0-9_-]{20,}/, 'an API key'],
  [/\bhf_[A-Za-z0-9]{30,}/, 'a Hugging Face token'],
  [/\bAIza[0-9A-Za-z_-]{35}/, 'a Google API key'],
  [/\bnpm_[A-Za-z0-9]{36}/, 'an npm token'],
  [/\bpypi-AgE[A-Za-z0-9_-]{20,}/, 'a PyPI token'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a private key'],
  [/\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/, 'a signed token (JWT)'],
  [/\b[a-z][a-z0-9+.-]*:\/\/[^/\s:@$]+:[^/\s:@$]{3,}@/i, 'a password in a URL'],
  [/authorization:\s*(bearer|basic|token)\s+[^\s$"']{8,}/i, 'an Authorization header'],
];
const SECRET_FILES =
  /(^|\/)(\.env(\.[a-z]+)?|\.git|\.netrc|\.npmrc|\.pypirc|\.aws|\.ssh|\.kube|id_(rsa|dsa|ecdsa|ed25519)|.*\.(pem|key|p12|pfx))\/?$/i;

/** Does NAME=VALUE write a secret down? */
function isSecretPair(name: string, value: string | null): boolean {
  return (
    value !== null &&
    SECRET_NAME.test(name) &&
    !HARMLESS_NAME.test(name) &&
    !HARMLESS_VALUE.test(value.trim())
  );
}

/** What kind of secret stands in a text, or null. */
function secretIn(text: string): string | null {
  return SECRET_VALUES.find(([form]) => form.test(text))?.[1] ?? null;
}

/** What stands in base64 in a text. */
function decoded(text: string): string {
  return [...text.matchAll(/[A-Za-z0-9+/_-]{24,}={0,2}/g)]
    .map(([word]) => Buffer.from(word, 'base64').toString('latin1'))
    .join('\n');
}

/** NAME=VALUE words of a shell text. */
export function shellPairs(text: string): { name: string; value: string }[] {
  return [
    ...text.matchAll(
      /(?:^|[\s;&|"'])(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=("[^"]*"|'[^']*'|[^\s;&|]*)/g,
    ),
  ].map((match) => ({
    name: match[1]!,
    value: match[2]!.replace(/^["']|["']$/g, ''),
  }));
}

const isSecretFile = (path: string): boolean => SECRET_FILES.test(path) && !/\.pub$/.test(path);

/** Secrets that an instruction writes down or copies. */
export function checkSecrets(node: Instruction, tell: Tell): void {
  const text = node.getRawArgumentsContent() ?? '';
  const found =
    secretIn(text) ?? secretIn(text.replace(/\\[ \t]*\r?\n/g, '')) ?? secretIn(decoded(text));
  if (found !== null) tell('docker-secret', `The line holds ${found}.`);
  for (const { name, value } of pairsOf(node)) {
    if (isSecretPair(name, value))
      tell('docker-secret', `${name} is given a value that stays readable in the image.`, name);
  }
  if (node instanceof Copy || node instanceof Add) {
    const file = sources(node).find(isSecretFile);
    if (file !== undefined)
      tell('docker-secret', `${JSON.stringify(file)} is a place for secrets.`, file);
  }
}

function pairsOf(node: Instruction): { name: string; value: string | null }[] {
  if (node instanceof Run) return shellPairs(shellText(node));
  if (!(node instanceof Env || node instanceof Arg || node instanceof Label)) return [];
  return node
    .getProperties()
    .map((property) => ({ name: property.getName(), value: property.getValue() }));
}
