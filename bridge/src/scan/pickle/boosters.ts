import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import type { PickleHost } from './host.ts';
import { stringAt, stringExtent } from './strings.ts';
import { bytesAt, KIND, kindOf, lettersAt, payloadOf } from './values.ts';
import type { KnownDict } from './watch.ts';

/**
 * Classes whose state holds a model, which a library in C++ reads while loading, and under which
 * keys.
 */
const BOOSTERS = new Map<string, { library: 'lightgbm' | 'xgboost'; keys: string[] }>([
  ['lightgbm.basic.Booster', { library: 'lightgbm', keys: ['_handle', 'handle'] }],
  ['xgboost.core.Booster', { library: 'xgboost', keys: ['handle'] }],
]);

export const isBooster = (symbol: string): boolean => BOOSTERS.has(symbol);

/**
 * Judges the state that BUILD gives a booster. What holds the model must be a constant of the file,
 * and be one.
 */
export function giveBooster(
  symbol: string,
  state: KnownDict | null,
  source: ByteSource,
  host: PickleHost,
): void {
  const { library, keys } = BOOSTERS.get(symbol)!;
  if (state === null)
    throw new Rejected(
      'pickle-state-blocked',
      'The state of a booster is not the one dict behind it.',
    );
  if (state.fault !== null)
    throw new Rejected(
      'pickle-state-blocked',
      `The state of a booster is not as its library writes it: ${state.fault}.`,
    );
  for (const key of keys) {
    const model = state.items.get(key);
    // None: it was not trained
    if (model === undefined || kindOf(model) === KIND.SCALAR) continue;
    const bytes = modelBytes(model, library, source, host.limits.boosterBytes);
    if (bytes === null)
      throw new Rejected(
        'pickle-state-blocked',
        `The ${key} of a booster is no constant of the file, or too large: nobody can look at it beforehand.`,
      );
    host.booster(library, bytes);
  }
}

function modelBytes(
  model: number,
  library: 'lightgbm' | 'xgboost',
  source: ByteSource,
  max: number,
): Uint8Array | null {
  if (library === 'lightgbm')
    return kindOf(model) === KIND.STR
      ? letters(stringAt(source, payloadOf(model), max), 'utf8')
      : null;
  const at = bytesAt(model);
  if (at !== null) {
    const extent = stringExtent(source, at, max);
    return extent === null || extent.length > max
      ? null
      : Uint8Array.from(source.read(extent.start, extent.length));
  }
  const text = lettersAt(model);
  // in the older protocols a letter is up to six
  return text === null ? null : letters(stringAt(source, text, 6 * max), 'latin1');
}

/** null: a letter is no byte */
function letters(text: string | null, encoding: 'utf8' | 'latin1'): Uint8Array | null {
  if (text === null || (encoding === 'latin1' && /[^\u0000-\u00ff]/.test(text))) return null;
  return Buffer.from(text, encoding);
}
