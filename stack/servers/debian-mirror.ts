import { existsSync, readFileSync } from 'node:fs';

/** The mirror the system's apt already uses. */
export function debianMirror(): string {
  for (const file of ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list']) {
    const found = existsSync(file)
      ? /^(?:URIs:\s*|deb\s+(?:\[[^\]]*\]\s*)?)(\S+)/m.exec(readFileSync(file, 'utf8'))
      : null;
    if (found?.[1]) return found[1];
  }
  throw new Error('no Debian mirror found in /etc/apt; the stack needs Debian 12');
}
