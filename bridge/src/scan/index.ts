export { rulesetVersion } from './ruleset-version.ts';
export { clamavStatus, scanForMalware, type ClamdAddress } from './layers/clamav.ts';
export { packagesOf } from './layers/image-packages.ts';
export { sbom } from './layers/sbom.ts';
export { vulnerabilitiesOf } from './layers/vulnerabilities.ts';
export { type ToolStatus } from './types.ts';
