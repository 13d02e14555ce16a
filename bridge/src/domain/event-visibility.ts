interface Audience {
  companyId: number | null;
  teamId: number | null;
  command: string | null;
}
interface Viewer {
  companyIds: number[];
  teamIds: number[];
  roles: string[];
}

const READERS = ['viewer', 'data_scientist', 'approver', 'manager'];

/**
 * Whether this person may see this event: one of their companies, and the whole company's or their
 * team's or they manage. The same as Odoo's record rules on `mlops.event`; orders to the bridge are
 * nobody's news.
 */
export function maySee(event: Audience, viewer: Viewer): boolean {
  if (event.command !== null || event.companyId === null) return false;
  if (!viewer.roles.some((role) => READERS.includes(role))) return false;
  if (!viewer.companyIds.includes(event.companyId)) return false;
  return (
    event.teamId === null ||
    viewer.teamIds.includes(event.teamId) ||
    viewer.roles.includes('manager')
  );
}
