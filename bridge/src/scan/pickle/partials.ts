import type { GlobalTable } from './globals.ts';
import { type Arena, KIND, kindOf, payloadOf } from './values.ts';
import type { KnownDict, Watch } from './watch.ts';

interface Around {
  globals: GlobalTable;
  arena: Arena;
  watch: Watch;
}
const NESTED_MAX = 4;

/**
 * BUILD gives a functools.partial (function, arguments, names, attributes): the function must be
 * the one that it was made with. The arguments may be no objects with attributes of the file's
 * choice: numpy.transpose(x, a) calls x.transpose(a), whatever that is.
 */
export function partialFault(callee: number, state: number, around: Around): string | null {
  const parts = kindOf(state) === KIND.TUPLE ? around.arena.elements(state) : null;
  if (
    parts === null ||
    parts.length !== 4 ||
    parts[0] !== callee ||
    kindOf(parts[1]!) !== KIND.TUPLE
  )
    return 'The state of a functools.partial is not (its own function, a tuple, a dict, a dict).';
  const args = around.arena.elements(parts[1]!);
  const named = [parts[2]!, parts[3]!].map((part) => content(part, around));
  if (args === null || named.some((part) => part === null))
    return 'What a functools.partial calls its function with is unknown.';
  const values = [...args, ...named.flatMap((part) => [...part!.items.values()])];
  return values.every((value) => isPlain(value, around))
    ? null
    : 'A functools.partial holds an object whose methods could be anything.';
}

/** None is as good as an empty dict. */
function content(value: number, { watch }: Around): KnownDict | null {
  if (kindOf(value) === KIND.SCALAR) return { items: new Map(), fault: null, used: false };
  const known = watch.use(value);
  return known === null || known.fault !== null ? null : known;
}

/** Constants, containers, what may be called itself, and what functions made: arrays, tensors. */
function isPlain(value: number, around: Around, depth = 0): boolean {
  const { globals, arena } = around;
  switch (kindOf(value)) {
    case KIND.UNKNOWN:
      return false;
    case KIND.TUPLE:
      return (
        depth < NESTED_MAX &&
        (arena.elements(value)?.every((one) => isPlain(one, around, depth + 1)) ?? false)
      );
    case KIND.GLOBAL:
      return isCallable(globals.at(payloadOf(value)).rule);
    case KIND.OBJECT:
      return hasPlainMethods(globals.at(payloadOf(value)));
    default:
      return true;
  }
}

const hasPlainMethods = ({ rule, dtype }: ReturnType<GlobalTable['at']>): boolean =>
  dtype !== undefined || rule?.role === 'function' || (rule !== undefined && rule.build !== true);

const isCallable = (rule: { role: string; wrapped?: boolean } | undefined): boolean =>
  rule !== undefined && rule.wrapped !== false && (rule.role === 'value' || rule.wrapped === true);
