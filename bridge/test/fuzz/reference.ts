import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { allowList } from '../../src/scan/pickle/allowlist.ts';

export interface Reference {
  /** the refused globals that Python asks for when it loads these bytes */ reached(
    bytes: Uint8Array,
  ): Promise<string[]>;
  end(): void;
}

/** Python's own unpickler, which loads nothing; null: there is no python3 here */
export function startReference(): Reference | null {
  if (spawnSync('python3', ['--version']).status !== 0) return null;
  const child = spawn('python3', [join(import.meta.dirname, 'reference.py')], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async reached(bytes) {
      child.stdin.write(`${Buffer.from(bytes).toString('base64')}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error('The reference reader ended.');
      return (JSON.parse(value as string) as string[]).filter(isRefused);
    },
    end: () => void child.stdin.end(),
  };
}

function isRefused(symbol: string): boolean {
  // the last dot is where a pickle without dotted names splits it
  const dot = symbol.lastIndexOf('.');
  return allowList().of(symbol.slice(0, dot), symbol.slice(dot + 1)).standing === 'blocked';
}
