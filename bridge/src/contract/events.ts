import { z } from 'zod';

/**
 * One line of the journal, as the socket and `GET /mlops/events` give it. `position` is its place
 * in the stream.
 */
export const EventView = z.object({
  position: z.number().int(),
  id: z.number().int(),
  at: z.string(),
  topic: z.string(),
  modelId: z.number().int().nullish(),
  versionId: z.number().int().nullish(),
  deploymentId: z.number().int().nullish(),
  endpointId: z.number().int().nullish(),
  actor: z.string().nullish(),
  payload: z.record(z.string(), z.unknown()),
});
export type EventView = z.infer<typeof EventView>;
export const EventPage = z.object({
  items: z.array(EventView),
  position: z.number().int().describe('give it back as `after`'),
});

/**
 * Server → client on `/mlops/ws?after=POSITION`. Without `after` the stream starts at now. `hello`
 * comes first and says from where; `event` lines follow in order of position without a gap; `ping`
 * each 25 s says where the stream stands, so that a client that slept knows whether it is behind.
 */
export const SocketMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), position: z.number().int(), user: z.string() }),
  z.object({ type: z.literal('event'), event: EventView }),
  z.object({ type: z.literal('ping'), position: z.number().int() }),
]);
export type SocketMessage = z.infer<typeof SocketMessage>;
