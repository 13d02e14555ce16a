import type { RuleId } from '../rules.ts';

/**
 * The line as it could be written instead; null: there is no line that mends it, or the line must
 * go.
 */
const FIXES: Partial<Record<RuleId, (line: string) => string | null>> = {
  'docker-root-user': (line) =>
    /^\s*USER\b/i.test(line) ? line.replace(/(USER\s+).*/i, '$165532') : null,
  'docker-unpinned-image': (line) =>
    line
      .replace(/(FROM\s+(?:--\S+\s+)*)([^\s@]+?)(?::latest)?(\s+AS\s+\S+)?\s*$/i, '$1$2:VERSION$3')
      .replace(/(--from=)([^\s@:/]+(?:\/[^\s@:]+)*)(:latest)?(?=\s)/, '$1$2:VERSION'),
  'docker-not-by-digest': (line) =>
    line.replace(/(FROM\s+(?:--\S+\s+)*)(\S+)/i, '$1$2@sha256:DIGEST'),
  'docker-remote-add': (line) => line.replace(/^(\s*ADD\s+)/i, '$1--checksum=sha256:DIGEST '),
  'docker-sudo': (line) => line.replace(/\bsudo\s+(-\S+\s+)*/g, '').replace(/\s+sudo\b/g, ''),
  'docker-permissions': (line) =>
    line
      .replace(/\b[0-7]?777\b/g, '755')
      .replace(/\ba\+rwx\b/g, 'u=rwx,go=rx')
      .replace(/\b[2467]([0-7]{3})\b/g, '$1')
      .replace(/\b([ug]+)\+s\b/g, '$1-s'),
  'docker-privileged-run': (line) => line.replace(/--(security|network|device)\S*\s+/g, ''),
  'docker-package-source': (line) =>
    line
      .replace(/--trusted-host(=|\s+)\S+\s*/g, '')
      .replace(
        /\s--(allow-unauthenticated|force-yes|allow-untrusted|nogpgcheck|no-gpg-checks|allow-insecure-repositories)\b/g,
        '',
      )
      .replace(/\[([^\]]*)\btrusted=yes\s*([^\]]*)\]/g, (_whole, a: string, b: string) =>
        `${a}${b}`.trim() === '' ? '' : `[${`${a}${b}`.trim()}]`,
      )
      .replace(/\bhttp:\/\//g, 'https://'),
  'docker-insecure-download': (line) =>
    line
      .replace(/\s(--insecure|--no-check-certificate|-k)\b/g, '')
      .replace(/(\s-[a-jl-zA-Z]*)k([a-zA-Z]*\b)/g, '$1$2')
      .replace(/\s-c\s+http\.sslVerify=\S+/gi, ''),
  'docker-extra-index': (line) => line.replace(/--extra-index-url/g, '--index-url'),
  'docker-shell-form': (line) =>
    line.replace(
      /^(\s*(?:CMD|ENTRYPOINT)\s+)(.*)$/i,
      (_whole, head: string, rest: string) =>
        `${head}${/[|&;<>$`"'\\]/.test(rest) ? JSON.stringify(['/bin/sh', '-c', `exec ${rest}`]) : JSON.stringify(rest.trim().split(/\s+/))}`,
    ),
};

/** The changed line that would mend a finding, when one line can. */
export function fixOf(rule: RuleId, line: string): string | null {
  const fixed = FIXES[rule]?.(line)?.trim() ?? null;
  return fixed === null || fixed === line.trim() ? null : fixed;
}
