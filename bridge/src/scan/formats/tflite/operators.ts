import type { TableAt } from '../../flatbuffers/reader.ts';
import { Rejected } from '../../report.ts';
import type { TfliteFile } from './model.ts';

const CUSTOM = 'CUSTOM';
/** the codes from here on stand in the wider field only */
const PLACEHOLDER = 127;
/** what runs something that is not in the file */
const REFUSED = new Map([
  ['DELEGATE', 'hands over to a delegate, which no file may name'],
  ['STABLEHLO_CUSTOM_CALL', 'calls a function of the program that loads the model by its name'],
]);
/** the custom operators of TensorFlow Lite's own resolver */
const KNOWN_CUSTOM = new Set([
  'TFLite_Detection_PostProcess',
  'AudioSpectrogram',
  'Mfcc',
  'NumericVerify',
]);

/** The operators that the model calls, by their places in its list. */
export function readOperatorCodes(
  { reader, tables, file, report }: TfliteFile,
  root: TableAt,
): string[] {
  const names = new Map(
    Object.entries(tables.enums['BuiltinOperator']!).map(([name, code]) => [code, name]),
  );
  const found: string[] = [];
  for (const entry of reader.each(root, 'operator_codes')) {
    const [old, code] = [
      reader.number(entry, 'deprecated_builtin_code'),
      reader.number(entry, 'builtin_code'),
    ];
    const real = Math.max(old, code);
    if (code !== 0 && old !== (code < PLACEHOLDER ? code : PLACEHOLDER) && old !== 0) {
      throw new Rejected(
        'tflite-structure',
        `The two fields for the code of an operator differ (${old} and ${code}); readers take different ones.`,
        entry.at,
      );
    }
    const name = names.get(real);
    const custom = reader.text(entry, 'custom_code');
    const symbol = name === CUSTOM ? (custom ?? '') : (name ?? String(real));
    const why = whyRefused(name, real, symbol);
    if (why !== null) report.add('tflite-operator', { file, offset: entry.at, symbol, why });
    found.push(symbol);
  }
  return found;
}

/** `name`: of the built-in operator of that code, if there is one. */
function whyRefused(name: string | undefined, code: number, symbol: string): string | null {
  if (name === undefined || code === PLACEHOLDER) return `There is no built-in operator ${code}.`;
  if (REFUSED.has(name)) return `The operator ${REFUSED.get(name)}.`;
  if (name !== CUSTOM) return null;
  if (symbol.startsWith('Flex'))
    return 'The operator is one of TensorFlow itself (Flex), of which many read and write files.';
  return KNOWN_CUSTOM.has(symbol)
    ? null
    : 'The operator is a custom one: a library that is not part of the upload would have to bring it.';
}
