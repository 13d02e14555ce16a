import { expect } from 'chai';
import { IdentityCache } from '../../../src/http/identity-cache.ts';
import type { Whoami } from '../../../src/contract/requests.ts';
import { person } from './http-app.ts';

const KEPT_MS = 60_000;

describe('The memory of who somebody is', () => {
  let now: number;
  let asked: string[];
  let hearing: boolean;
  let answers: Record<string, Promise<Whoami>>;
  let tell: (uid: number | null) => void;
  let cache: IdentityCache;

  beforeEach(() => {
    [now, asked, hearing, answers] = [1_000_000, [], true, {}];
    const rights = {
      onRights: (callback: typeof tell) => ((tell = callback), () => undefined),
      attentive: () => hearing,
    };
    cache = new IdentityCache(
      (caller) => {
        const name = caller.kind === 'key' ? caller.key : '';
        asked.push(name);
        return answers[name] ?? Promise.resolve(person(name, { uid: name === 'ada' ? 7 : 8 }));
      },
      { now: () => new Date(now), sleep: async () => undefined },
      rights,
    );
  });

  const whoami = (name: string): Promise<Whoami> =>
    cache.whoami({ caller: { kind: 'key', key: name }, name }, KEPT_MS);

  it('asks once and believes the answer for a while', async () => {
    await whoami('ada');
    now += KEPT_MS - 1;
    await whoami('ada');
    expect(asked).to.deep.equal(['ada']);
  });

  it('forgets at once the person whose rights changed, and nobody else', async () => {
    await Promise.all([whoami('ada'), whoami('ben')]);
    tell(7);
    await Promise.all([whoami('ada'), whoami('ben')]);
    expect(asked).to.deep.equal(['ada', 'ben', 'ada']);
  });

  it('forgets everybody when it is told of nobody in particular', async () => {
    await Promise.all([whoami('ada'), whoami('ben')]);
    tell(null);
    await Promise.all([whoami('ada'), whoami('ben')]);
    expect(asked).to.have.length(4);
  });

  it('does not keep an answer that was on its way when the rights changed', async () => {
    let answer: (whoami: Whoami) => void = () => undefined;
    answers['ada'] = new Promise((resolve) => (answer = resolve));
    const first = whoami('ada');
    tell(7);
    answer(person('ada', { uid: 7 }));
    await first;
    await whoami('ada');
    expect(asked).to.have.length(2);
  });

  it('believes an answer given just after a change only for a second: a worker of Odoo may not have heard of it', async () => {
    tell(7);
    await whoami('ada');
    now += 1_001;
    await whoami('ada');
    expect(asked).to.have.length(2);
    now += 10_000;
    await whoami('ada');
    now += 30_000;
    await whoami('ada');
    expect(asked, 'and for its full time later on').to.have.length(3);
  });

  it('believes nothing that it was told before while it hears of no changes', async () => {
    await whoami('ada');
    hearing = false;
    await whoami('ada');
    expect(asked).to.have.length(2);
  });

  it('keeps nothing beyond the first key that ends', async () => {
    answers['ada'] = Promise.resolve(
      person('ada', { uid: 7, keyExpires: new Date(now + 500).toISOString() }),
    );
    await whoami('ada');
    now += 499;
    await whoami('ada');
    expect(asked).to.have.length(1);
    now += 1;
    await whoami('ada');
    expect(asked).to.have.length(2);
  });

  it('keeps no refusal', async () => {
    answers['ada'] = Promise.reject(new Error('refused'));
    await whoami('ada').catch(() => undefined);
    delete answers['ada'];
    expect((await whoami('ada')).login).to.equal('ada');
  });
});
