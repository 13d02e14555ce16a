import type { Whoami } from '../../src/api/types.ts';

export interface MockUser extends Whoami {
  password: string;
  totp?: string;
}
const user = (
  uid: number,
  login: string,
  name: string,
  roles: string[],
  totp?: string,
): MockUser => ({
  uid,
  login,
  name,
  roles,
  password: 'pw',
  lang: 'en_US',
  tz: 'UTC',
  companyIds: [1],
  teamIds: [],
  ...(totp ? { totp } : {}),
});
export const USERS = [
  user(6, 'ada', 'Ada Byron', ['viewer', 'data_scientist']),
  user(7, 'ben', 'Ben Okafor', ['viewer', 'approver']),
  user(8, 'mia', 'Mia Laurent', ['viewer', 'data_scientist', 'approver', 'manager']),
  user(9, 'vera', 'Vera Novak', ['viewer']),
  user(10, 'tom', 'Tom Second', ['viewer', 'approver'], '123456'),
];
