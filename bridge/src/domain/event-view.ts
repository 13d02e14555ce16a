import type { EventView } from '../contract/events.ts';

/** The event as people see it. */
export function viewOf(event: Omit<EventView, 'actor'>): EventView {
  const { position, id, at, topic, modelId, versionId, deploymentId, endpointId, payload } = event;
  const by = payload['by'];
  return {
    position,
    id,
    at,
    topic,
    modelId,
    versionId,
    deploymentId,
    endpointId,
    actor: typeof by === 'string' ? by : null,
    payload,
  };
}
