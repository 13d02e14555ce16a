import { BlockList, isIP } from 'node:net';

/**
 * Networks that an address which somebody configured must not lead to: everything that is not
 * globally reachable by the IANA special-purpose address registries (IPv4, IPv6), and what clouds
 * answer metadata on outside of them.
 */
const REFUSED_NETWORKS = [
  '0.0.0.0/8', // this host (RFC 791)
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16', // private (RFC 1918)
  '100.64.0.0/10', // shared behind carrier NAT (RFC 6598); one cloud's metadata service lies in it
  '127.0.0.0/8', // loopback (RFC 1122)
  '169.254.0.0/16', // link-local (RFC 3927), the metadata service of most clouds
  '168.63.129.16/32', // a cloud's host agent, on a public address
  '192.0.0.0/24',
  '192.0.2.0/24',
  '198.51.100.0/24',
  '203.0.113.0/24', // protocol assignments, documentation
  '192.88.99.0/24', // 6to4 relays (RFC 7526)
  '198.18.0.0/15', // benchmarks (RFC 2544)
  '224.0.0.0/4',
  '240.0.0.0/4', // multicast, reserved, broadcast
  '::/96', // unspecified, loopback, IPv4-compatible
  '64:ff9b:1::/48', // local-use translation (RFC 8215)
  '100::/64', // discard only (RFC 6666)
  '2001::/23', // protocol assignments, Teredo among them
  '2001:db8::/32',
  '3fff::/20', // documentation
  '5f00::/16', // segment routing (RFC 9602)
  'fc00::/7', // unique local (RFC 4193)
  'fe80::/10',
  'fec0::/10', // link-local, site-local
  'ff00::/8', // multicast
] as const;

/**
 * Prefixes of IPv6 addresses that carry an IPv4 address, and the 16-bit group in which that begins.
 */
const CARRIERS = [
  { network: '::ffff:0:0/96', group: 6 }, // IPv4-mapped (RFC 4291)
  { network: '::ffff:0:0:0/96', group: 6 }, // IPv4-translated (RFC 2765)
  { network: '64:ff9b::/96', group: 6 }, // NAT64 (RFC 6052)
  { network: '2002::/16', group: 1 }, // 6to4 (RFC 3056)
] as const;

const refusedNetworks = listOf(REFUSED_NETWORKS);
const carriers = CARRIERS.map(({ network, group }) => ({ list: listOf([network]), group }));

/**
 * What an administrator lists: networks, addresses and host names, each for one port or for all.
 */
export interface OutboundAllowList {
  permits(target: { host: string; address: string; port: number }): boolean;
}
export const ALLOW_NOTHING: OutboundAllowList = { permits: () => false };

/**
 * True when a request of what people configured may go to this address. Anything that is no IP
 * address may not.
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return false;
  if (family === 4) return !refusedNetworks.check(address, 'ipv4');
  for (const { list, group } of carriers) {
    if (list.check(address, 'ipv6')) return isPublicAddress(carriedAddress(address, group));
  }
  return !refusedNetworks.check(address, 'ipv6');
}

/**
 * Reads `OUTBOUND_ALLOW`: entries with commas between, each `HOST`, `ADDRESS` or `ADDRESS/BITS`,
 * with `:PORT` behind it or not (`[ADDRESS]:PORT` for IPv6). Throws an Error that names the entry
 * that cannot be read.
 */
export function parseAllowList(text: string): OutboundAllowList {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean)
    .map(parseEntry);
  return { permits: (target) => entries.some((entry) => entry(target)) };
}

type Entry = OutboundAllowList['permits'];

const ENTRY = /^(?:\[([^\]]+)\]|([^:]+)|([^[\]]*:[^[\]]*:[^[\]]*))(?::(\d{1,5}))?$/;
const HOST_NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;

function parseEntry(entry: string): Entry {
  const [, bracketed, plain, bare, digits] = ENTRY.exec(entry) ?? [];
  const name = (bracketed ?? plain ?? bare)?.toLowerCase();
  const port = digits === undefined ? null : Number(digits);
  if (!name || !isPort(port)) throw unreadable(entry);
  const onPort = (asked: number): boolean => port === null || port === asked;
  const [address = '', bits] = name.split('/');
  if (isIP(address) !== 0) {
    const network = networkOf(address, bits);
    if (network === null) throw unreadable(entry);
    const list = listOf([network]);
    return (target) => onPort(target.port) && list.check(target.address, familyOf(target.address));
  }
  if (!HOST_NAME.test(name)) throw unreadable(entry);
  return (target) => onPort(target.port) && target.host.toLowerCase() === name;
}

/** null: all ports */
const isPort = (port: number | null): boolean => port === null || (port > 0 && port <= 65535);

/** `ADDRESS/BITS`; an address alone is a network of one. null: no such number of bits. */
function networkOf(address: string, bits: string | undefined): string | null {
  const size = isIP(address) === 4 ? 32 : 128;
  if (bits === undefined) return `${address}/${size}`;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= size ? `${address}/${bits}` : null;
}

function unreadable(entry: string): Error {
  return new Error(
    `“${entry}” is neither a host, an address nor a network, with a port or without`,
  );
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    list.addSubnet(address, Number(bits), familyOf(address));
  }
  return list;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

function carriedAddress(address: string, group: number): string {
  const groups = groupsOf(address);
  const [high = 0, low = 0] = groups.slice(group, group + 2);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** The eight 16-bit groups of an IPv6 address, whichever way it is written. */
function groupsOf(address: string): number[] {
  const [head = '', tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const left = head.split(':').filter(Boolean);
  const right = (tail ?? '').split(':').filter(Boolean);
  const middle = tail === undefined ? [] : Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...middle, ...right].map((group) => parseInt(group, 16));
}
