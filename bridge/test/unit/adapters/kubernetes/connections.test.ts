import { Agent as HttpAgent } from 'node:http';
import { Agent } from 'node:https';
import { expect } from 'chai';
import { Connections } from '../../../../src/adapters/kubernetes/connections.ts';

const made = (cert: string): Agent =>
  new Agent({ ca: Buffer.from('authority'), cert: Buffer.from(cert), key: Buffer.from('key') });

describe('connections to the cluster', () => {
  it('are kept while the credentials stay the same, with those credentials', () => {
    const connections = new Connections();
    const first = connections.of(made('one')) as Agent;
    expect(connections.of(made('one'))).to.equal(first);
    expect(first.options).to.deep.include({
      keepAlive: true,
      cert: Buffer.from('one'),
      ca: Buffer.from('authority'),
    });
  });

  it('are others when the credentials have changed', () => {
    const connections = new Connections();
    const first = connections.of(made('one'));
    const second = connections.of(made('two')) as Agent;
    expect(second).to.not.equal(first);
    expect(second.options.cert).to.deep.equal(Buffer.from('two'));
  });

  it('are left to a proxy or to plain HTTP where these are used', () => {
    class ProxyAgent extends Agent {}
    const connections = new Connections();
    for (const agent of [new ProxyAgent(), new HttpAgent(), undefined])
      expect(connections.of(agent)).to.equal(agent);
  });
});
