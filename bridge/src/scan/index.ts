export { RULES, type RuleId } from './rules.ts';
export { rulesetVersion } from './ruleset-version.ts';
export { runIsolated, type IsolationOptions } from './run-isolated.ts';
export { clamavStatus, scanForMalware, type ClamdAddress } from './layers/clamav.ts';
export { packagesOf } from './layers/image-packages.ts';
export { sbom } from './layers/sbom.ts';
export { vulnerabilitiesOf } from './layers/vulnerabilities.ts';
export { scanUpload } from './scan.ts';
export {
  DEFAULT_LIMITS,
  type Finding,
  type Limits,
  type ScanFile,
  type ScanRequest,
  type ScanResult,
  type Severity,
  type ToolStatus,
  type Verdict,
} from './types.ts';
