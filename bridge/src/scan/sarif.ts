import { RULES, type RuleId } from './rules.ts';
import type { Finding, ScanResult, Severity } from './types.ts';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';
const PAGE = 'docs/scan-rules.md';
const LEVEL = { block: 'error', review: 'warning', pass: 'note' } as const;
/**
 * what code-scanning screens sort by:
 * https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
 */
const SCORE: Record<Severity, string> = {
  info: '1.0',
  low: '3.0',
  medium: '5.0',
  high: '7.5',
  critical: '9.5',
};

/** The result as SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
export function sarif(result: ScanResult): Record<string, unknown> {
  const ids = [...new Set(result.findings.map(({ rule }) => rule))].sort();
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'creativeflow-scan',
            version: result.rulesetVersion,
            rules: ids.map(ruleOf),
          },
        },
        results: result.findings.map((finding) => resultOf(finding, ids.indexOf(finding.rule))),
        properties: {
          verdict: result.verdict,
          digests: result.details.digests,
          findingsLeftOut: result.details.findingsLeftOut,
          tools: result.details.tools,
        },
      },
    ],
  };
}

function ruleOf(id: string): Record<string, unknown> {
  const rule = RULES[id as RuleId];
  return {
    id,
    shortDescription: { text: rule.why },
    help: { text: rule.remedy },
    helpUri: `${PAGE}#${id}`,
    defaultConfiguration: { level: LEVEL[rule.verdict] },
    properties: { 'security-severity': SCORE[rule.severity] },
  };
}

function resultOf(finding: Finding, ruleIndex: number): Record<string, unknown> {
  const [uploaded, ...inside] = finding.file.split('!');
  const region =
    finding.line !== null
      ? {
          startLine: finding.line,
          ...(finding.column === null ? {} : { startColumn: finding.column }),
        }
      : finding.offset !== null
        ? { byteOffset: finding.offset }
        : undefined;
  return {
    ruleId: finding.rule,
    ruleIndex,
    level: LEVEL[finding.verdict],
    message: { text: `${finding.why} ${finding.remedy}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: encodeURI(uploaded!) },
          ...(region === undefined ? {} : { region }),
        },
        ...(inside.length === 0 && finding.symbol === null
          ? {}
          : {
              logicalLocations: [
                { fullyQualifiedName: [finding.file, finding.symbol].filter(Boolean).join('!') },
              ],
            }),
      },
    ],
    properties: {
      verdict: finding.verdict,
      severity: finding.severity,
      symbol: finding.symbol,
      evidence: finding.evidence,
    },
  };
}
