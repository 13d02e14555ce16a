import { purl, type Package } from './package.ts';

/**
 * METADATA of a Python distribution:
 * https://packaging.python.org/en/latest/specifications/core-metadata/
 */
export function readDistInfo(text: string, file: string): Package[] {
  const head = text.split(/\r?\n\r?\n/)[0] ?? '';
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}: *(.+)$`, 'mi').exec(head)?.[1]?.trim();
  const [name, version] = [field('Name'), field('Version')];
  if (name === undefined || version === undefined) return [];
  const normal = name.toLowerCase().replace(/[-_.]+/g, '-');
  return [{ ecosystem: 'PyPI', name: normal, version, purl: purl('pypi', normal, version), file }];
}

/** package.json of an installed npm package. */
export function readNpm(text: string, file: string): Package[] {
  try {
    const { name, version } = JSON.parse(text) as { name?: unknown; version?: unknown };
    if (typeof name !== 'string' || typeof version !== 'string') return [];
    return [
      {
        ecosystem: 'npm',
        name,
        version,
        purl: purl(
          'npm',
          name.startsWith('@') ? `%40${name.slice(1)}`.replace('%40', '@') : name,
          version,
        ),
        file,
      },
    ];
  } catch {
    return [];
  }
}
