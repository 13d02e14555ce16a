import type { Request } from 'express';
import type { ResumableInfo } from '../../../services/uploads/resumable-state.ts';
import type { Append } from '../../../services/uploads/resumable-writer.ts';
import type { ResumableUploads } from '../../../services/uploads/resumable-uploads.ts';
import { tooLarge } from '../../../services/uploads/rules.ts';
import { ClientGone, pumpBody } from '../request-body.ts';

/**
 * Feeds a request's body to an upload. A cut line is no error here: what came before it is kept.
 */
export function appendBody(
  uploads: ResumableUploads,
  info: ResumableInfo,
  { offset, checksum }: Omit<Append, 'body'>,
  request: Request,
): Promise<number> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (offset + announced > info.size)
    throw tooLarge('The body goes beyond Upload-Length, and', info.size);
  return uploads.append(info, {
    offset,
    checksum,
    body: async (write, stop) => {
      try {
        await pumpBody(request, write, stop);
        return true;
      } catch (error) {
        if (error instanceof ClientGone || (stop.aborted && error === stop.reason)) return false;
        throw error;
      }
    },
  });
}
