/**
 * What no member of an archive needs in its name, and what readers or extractors take for something
 * else. `!` joins paths in findings.
 */
const ODD = /[\u0000-\u001f\u007f\\:!\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/;

/** A relative path of ordinary segments; a slash at the end marks a folder. */
export function isPlainPath(name: string): boolean {
  return (
    !ODD.test(name) &&
    name
      .replace(/\/$/, '')
      .split('/')
      .every((segment) => segment !== '' && segment !== '.' && segment !== '..')
  );
}
