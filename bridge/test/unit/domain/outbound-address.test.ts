import { expect } from 'chai';
import fc from 'fast-check';
import { isPublicAddress, parseAllowList } from '../../../src/domain/outbound-address.ts';

const REFUSED = [
  '127.0.0.1',
  '127.255.255.254',
  '0.0.0.0',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '100.64.0.1',
  '100.100.100.200',
  '169.254.169.254',
  '168.63.129.16',
  '192.0.0.192',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:a00:1',
  '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b::169.254.169.254',
  '64:ff9b:1::1',
  '2002:7f00:1::',
  '2002:a9fe:a9fe::1',
  '2001::1',
  '2001:db8::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  '2606:4700::1%lo',
  'localhost',
  '',
  '127.1',
  '2130706433',
  '0x7f000001',
];
const PUBLIC = [
  '1.1.1.1',
  '93.184.215.14',
  '172.32.0.1',
  '11.0.0.1',
  '2606:4700::1111',
  '::ffff:1.1.1.1',
  '64:ff9b::101:101',
];

describe('addresses that people configure', () => {
  for (const address of REFUSED) {
    it(`refuses ${address || 'an empty text'}`, () =>
      expect(isPublicAddress(address)).to.equal(false));
  }
  for (const address of PUBLIC) {
    it(`lets ${address} through`, () => expect(isPublicAddress(address)).to.equal(true));
  }

  it('judges an IPv4 address the same in each IPv6 form that carries it', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(byte, byte, byte, byte, (a, b, c, d) => {
        const plain = isPublicAddress(`${a}.${b}.${c}.${d}`);
        const [high, low] = [a * 256 + b, c * 256 + d].map((group) => group.toString(16));
        for (const form of [
          `::ffff:${high}:${low}`,
          `::ffff:0:${high}:${low}`,
          `64:ff9b::${high}:${low}`,
          `2002:${high}:${low}::1`,
        ]) {
          expect(isPublicAddress(form), form).to.equal(plain);
        }
      }),
    );
  });
});

describe('OUTBOUND_ALLOW', () => {
  const target = (
    host: string,
    address: string,
    port: number,
  ): Parameters<ReturnType<typeof parseAllowList>['permits']>[0] => ({ host, address, port });

  it('permits a listed host, address or network on its port alone, or on every port where none is named', () => {
    const list = parseAllowList(
      'n8n.internal:5678, 10.20.0.0/16, [fd00::1]:80, 127.0.0.1:18080,fd12::/16',
    );
    expect(list.permits(target('N8N.internal', '10.1.1.1', 5678))).to.equal(true);
    expect(list.permits(target('n8n.internal', '10.1.1.1', 22))).to.equal(false);
    expect(list.permits(target('x', '10.20.3.4', 22))).to.equal(true);
    expect(list.permits(target('x', '10.21.3.4', 22))).to.equal(false);
    expect(list.permits(target('x', 'fd00::1', 80))).to.equal(true);
    expect(list.permits(target('x', 'fd00::1', 81))).to.equal(false);
    expect(list.permits(target('x', '127.0.0.1', 18080))).to.equal(true);
    expect(list.permits(target('x', '127.0.0.1', 18081))).to.equal(false);
    expect(list.permits(target('x', 'fd12::7', 1))).to.equal(true);
  });

  for (const entry of [
    'http://n8n',
    '10.0.0.0/33',
    'a b',
    'host:0',
    'host:70000',
    '10.0.0.0/',
    '*',
  ]) {
    it(`does not take ${entry}`, () => expect(() => parseAllowList(entry)).to.throw(entry));
  }

  it('permits nothing when it is empty', () => {
    expect(parseAllowList('').permits(target('x', '127.0.0.1', 80))).to.equal(false);
  });
});
