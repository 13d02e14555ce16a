import type { Format } from '../format.ts';
import { Rejected } from '../report.ts';
import { checkXgboost, isXgboost } from './booster/xgboost.ts';
import { readUbjson } from './booster/ubjson.ts';

/** `{`, a length of one byte or eight, `learner`: the first key, since XGBoost sorts them */
const MARKS = [
  '7b4c00000000000000076c6561726e6572',
  '7b69076c6561726e6572',
  '7b55076c6561726e6572',
].map((mark) => Buffer.from(mark, 'hex'));

/** What XGBoost saves as .ubj. The same as .json is read by formats/text.ts. */
export const xgboostUbj: Format = {
  id: 'xgboost',
  title: 'an XGBoost model',
  extensions: ['ubj'],
  sniff: (_source, head) => MARKS.some((mark) => mark.every((byte, i) => head[i] === byte)),
  scan: (source, _file, context) => {
    if (source.size > context.limits.boosterBytes)
      throw new Rejected(
        'limit-exceeded',
        `An XGBoost model may have ${context.limits.boosterBytes} bytes.`,
      );
    const root = readUbjson(source.read(0, source.size));
    if (!isXgboost(root))
      throw new Rejected(
        'booster-structure',
        'The file does not have the two keys of an XGBoost model.',
      );
    checkXgboost(root);
  },
};
