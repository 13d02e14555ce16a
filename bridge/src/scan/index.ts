export { RULES, type RuleId } from './rules.ts';
export { rulesetVersion } from './ruleset-version.ts';
export { runIsolated, type IsolationOptions } from './run-isolated.ts';
export { scanUpload } from './scan.ts';
export { DEFAULT_LIMITS, type Finding, type Limits, type ScanFile, type ScanRequest, type ScanResult, type Severity, type Verdict } from './types.ts';
