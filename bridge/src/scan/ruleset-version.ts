import { allowList } from './pickle/allowlist.ts';
import { RULESET_VERSION } from './rules.ts';

/**
 * The version of rules and allow-list together: two scans under the same one say the same of the
 * same bytes.
 */
export const rulesetVersion = (): string => `${RULESET_VERSION}+${allowList().version}`;
