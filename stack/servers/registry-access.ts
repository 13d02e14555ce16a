import { createHmac } from 'node:crypto';
import { run } from '../run.ts';
import type { StackContext } from '../server.ts';

/**
 * Who has a login of the registry's: the bridge reads and writes, the node only pulls. Each can be
 * taken away by itself.
 */
export const REGISTRY_USERS = { bridge: 'registryPassword', node: 'registryPullPassword' } as const;
export type RegistryUser = keyof typeof REGISTRY_USERS;

/**
 * Perl is part of every Debian, and its crypt() knows bcrypt; the password comes over standard
 * input, where nobody looks.
 */
const BCRYPT =
  'chomp(my ($salt, $password) = <STDIN>); my $hash = crypt($password, $salt); print $hash if defined $hash';
/**
 * The least work: these passwords are 144 random bits, which nobody guesses, and the registry asks
 * at every request.
 */
const SETTING = '$2b$04$';
const BCRYPT_ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** The registry as one of its users reaches it: `http://USER:PASSWORD@127.0.0.1:PORT`. */
export function registryUrl(
  { ports, secrets }: Pick<StackContext, 'ports' | 'secrets'>,
  user: RegistryUser,
): string {
  return `http://${user}:${secrets[REGISTRY_USERS[user]] ?? ''}@127.0.0.1:${ports.registry}`;
}

/** The same users and passwords give the same text: a registry that runs by it is left running. */
export async function htpasswd(secrets: Record<string, string>): Promise<string> {
  const lines = await Promise.all(
    Object.entries(REGISTRY_USERS).map(
      async ([user, name]) => `${user}:${await bcrypt(secrets[name] ?? '', user)}\n`,
    ),
  );
  return lines.join('');
}

async function bcrypt(password: string, user: string): Promise<string> {
  if (password === '')
    throw new Error(`The registry's user ${user} has no password in .stack/secrets.json`);
  // of 22 signs the last holds but two bits
  const digest = createHmac('sha256', password).update(`htpasswd ${user}`).digest();
  const salt = [...digest.subarray(0, 21)].map((byte) => BCRYPT_ALPHABET[byte % 64]).join('');
  const hash = await run('perl', ['-e', BCRYPT], { input: `${SETTING}${salt}.\n${password}\n` });
  if (!hash.startsWith(SETTING))
    throw new Error(
      "This machine's crypt() knows no bcrypt: the registry cannot be given its users",
    );
  return hash.replace('$2b$', '$2y$'); // as htpasswd writes it
}
