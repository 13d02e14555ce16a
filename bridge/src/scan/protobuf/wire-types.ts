import { Rejected } from '../report.ts';
import type { FieldShape } from './messages.ts';

/** The wire type that a field of each kind has. */
export const WIRE: Record<FieldShape['kind'], number> = {
  int32: 0,
  int64: 0,
  uint32: 0,
  uint64: 0,
  bool: 0,
  fixed64: 1,
  string: 2,
  bytes: 2,
  message: 2,
  fixed32: 5,
};
/** Bytes of a number, by its wire type. */
export const FIXED_BYTES: Record<number, number> = { 1: 8, 5: 4 };

export function checkWire(wire: number, at: number): void {
  if (wire === 3 || wire === 4)
    throw new Rejected(
      'protobuf-wire',
      'Groups have long been abolished; no such message has one.',
      at,
    );
  if (wire > 5) throw new Rejected('protobuf-wire', `Wire type ${wire} does not exist.`, at);
}
