import { type Arena, KIND, kindOf, payloadOf } from './values.ts';

export interface StorageEntry {
  /** elements */
  count: number;
  elementBytes: number;
}

/**
 * torch._utils._rebuild_tensor_v2(storage, offset, size, stride, …): the last element that the
 * tensor can reach must lie in the storage. PyTorch's own checks have let crafted files through
 * (CVE-2026-24747), so they are made here.
 */
export function tensorFault(
  values: number[],
  storages: StorageEntry[],
  arena: Arena,
  typeBytes: number | null = null,
): string | null {
  const storage = storages[payloadOf(values[0]!)];
  const sizes = numbers(values[2]!, arena);
  const strides = numbers(values[3]!, arena);
  if (
    storage === undefined ||
    kindOf(values[1]!) !== KIND.INT ||
    sizes === null ||
    strides === null ||
    sizes.length !== strides.length
  ) {
    return 'The shape of a tensor is not made of plain numbers.';
  }
  if (sizes.includes(0)) return null;
  // strides of 0 make many elements of one; PyTorch counts them with 64 bits
  if (!Number.isSafeInteger(sizes.reduce((product, size) => product * size, 1)))
    return `A tensor of shape [${sizes.join(', ')}] has more elements than can be counted.`;
  const reach = sizes.reduce(
    (sum, size, i) => sum + (size - 1) * strides[i]!,
    payloadOf(values[1]!),
  );
  // _rebuild_tensor_v3 has the type of the elements beside a storage of bytes
  const count =
    typeBytes === null
      ? storage.count
      : Math.floor((storage.count * storage.elementBytes) / typeBytes);
  return reach < count
    ? null
    : `A tensor of shape [${sizes.join(', ')}] reaches element ${reach} of a storage of ${count}.`;
}

function numbers(tuple: number, arena: Arena): number[] | null {
  if (kindOf(tuple) !== KIND.TUPLE) return null;
  const elements = arena.elements(tuple);
  return elements !== null && elements.every((value) => kindOf(value) === KIND.INT)
    ? elements.map(payloadOf)
    : null;
}
