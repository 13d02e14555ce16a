import type { ActionOf, Progress } from '../../domain/rollouts/types.ts';
import type { RecordedProgress } from '../ports/odoo.ts';

/** An interruption keeps the time that a step has had; any other record begins it. */
export function nextProgress(
  { step, judgement, interrupted = false }: ActionOf<'progress'>,
  known: Progress | null,
  now: Date,
): Omit<RecordedProgress, 'baseline'> {
  const since = interrupted && known ? known.since : now;
  const judgements = [...(known?.judgements ?? []), ...(judgement ? [judgement] : [])];
  const again = known?.step === step && (interrupted ? known.again === true : true);
  return { step, since: since.toISOString(), judgements, interrupted, again };
}
