import type { EventView, RoadStop, VersionStatus } from '../api/types.ts';

/** What an event about a version says outright, so that a screen moves before it is read again. */
export interface VersionNews {
  status?: VersionStatus;
  statusReason?: string | null;
  statusReasonCode?: string | null;
  lockVersion?: number;
  road?: RoadStop[];
}

export function newsOf(event: EventView): VersionNews {
  const { status, reason, reasonCode, lockVersion, road } = event.payload;
  return {
    ...(event.topic === 'version.status' && typeof status === 'string'
      ? {
          status: status as VersionStatus,
          statusReason: typeof reason === 'string' ? reason : null,
          statusReasonCode: typeof reasonCode === 'string' ? reasonCode : null,
        }
      : {}),
    ...(typeof lockVersion === 'number' ? { lockVersion } : {}),
    ...(Array.isArray(road) ? { road: road as RoadStop[] } : {}),
  };
}
