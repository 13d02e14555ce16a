import type { VersionDetail } from '../../src/api/types.ts';

export type Entry = Omit<VersionDetail, 'road' | 'allowedActions'>;
