import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

function codesIn(folder: string, pattern: RegExp): string[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts'),
  );
  return files.flatMap((file) =>
    [...readFileSync(join(root, folder, file), 'utf8').matchAll(pattern)].map((match) => match[1]!),
  );
}

describe('docs/problems.md', () => {
  const page = readFileSync(join(root, 'docs/problems.md'), 'utf8');

  it('has one heading, with cause and remedy, for each code of the bridge and of nginx, and none besides', () => {
    const codes = new Set([
      ...codesIn('bridge/src', /\bcode:\s+'([a-z][a-z0-9-]*)'/g),
      ...codesIn('stack/servers', /problem\(\s*\d{3},\s*'([a-z-]+)'/g),
    ]);
    expect(codes.size).to.be.greaterThan(50);
    const headings = [
      ...page.matchAll(/^### ([a-z0-9-]+)\n\n\d{3}(?: or \d{3})? · .+\n\n\*\*Remedy:\*\* .+$/gm),
    ].map((match) => match[1]);
    expect(headings).to.have.members([...codes]);
    expect(page.match(/^### /gm)).to.have.length(headings.length);
  });
});
