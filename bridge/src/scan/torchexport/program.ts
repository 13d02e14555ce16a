import { JsonNumber, type JsonValue } from '../json/strict.ts';
import type { Limits } from '../types.ts';
import { isExpression, isGuard, isName } from './expressions.ts';
import { isTarget } from './targets.ts';
import { treeSpecFault } from './tree-specs.ts';

export interface ProgramFault {
  path: string;
  symbol: string;
  why: string;
}

const FAULTS_MAX = 20;
const DOTTED = /^[\w.-]{0,400}$/;
/**
 * objects with these keys and no others, whatever holds them:
 * https://github.com/pytorch/pytorch/blob/main/torch/_export/serde/schema.py
 */
const KEYS = new Set(
  `
graph_module opset_version range_constraints schema_version verifiers torch_version guards_code graph signature module_call_graph metadata treespec_namedtuple_fields
inputs outputs nodes tensor_values sym_int_values sym_bool_values sym_float_values custom_obj_values is_single_tensor_return is_hop_single_tensor_return
target name arg kind dtype sizes requires_grad device strides storage_offset layout type index hint expr_str min_val max_val major minor
input_specs output_specs user_input parameter buffer tensor_constant token constant_input parameter_name buffer_name tensor_constant_name user_input_name persistent value
user_output loss_output buffer_mutation parameter_mutation gradient_to_parameter gradient_to_user_input user_input_mutation fqn in_spec out_spec forward_arg_names real imag
as_none as_tensor as_tensors as_int as_ints as_float as_floats as_string as_strings as_sym_int as_sym_ints as_sym_float as_sym_floats as_scalar_type as_memory_format as_layout as_device as_bool as_bools
as_sym_bool as_sym_bools as_graph as_optional_tensor as_optional_tensors as_operator as_complex as_expr as_name
`
    .trim()
    .split(/\s+/),
);
/** their own keys are names of values or of parameters */
const TABLES = new Set(['tensor_values', 'sym_int_values', 'sym_bool_values', 'sym_float_values']);
const NAMES = new Set(['name', 'as_name', 'forward_arg_names']);
const DOTTED_NAMES = new Set([
  'parameter_name',
  'buffer_name',
  'tensor_constant_name',
  'user_input_name',
  'fqn',
  'verifiers',
]);

/**
 * The program of torch.export: a graph of named calls as JSON. PyTorch makes Python of it: it
 * evaluates sizes, compiles conditions and names of values, imports what contexts name, and calls
 * what targets name. So each text is held against what it may be.
 */
export function judgeProgram(root: JsonValue, limits: Limits): ProgramFault[] {
  const faults: ProgramFault[] = [];
  const tell = (path: string, symbol: string, why: string): void =>
    void (faults.length < FAULTS_MAX && faults.push({ path, symbol: symbol.slice(0, 200), why }));
  const walk = (value: JsonValue, key: string, path: string): void => {
    if (typeof value === 'string') {
      const why = textFault(value, key, limits);
      if (why !== null) tell(path, value, why);
    } else if (Array.isArray(value)) value.forEach((one, i) => walk(one, key, `${path}[${i}]`));
    else if (value instanceof Map) walkMap(value, key, path);
  };
  const walkMap = (map: Map<string, JsonValue>, key: string, path: string): void => {
    for (const [name, value] of map) {
      const inside = `${path}.${name}`;
      const why = entryFault(key, name, value);
      if (why !== null) tell(inside, name, why);
      const below = keyBelow(key, name);
      if (below !== null) walk(value, below, inside);
    }
  };
  if (!(root instanceof Map) || !root.has('graph_module'))
    tell('', '', 'The file describes no program.');
  else walkMap(root, '', '');
  return faults;
}

type EntryFault = (name: string, value: JsonValue) => string | null;

/** Objects whose own keys are no names of the schema. */
const ENTRY_FAULTS = new Map<string, EntryFault>([
  ['metadata', (_name, value) => (typeof value === 'string' ? null : 'A note is no text.')],
  [
    'opset_version',
    (name, value) =>
      /^\w{1,40}$/.test(name) && value instanceof JsonNumber
        ? null
        : 'A version of operators is no number.',
  ],
  [
    'treespec_namedtuple_fields',
    () => 'A named tuple is looked up by its name; the scanner knows none.',
  ],
  [
    'range_constraints',
    (name) => (isExpression(name) ? null : 'The name of a size is no expression of sizes.'),
  ],
]);
const NOT_A_NAME = 'The name of a value is none: it becomes part of a program.';

/** Why an object called `key` may not have this entry, or null. */
function entryFault(key: string, name: string, value: JsonValue): string | null {
  const special = ENTRY_FAULTS.get(key);
  if (special !== undefined) return special(name, value);
  if (TABLES.has(key)) return isName(name) ? null : NOT_A_NAME;
  if (name === 'custom_obj_values')
    return value instanceof Map && value.size === 0
      ? null
      : 'An object of a C++ library is made with what the file says.';
  return KEYS.has(name)
    ? null
    : `${JSON.stringify(name.slice(0, 60))} is nothing that the scanner knows of exported programs.`;
}

/** As what the content of an entry is looked at; null: not at all. */
function keyBelow(key: string, name: string): string | null {
  if (key === 'range_constraints') return 'range';
  if (ENTRY_FAULTS.has(key)) return null;
  if (TABLES.has(key)) return 'value';
  return name !== 'custom_obj_values' && KEYS.has(name) ? name : null;
}

type TextFault = (text: string, limits: Limits) => string | null;

const target: TextFault = (text) =>
  isTarget(text)
    ? null
    : `${text.slice(0, 120)} is not on the list of operators that only calculate.`;
const number: TextFault = (text) =>
  /^(-?Infinity|NaN)$/.test(text) ? null : 'A number is a text, and none that JSON lacks.';
/** an argument of an operator, as a text */
const anyText: TextFault = () => null;
const treeSpec =
  (ofInputs: boolean): TextFault =>
  (text, limits) => {
    const fault = treeSpecFault(text, ofInputs, limits);
    return fault === null ? null : `How inputs or outputs are nested is not plain: ${fault}.`;
  };

const TEXT_FAULTS = new Map<string, TextFault>([
  ['target', target],
  ['as_operator', target],
  ['as_float', number],
  ['as_floats', number],
  ['as_string', anyText],
  ['as_strings', anyText],
  ['in_spec', treeSpec(true)],
  ['out_spec', treeSpec(false)],
  [
    'expr_str',
    (text) =>
      isExpression(text)
        ? null
        : 'A size is evaluated as Python, and is more than an expression of sizes.',
  ],
  [
    'guards_code',
    (text) =>
      isGuard(text)
        ? null
        : 'A condition is compiled as Python, and speaks of more than the sizes of inputs.',
  ],
  ['type', (text) => (/^[a-z]{1,20}$/.test(text) ? null : 'A device is none.')],
  [
    'torch_version',
    (text) => (/^[\w.+-]{0,60}$/.test(text) ? null : 'The version of PyTorch is none.'),
  ],
]);

function textFault(text: string, key: string, limits: Limits): string | null {
  if (NAMES.has(key)) return isName(text) ? null : NOT_A_NAME;
  if (DOTTED_NAMES.has(key)) return DOTTED.test(text) ? null : 'The name of a parameter is none.';
  const fault = TEXT_FAULTS.get(key);
  return fault === undefined
    ? `A text lies where PyTorch writes none (${key}).`
    : fault(text, limits);
}
