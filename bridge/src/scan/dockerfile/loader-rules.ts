import type { Stage } from './stages.ts';
import type { Tell } from './shell-rules.ts';

interface Hole {
  library: string;
  /** the first version without it */
  mended: [number, number, number];
  cve: string;
  /** base images that carry the library under the tag's version */
  image: RegExp;
}

const HOLES: readonly Hole[] = [
  {
    library: 'torch',
    mended: [2, 6, 0],
    cve: 'CVE-2025-32434: torch.load runs code even with weights_only=True',
    image: /(^|\/)pytorch\/pytorch:v?([0-9.]+)/,
  },
  {
    library: 'keras',
    mended: [3, 9, 0],
    cve: 'CVE-2025-1550: load_model imports what the configuration names',
    image: /(^|\/)keras:v?([0-9.]+)/,
  },
  {
    library: 'llama-cpp-python',
    mended: [0, 2, 72],
    cve: 'CVE-2024-34359: a chat template runs code',
    image: /(^|\/)llama-cpp-python:v?([0-9.]+)/,
  },
];

/** Libraries that load models and are installed in a version with a known hole. */
export function checkLoaders(stage: Stage, text: string, tell: Tell): void {
  for (const hole of HOLES) {
    const pinned = new RegExp(
      `(?:^|[\\s"'])${hole.library}(?:\\[[^\\]]*\\])?==v?([0-9]+(?:\\.[0-9]+)*)`,
    ).exec(text)?.[1];
    const based = hole.image.exec(stage.base ?? '')?.[2];
    const version = pinned ?? (text === '' ? based : undefined);
    if (version !== undefined && before(version, hole.mended))
      tell(
        'docker-old-loader',
        `${hole.library} ${version}: ${hole.cve}. Mended in ${hole.mended.join('.')}.`,
        version,
      );
  }
}

function before(version: string, mended: readonly number[]): boolean {
  const parts = version.split('.').map(Number);
  for (const [i, wanted] of mended.entries()) {
    const part = parts[i] ?? 0;
    if (part !== wanted) return part < wanted;
  }
  return false;
}
