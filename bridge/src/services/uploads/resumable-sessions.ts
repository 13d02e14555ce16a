import { ChecksumMismatch, Conflict } from '../../errors.ts';
import type { ArtifactStore } from './artifact-store.ts';
import type { Clock } from '../ports/runtime.ts';
import {
  makeVoid,
  readPosition,
  type ResumableInfo,
  type ResumablePosition,
} from './resumable-state.ts';
import { ResumableWriter, type Append } from './resumable-writer.ts';
import type { RunningDigest, StoredPart, UploadLock, UploadLocks } from '../ports/blob-store.ts';

/**
 * How long the next request of an upload is waited for before what the last one brought is put
 * away.
 */
const LINGER_MS = 1_000;
/** The time that putting it away may take. */
const PUT_AWAY_MS = 500;
/**
 * A running digest of an upload that nobody continues is given up after this; it is then taken from
 * the stored object.
 */
const RUNNING_KEPT_MS = 30 * 60_000;

export interface SessionDeps {
  store: ArtifactStore;
  locks: UploadLocks;
  clock: Clock;
  lingerMs?: number | undefined;
  complete(
    info: ResumableInfo,
    position: ResumablePosition,
    digest: RunningDigest | null,
  ): Promise<unknown>;
}
interface Session {
  writer: ResumableWriter;
  lock: UploadLock;
  busy: boolean;
  acknowledged: number;
  timer?: NodeJS.Timeout;
  ending?: Promise<void>;
}
/** What this process remembers of an upload that it wrote. Losing it costs time, never bytes. */
interface Remembered {
  parts: StoredPart[];
  digest: RunningDigest | null;
  digested: number;
  usedAt: number;
}

/**
 * The uploads that this process writes at the moment. Where all instances see its lock, an upload
 * is kept open for the next request: parts go on their way while it comes, and nothing is asked of
 * the storage in between. A process that is killed then loses bytes it has answered for; the client
 * is told where the upload stands (409, HEAD) and sends them again.
 */
export class ResumableSessions {
  readonly #deps: SessionDeps;
  readonly #lingerMs: number;
  readonly #open = new Map<string, Session>();
  readonly #remembered = new Map<string, Remembered>();

  constructor(deps: SessionDeps) {
    this.#deps = deps;
    this.#lingerMs = deps.lingerMs ?? LINGER_MS;
  }

  /** Within this time an instance that waits for the next request has put away what it has. */
  get handoverMs(): number {
    return this.#lingerMs + PUT_AWAY_MS;
  }

  infoOf(id: string): ResumableInfo | null {
    return this.#open.get(id)?.writer.info ?? null;
  }

  /**
   * How far requests have been answered, where this process writes the upload; `idle`: no request
   * runs.
   */
  async offsetOf(id: string): Promise<{ offset: number; idle: boolean } | null> {
    const session = this.#open.get(id);
    await session?.ending;
    return session && !session.ending
      ? { offset: session.acknowledged, idle: !session.busy }
      : null;
  }

  async append(info: ResumableInfo, append: Append): Promise<number> {
    const session = await this.#claim(info, append.offset);
    const { writer, lock } = session;
    let failed = true;
    try {
      if (append.offset !== writer.offset) {
        failed = false;
        throw new Conflict(`The upload stands at ${writer.offset}, not at ${append.offset}.`, {
          code: 'upload-offset',
          remedy: 'Ask for its offset (HEAD) and go on from there.',
        });
      }
      if (writer.offset < info.size) await writer.take(append, lock.lost);
      if (writer.offset === info.size && !writer.position.complete)
        await this.#deps.complete(info, writer.position, writer.digest);
      failed = false;
      session.acknowledged = writer.offset;
      return writer.offset;
    } catch (error) {
      if (error instanceof ChecksumMismatch) failed = false;
      throw error;
    } finally {
      session.busy = false;
      if (failed || writer.offset === info.size || lock.lost.aborted || !lock.shared)
        await this.#end(session, failed);
      else this.#linger(session);
    }
  }

  /** What is remembered of an upload that is gone. */
  forget(id: string): void {
    this.#remembered.get(id)?.digest?.drop();
    this.#remembered.delete(id);
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#open.values()].map((session) => this.#end(session, false)));
  }

  /**
   * The session that is kept for this very request, or a new one; who still writes the upload is
   * asked to let go.
   */
  async #claim(info: ResumableInfo, offset: number): Promise<Session> {
    const kept = this.#open.get(info.id);
    if (kept && !kept.busy && !kept.ending && kept.writer.offset === offset) {
      clearTimeout(kept.timer);
      kept.busy = true;
      kept.lock.busy();
      return kept;
    }
    const lock = await this.#deps.locks.acquire(info.id);
    try {
      const { position, digest } = await this.#resume(info);
      await makeVoid(this.#deps.store.blobs, info, position.strays);
      const session: Session = {
        writer: new ResumableWriter(this.#deps.store, info, position, digest),
        lock,
        busy: true,
        acknowledged: position.offset,
      };
      lock.lost.addEventListener(
        'abort',
        () => {
          if (!session.busy) void this.#end(session, false);
        },
        { once: true },
      );
      this.#open.set(info.id, session);
      return session;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  #linger(session: Session): void {
    session.lock.idle();
    session.timer = setTimeout(() => void this.#end(session, false), this.#lingerMs);
  }

  #end(session: Session, failed: boolean): Promise<void> {
    return (session.ending ??= this.#putAway(session, failed));
  }

  async #putAway({ writer, lock, timer }: Session, failed: boolean): Promise<void> {
    clearTimeout(timer);
    const { id } = writer.info;
    try {
      if (failed)
        writer.digest?.drop(); // what it has seen is no longer what is stored
      else {
        await writer.settle();
        if (writer.offset < writer.info.size)
          this.#remembered.set(id, {
            parts: writer.position.parts,
            digest: writer.digest,
            digested: writer.offset,
            usedAt: this.#now,
          });
      }
    } catch {
      writer.digest?.drop(); // the next request finds out where the upload stands
    } finally {
      await writer.close();
      this.#open.delete(id);
      await lock.release();
    }
  }

  async #resume(
    info: ResumableInfo,
  ): Promise<{ position: ResumablePosition; digest: RunningDigest | null }> {
    for (const [id, { usedAt }] of this.#remembered)
      if (usedAt < this.#now - RUNNING_KEPT_MS) this.forget(id);
    const mine = this.#remembered.get(info.id);
    const position = await readPosition(this.#deps.store.blobs, info, mine?.parts);
    if (
      mine &&
      position.parts.length === mine.parts.length &&
      position.strays.length === 0 &&
      !position.complete &&
      position.offset === mine.digested
    ) {
      this.#remembered.delete(info.id);
      return { position, digest: mine.digest };
    }
    if (mine) {
      // Somebody else wrote since: what this process remembers is not the whole story.
      this.forget(info.id);
      return this.#resume(info);
    }
    return {
      position,
      digest: position.offset === 0 ? this.#deps.store.digester.start('sha256') : null,
    };
  }

  get #now(): number {
    return this.#deps.clock.now().getTime();
  }
}
