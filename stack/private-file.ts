import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Writes a file that holds a secret: for its owner alone from its first byte, also where one that
 * others could read was there before, and whole or not at all.
 */
export function writePrivate(file: string, text: string): void {
  const part = `${file}.part`;
  rmSync(part, { force: true }); // the mode counts only for a file that is made
  writeFileSync(part, text, { mode: 0o600, flag: 'wx' });
  renameSync(part, file);
}

/** A folder that nobody else lists or reads. */
export function privateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
}

/**
 * The state of a checkout: nobody else lists it. PostgreSQL and the workers of nginx run as users
 * of their own and pass through it to what is theirs, hence 711 and not 700; each file with a
 * secret in it is 600 besides.
 */
export function stateFolder(state: string): void {
  mkdirSync(state, { recursive: true, mode: 0o711 });
  chmodSync(state, 0o711);
}

/** Closes what openssl or a former release left open. */
export function closeFiles(files: readonly string[]): void {
  for (const file of files) if (existsSync(file)) chmodSync(file, 0o600);
}
