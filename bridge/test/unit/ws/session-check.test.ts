import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect } from 'chai';
import type { WebSocket } from 'ws';
import { createRequestContext } from '../../../src/http/request-context.ts';
import type { Caller } from '../../../src/services/ports/odoo.ts';
import { CLOSE_LOGGED_OUT, Subscriber } from '../../../src/ws/subscriber.ts';
import { MemorySessions, PeopleOdoo, person } from '../http/http-app.ts';

const MINUTE_MS = 60_000;

describe('A socket and the session that it was opened with', () => {
  let odoo: PeopleOdoo;
  let sessions: MemorySessions;
  let asked: number;
  let now: number;

  beforeEach(() => {
    [odoo, sessions, asked, now] = [new PeopleOdoo(), new MemorySessions(), 0, Date.now()];
    odoo.people['ada'] = person('ada');
    const whoami = odoo.whoami.bind(odoo);
    odoo.whoami = (caller: Caller) => {
      asked += 1;
      return whoami(caller);
    };
  });

  it('is checked once in each minute, each socket at a time of its own', async () => {
    const checks = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const times: number[] = [];
        const subscriber = new Subscriber({} as WebSocket, person('ada'), 0);
        for (let second = 0; second <= 120; second += 1) {
          subscriber.stillGood = async () => times.push(second) > 0;
          await subscriber.checkSession(now + second * 1000);
        }
        return times;
      }),
    );
    for (const times of checks) {
      expect(times[0]).to.be.within(29, 61);
      expect(times[1]! - times[0]!).to.equal(60);
    }
    expect(new Set(checks.map((times) => times[0])).size, 'different seconds').to.be.greaterThan(
      10,
    );
  });

  it('is asked of Odoo once for all tabs of one browser', async () => {
    const [first, second] = await opened('session-1', 'session-1');
    now += MINUTE_MS;
    asked = 0;
    expect(await Promise.all([first!.stillGood(), second!.stillGood()])).to.deep.equal([
      true,
      true,
    ]);
    expect(asked).to.equal(1);
  });

  it('ends for a socket whose person has logged out or may see something else now', async () => {
    const [first, second] = await opened('session-1', 'session-2');
    now += MINUTE_MS;
    await sessions.remove('session-1');
    odoo.people['ada'] = person('ada', { teamIds: [5] });
    expect(await Promise.all([first!.stillGood(), second!.stillGood()])).to.deep.equal([
      false,
      false,
    ]);
  });

  it('closes the socket that it ended for, and none while Odoo is away', async () => {
    for (const [stillGood, closed] of [
      [async () => false, [CLOSE_LOGGED_OUT]],
      [() => Promise.reject(new Error('away')), []],
    ] as const) {
      const codes: number[] = [];
      const subscriber = new Subscriber(
        { close: (code: number) => codes.push(code) } as unknown as WebSocket,
        person('ada'),
        0,
      );
      subscriber.stillGood = stillGood;
      await subscriber.checkSession(now + MINUTE_MS);
      expect(codes).to.deep.equal(closed);
    }
  });

  /** Sockets of these sessions, one after the other. */
  async function opened(...ids: string[]): Promise<{ stillGood(): Promise<boolean> }[]> {
    const context = createRequestContext({
      odoo,
      sessions,
      clock: { now: () => new Date(now), sleep: async () => undefined },
      origins: [],
    });
    const identities = [];
    for (const id of ids) {
      sessions.records.set(id, { odooCookie: 'session_id=ada', uid: 7, login: 'ada' });
      const request = new IncomingMessage(new Socket());
      request.headers.cookie = `__Host-cf_session=${id}`;
      identities.push(await context.authenticateUpgrade(request));
    }
    return identities;
  }
});
