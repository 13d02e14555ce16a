import { expect } from 'chai';
import fc from 'fast-check';
import fs from 'node:fs';
import { tries } from '../fuzz.ts';
import { rulesOf, scanFiles, type Upload } from './scan-bytes.ts';

export interface Sample {
  name: string;
  bytes: Buffer;
}

/** Files that a real library wrote, from test/samples/honest/FORMAT. */
export function honestSamples(format: string): Sample[] {
  const folder = new URL(`../../samples/honest/${format}/`, import.meta.url);
  return fs
    .readdirSync(folder)
    .sort()
    .map((name) => ({ name, bytes: fs.readFileSync(new URL(name, folder)) }));
}

/**
 * One byte changed or the end cut off, anywhere in any of the samples: a verdict follows, never a
 * crash.
 */
export function neverCrashes(samples: Sample[], runs = 300, beside: Upload[] = []): void {
  const change = fc.record({
    sample: fc.nat(samples.length - 1),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    flip: fc.nat(255),
  });
  fc.assert(
    fc.property(change, ({ sample, at, flip }) => {
      const { name, bytes } = samples[sample]!;
      const place = Math.min(bytes.length - 1, Math.floor(at * bytes.length));
      const mutated = flip === 0 ? bytes.subarray(0, place) : Buffer.from(bytes);
      if (flip !== 0) mutated[place]! ^= flip;
      const result = scanFiles([
        { name, bytes: mutated },
        ...beside.filter((other) => other.name !== name),
      ]);
      expect(rulesOf(result), JSON.stringify(result.findings)).to.not.include('scan-crashed');
    }),
    tries(runs),
  );
}
