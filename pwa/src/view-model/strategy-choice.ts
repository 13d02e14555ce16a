import type { AllowedAction, Strategy } from '../api/types.ts';

/** The strategies offered: what the environment allows, and no other. */
export const offeredStrategies = (action: Pick<AllowedAction, 'strategies'>): Strategy[] =>
  action.strategies ?? [];

/**
 * What the environment takes when nobody chooses; of an older server, which does not say it, the
 * first allowed.
 */
export function preselectedStrategy(
  action: Pick<AllowedAction, 'strategies' | 'strategy'>,
): Strategy {
  const offered = offeredStrategies(action);
  const { strategy } = action;
  if (strategy && offered.includes(strategy)) return strategy;
  return offered[0] ?? 'blue-green';
}
