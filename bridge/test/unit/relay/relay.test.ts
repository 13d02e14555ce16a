import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { newest, startRelay } from '../../../src/relay/relay.ts';
import type { DeploymentWork } from '../../../src/services/ports/odoo.ts';
import type { Clock, Logger } from '../../../src/services/ports/runtime.ts';
import type { JobPayload } from '../../../src/services/ports/jobs.ts';
import type {
  Command,
  JobQueues,
  Outbox,
  OutboxLease,
} from '../../../src/services/ports/outbox.ts';

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const clock: Clock = {
  now: () => new Date(),
  sleep: (ms, signal) => pause(Math.min(ms, 5), undefined, signal ? { signal } : {}),
};
const scan = (eventId: number, generation = 1, version = 1): Command => ({
  eventId,
  command: 'scan',
  key: `version:${version}`,
  generation,
});

/** An outbox with one lease at a time, and queues that may be away. */
class Scene implements Outbox, JobQueues {
  unplaced = 0;
  placed = 0;
  leases = 0;
  readonly open: Command[] = [];
  readonly dispatched = new Set<number>();
  readonly added: JobPayload[] = [];
  emptied = true;
  redisIsBack: Promise<void> = Promise.resolve();
  refusesPlaces = false;
  ring: () => void = () => undefined;
  cut: () => void = () => undefined;

  async tryLead(onEvent: () => void): Promise<OutboxLease | null> {
    this.leases += 1;
    this.ring = onEvent;
    return {
      lost: new Promise((resolve) => (this.cut = resolve)),
      place: async () => {
        if (this.refusesPlaces) throw new Error('PostgreSQL is away');
        const now = this.unplaced;
        this.placed += now;
        this.unplaced = 0;
        return now;
      },
      commands: async (which) =>
        this.open.filter((one) => which === 'undone' || !this.dispatched.has(one.eventId)),
      markDispatched: async (ids) => ids.forEach((id) => this.dispatched.add(id)),
      supersede: async () => undefined,
      release: async () => undefined,
    };
  }

  async finish(): Promise<null> {
    return null;
  }
  async close(): Promise<void> {}
  async add(_name: string, payload: JobPayload): Promise<void> {
    await this.redisIsBack;
    this.added.push(payload);
  }
  async wereEmptied(): Promise<boolean> {
    const were = this.emptied;
    this.emptied = false;
    return were;
  }

  commit(...commands: Command[]): void {
    this.open.push(...commands);
    this.unplaced += Math.max(1, commands.length);
    this.ring();
  }
}

describe('the relay', () => {
  let scene: Scene;
  let kept: [number, number][] = [];
  let relay: ReturnType<typeof startRelay>;
  const start = (): void =>
    void (relay = startRelay({
      outbox: scene,
      queues: scene,
      clock,
      log: quiet,
      recent: { keep: (work, ageMs) => void kept.push([work.deploymentId, ageMs]) },
    }));
  beforeEach(() => {
    [scene, kept] = [new Scene(), []];
  });
  afterEach(() => relay.stop());

  it('gives places at once to what was written before it led and to what is written then', async () => {
    scene.unplaced = 3;
    start();
    await until(() => scene.placed === 3);
    scene.commit();
    await until(() => scene.placed === 4);
  });

  it('hands a command over once, in its newest generation', async () => {
    start();
    await until(() => relay.leading());
    scene.commit(scan(1), scan(2, 2), scan(3, 1, 9));
    await until(() => scene.dispatched.size === 3);
    scene.commit();
    await until(() => scene.placed === 4);
    expect(scene.added.map(({ eventId, subjectId }) => [eventId, subjectId])).to.deep.equal([
      [2, 1],
      [3, 9],
    ]);
  });

  it('keeps the work that an order brings for the job that follows', async () => {
    start();
    await until(() => relay.leading());
    scene.commit(
      {
        eventId: 5,
        command: 'reconcile',
        key: 'deployment:7',
        generation: 1,
        known: { work: { deploymentId: 7 } as DeploymentWork, ageMs: 30 },
      },
      scan(6),
    );
    await until(() => scene.dispatched.size === 2);
    expect(kept).to.deep.equal([[7, 30]]);
    expect(scene.added[0]).to.deep.equal({
      eventId: 5,
      key: 'deployment:7',
      generation: 1,
      subjectId: 7,
      requestId: 'event-5',
    });
  });

  it('gives places while the queues are away, and hands over when they are back', async () => {
    let back: () => void = () => undefined;
    scene.redisIsBack = new Promise((resolve) => (back = resolve));
    start();
    scene.commit(scan(1));
    await until(() => scene.placed === 1);
    scene.commit();
    await until(() => scene.placed === 2);
    expect(scene.added).to.deep.equal([]);
    back();
    await until(() => scene.dispatched.has(1));
  });

  it('leads again after its lease was lost or PostgreSQL was away, and hands undone commands over again', async () => {
    start();
    scene.commit(scan(1));
    await until(() => scene.added.length === 1);
    scene.cut();
    await until(() => scene.leases === 2 && scene.added.length === 2);
    scene.refusesPlaces = true;
    scene.commit();
    await until(() => scene.leases > 3);
    scene.refusesPlaces = false;
    await until(() => scene.placed === 2);
  });

  it('stops while the queues are away', async () => {
    scene.redisIsBack = new Promise(() => undefined);
    start();
    scene.commit(scan(1));
    await until(() => scene.placed === 1);
    await relay.stop();
    expect(relay.leading()).to.equal(false);
  });

  it('takes the newest order for one thing', () => {
    expect(
      newest([scan(5, 2), scan(4, 3), scan(6, 3), scan(7, 1, 8)]).map(({ eventId }) => eventId),
    ).to.deep.equal([6, 7]);
  });
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not happen within 10 s');
    await pause(2);
  }
}
