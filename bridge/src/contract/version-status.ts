import { z } from 'zod';

/**
 * The statuses of a version; the transitions between them live in Odoo alone (docs/odoo-api.md).
 */
export const VersionStatus = z.enum([
  'Validating',
  'Validated',
  'ValidationFailed',
  'PendingStagingDeployment',
  'Staging',
  'StagingFailed',
  'PendingProdDeployment',
  'Live',
  'ProdFailed',
  'Superseded',
  'Archived',
]);
export type VersionStatus = z.infer<typeof VersionStatus>;
