import { checkPackages } from '../dockerfile/package-rules.ts';
import { checkShell, type Tell } from '../dockerfile/shell-rules.ts';
import type { ScanContext } from '../format.ts';
import { Rejected } from '../report.ts';

const SHELL = /\.(sh|bash)$/i;
const REQUIREMENTS = /(^|[!/])[^!/]*(requirements|constraints)[^!/]*\.(txt|in)$/i;
const PIP_SETTINGS = /(^|[!/])pip\.(conf|ini)$/i;
/** habits that are told of a Dockerfile, and that nobody asks of a file beside it */
const NOTES = new Set(['docker-unpinned-package', 'docker-sudo']);

/**
 * Files that a Dockerfile runs or installs from: what may not stand in the Dockerfile may not stand
 * in them either.
 */
export function lookIntoScript(content: string, file: string, context: ScanContext): void {
  const tell: Tell = (rule, why, evidence) => {
    if (!NOTES.has(rule)) context.report.add(rule, { file, why, symbol: evidence?.slice(0, 120) });
  };
  if (![SHELL, REQUIREMENTS, PIP_SETTINGS].some((form) => form.test(file))) return;
  if (content.length > context.limits.dockerfileBytes)
    throw new Rejected(
      'limit-exceeded',
      `A script may have ${context.limits.dockerfileBytes} bytes, like a Dockerfile.`,
    );
  if (SHELL.test(file)) {
    const text = content.replace(/^[ \t]*#(?!!).*\n?/gm, '').replace(/\\\r?\n/g, '');
    checkShell(text, new Set(), tell);
    checkPackages(text, tell);
  }
  const options = REQUIREMENTS.test(file)
    ? content
        .replace(/\\\r?\n/g, ' ')
        .replace(/(^|\s)#.*$/gm, '')
        .split('\n')
    : PIP_SETTINGS.test(file)
      ? [...content.matchAll(/^\s*([a-z-]+)\s*[=:]\s*(\S.*)$/gm)].map(
          ([, key, value]) => `--${key} ${value}`,
        )
      : [];
  // a marker behind `;` says where a line counts
  for (const line of options)
    if (line.trim() !== '')
      checkPackages(`pip install ${line.replace(/;.*$/, '').replace(/[<>|&$`]/g, ' ')}`, tell);
}
