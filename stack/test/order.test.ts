import { expect } from 'chai';
import { inStartOrder } from '../order.ts';
import type { Server } from '../server.ts';
import { SERVERS } from '../servers/index.ts';

const server = (name: string, ...needs: string[]): Server => ({
  name,
  needs,
  readyDeadlineMs: 1,
  install: async () => undefined,
  start: async () => undefined,
  ready: async () => true,
  stop: async () => undefined,
  logs: () => [],
});
const names = (servers: readonly Server[]): string[] => servers.map(({ name }) => name);

describe('order of starting', () => {
  it('puts each after what it needs', () => {
    expect(names(inStartOrder([server('c', 'b'), server('a'), server('b', 'a')]))).to.deep.equal([
      'a',
      'b',
      'c',
    ]);
  });

  it('takes the named ones and what they need, and no more', () => {
    expect(
      names(inStartOrder([server('a'), server('b', 'a'), server('c', 'b'), server('d')], ['b'])),
    ).to.deep.equal(['a', 'b']);
  });

  it('refuses a circle, naming it', () => {
    expect(() => inStartOrder([server('a', 'b'), server('b', 'a')])).to.throw('a → b → a');
  });

  it('refuses a name that nobody has, and says which there are', () => {
    expect(() => inStartOrder([server('a')], ['x'])).to.throw(
      'There is no server "x" (wanted by you). Known: a.',
    );
    expect(() => inStartOrder([server('a', 'x')])).to.throw('"x" (wanted by a)');
  });

  it('of the stack itself holds together', () => {
    const order = names(inStartOrder(SERVERS));
    expect(order).to.have.members(names(SERVERS));
    for (const one of SERVERS)
      for (const need of one.needs)
        expect(order.indexOf(need), `${one.name} after ${need}`).to.be.below(
          order.indexOf(one.name),
        );
  });
});
