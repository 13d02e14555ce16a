import type { ScanContext } from '../../format.ts';
import { judgeKerasConfig } from '../../keras/config.ts';
import { parseKerasJson } from '../../keras/judge.ts';
import { RULES, type RuleId } from '../../rules.ts';

/**
 * A class that Keras does not know is made of the functions of the model itself; so is one that was
 * registered under a package.
 */
const MADE_OF_THE_MODEL = new Set<RuleId>(['keras-class', 'keras-custom-object']);

/**
 * One description of a layer or model by Keras 2 (JSON). Loading builds the layers from it where it
 * can, by the same ways as from a .keras file, so it is judged by the same lists.
 */
export function checkKerasConfig(
  bytes: Uint8Array,
  at: number,
  file: string,
  context: ScanContext,
): void {
  judgeKerasConfig(
    parseKerasJson(bytes, { offset: at, limits: context.limits }),
    (rule, symbol, path, why) => {
      if (MADE_OF_THE_MODEL.has(rule)) return;
      const told =
        RULES[rule].verdict === 'block' ? 'tensorflow-keras-code' : 'tensorflow-keras-review';
      context.report.add(told, {
        file,
        offset: at,
        symbol,
        evidence: path,
        why: why ?? RULES[rule].why,
      });
    },
  );
}
