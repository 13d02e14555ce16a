import type { Rule, RuleArea } from './rule.ts';

const INTRODUCTION = `# Rules of the scan

Every finding names one of these rules. Severity says how bad it is; the verdict says what follows: **block** stops the version, **review** needs a second person who accepts it until a date (a waiver); a **note** is told and stops nothing. A version passes when nothing blocks and nothing is left to review.

The rules, the allow-list and the limits together have a version (\`rulesetVersion\`) that is stored with each verdict.

Try it: \`npx creativeflow-scan FILE… [--dockerfile FILE] [--json|--sarif]\` ends with 0 pass, 1 review, 2 block, 3 could not run.
`;

const VERDICTS = { block: 'Block', review: 'Review', pass: 'Note' } as const;

/** The text of docs/scan-rules.md. */
export function scanRulesPage(areas: readonly RuleArea[]): string {
  return `${[INTRODUCTION, ...areas.map(section)].join('\n')}`;
}

function section({ title, about, rules }: RuleArea): string {
  return `## ${title}\n\n${about === '' ? '' : `${about}\n\n`}${Object.entries(rules)
    .map(([id, rule]) => entry(id, rule))
    .join('\n')}`;
}

function entry(id: string, { verdict, severity, why, more, remedy }: Rule): string {
  const text = [
    `### ${id}`,
    `${VERDICTS[verdict]} · ${severity}`,
    why,
    ...(more === undefined ? [] : [more]),
    `**Remedy:** ${remedy}`,
  ];
  return `${text.join('\n\n')}\n`;
}
