import { isIP } from 'node:net';

/**
 * What tries to log in are counted by: the login however it is written, and the network that they
 * come from.
 */
export function loginCounters(login: string, address: string): [string, string] {
  return [
    `login:${login
      .normalize('NFKC')
      .replace(/[\s\p{Cf}\p{Cc}]/gu, '')
      .toLowerCase()}`,
    `address:${networkOf(address)}`,
  ];
}

/** One customer has 2^64 addresses of IPv6: its first four groups are counted as one. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  const kind = isIP(plain);
  if (kind === 4) return plain;
  if (kind !== 6) return 'unknown';
  const [head = '', tail] = new URL(`http://[${plain}]`).hostname.slice(1, -1).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail ? tail.split(':') : [];
  const groups =
    tail === undefined
      ? left
      : [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
