import { parseStrictJson } from '../../json/strict.ts';
import { Rejected } from '../../report.ts';
import type { Limits } from '../../types.ts';
import { checkLightgbm, isLightgbm } from './lightgbm.ts';
import { readUbjson } from './ubjson.ts';
import { checkXgboostSnapshot } from './xgboost.ts';

const OBJECT = 0x7b;
const QUOTE = 0x22;
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f]/;

/**
 * What a pickle of a booster hands to the library that reads it, byte by byte, while it loads.
 * Throws Rejected for what the library would not write.
 */
export function checkPickledBooster(
  library: 'lightgbm' | 'xgboost',
  bytes: Uint8Array,
  limits: Limits,
): void {
  if (bytes.length > limits.boosterBytes)
    throw new Rejected(
      'limit-exceeded',
      `A booster in a pickle may have ${limits.boosterBytes} bytes.`,
    );
  if (library === 'lightgbm') {
    const text = Buffer.from(bytes).toString('utf8');
    if (!isLightgbm(text) || CONTROL.test(text) || text.includes('\ufffd'))
      throw new Rejected(
        'booster-structure',
        'The pickle holds a booster of LightGBM that is not the text of a model.',
      );
    return checkLightgbm(text);
  }
  // XGBoost tells the two forms apart by the second byte; the older one has neither
  if (bytes[0] !== OBJECT)
    throw new Rejected(
      'booster-structure',
      'The pickle holds a booster of XGBoost that is neither JSON nor UBJSON: a form of versions before 1.1, which the scanner does not read.',
    );
  const json = {
    maxDepth: limits.jsonDepth,
    maxEntries: limits.jsonEntries,
    invalid: 'booster-structure',
    duplicate: 'booster-structure',
    nonFinite: true,
  } as const;
  checkXgboostSnapshot(bytes[1] === QUOTE ? parseStrictJson(bytes, json) : readUbjson(bytes));
}
