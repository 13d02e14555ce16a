import { expect } from 'chai';
import type { WebSocket } from 'ws';
import type { StreamEvent } from '../../../src/services/ports/outbox.ts';
import { CLOSE_LOGGED_OUT, Subscriber } from '../../../src/ws/subscriber.ts';
import { person } from '../http/http-app.ts';

const event = (position: number): StreamEvent => ({
  position,
  id: position,
  at: '2026-01-01T00:00:00.000Z',
  topic: 'version.status',
  companyId: 1,
  teamId: null,
  modelId: 1,
  versionId: 1,
  deploymentId: null,
  endpointId: null,
  command: null,
  payload: {},
});

class FakeSocket {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  readonly sent: number[] = [];
  readonly codes: number[] = [];
  send(text: string): void {
    this.sent.push((JSON.parse(text) as { event: { position: number } }).event.position);
  }
  close(code: number): void {
    this.readyState = 3;
    this.codes.push(code);
  }
}

describe('A socket whose person’s rights may have changed', () => {
  let socket: FakeSocket;
  let subscriber: Subscriber;
  let answer: (good: boolean | Error) => void;

  beforeEach(() => {
    socket = new FakeSocket();
    subscriber = new Subscriber(
      socket as unknown as WebSocket,
      person('vera', { companyIds: [1] }),
      0,
    );
    subscriber.stillGood = () =>
      new Promise((resolve, reject) => {
        answer = (good) => (good instanceof Error ? reject(good) : resolve(good));
      });
  });

  it('gets no event until Odoo has said that they are the same, and none is lost', async () => {
    subscriber.offer(event(1));
    const checked = subscriber.recheck();
    subscriber.offer(event(2));
    subscriber.offer(event(3));
    expect(socket.sent).to.deep.equal([1]);
    answer(true);
    await checked;
    expect(socket.sent).to.deep.equal([1, 2, 3]);
  });

  it('is closed without another event when they are not', async () => {
    const checked = subscriber.recheck();
    subscriber.offer(event(1));
    answer(false);
    await checked;
    expect([socket.sent, socket.codes]).to.deep.equal([[], [CLOSE_LOGGED_OUT]]);
  });

  it('believes the later answer when they change again meanwhile', async () => {
    const first = subscriber.recheck();
    const answerFirst = answer;
    const second = subscriber.recheck();
    subscriber.offer(event(1));
    answerFirst(true);
    await first;
    expect(socket.sent).to.deep.equal([]);
    answer(false);
    await second;
    expect([socket.sent, socket.codes]).to.deep.equal([[], [CLOSE_LOGGED_OUT]]);
  });

  it('waits while Odoo cannot say it, and asks again', async () => {
    const checked = subscriber.recheck();
    subscriber.offer(event(1));
    answer(new Error('away'));
    await checked;
    expect([socket.sent, socket.codes]).to.deep.equal([[], []]);
    const again = subscriber.checkSession(Date.now() + 2_000);
    answer(true);
    await again;
    expect(socket.sent).to.deep.equal([1]);
  });

  it('is looked at when the key with which it was opened ends', async () => {
    const ends = Date.now() + 5_000;
    let looked = 0;
    subscriber = new Subscriber(
      socket as unknown as WebSocket,
      person('vera', { keyExpires: new Date(ends).toISOString() }),
      0,
    );
    subscriber.stillGood = async () => {
      looked += 1;
      return false;
    };
    await subscriber.checkSession(ends - 1);
    expect(looked).to.equal(0);
    await subscriber.checkSession(ends);
    expect([looked, socket.codes]).to.deep.equal([1, [CLOSE_LOGGED_OUT]]);
  });
});
