/** What an unpacked stream is called in findings: `model.pkl.gz!unpacked`. */
export const UNPACKED = '!unpacked';

/** Extensions of compressed files, and what is left of them when they are unpacked. */
const LEFT: Record<string, string> = {
  gz: '',
  gzip: '',
  z: '',
  zlib: '',
  bz2: '',
  xz: '',
  lzma: '',
  lz4: '',
  zst: '',
  zstd: '',
  tgz: '.tar',
  tbz: '.tar',
  tbz2: '.tar',
  txz: '.tar',
  tlz: '.tar',
  tzst: '.tar',
};

/**
 * The name that content is judged by: the last one of the path, in lower case. What a stream
 * unpacks to has the name of its container, without the extension that said how it was compressed.
 */
export function claimedName(file: string): string {
  if (!file.endsWith(UNPACKED))
    return file.slice(Math.max(file.lastIndexOf('!'), file.lastIndexOf('/')) + 1).toLowerCase();
  const outer = claimedName(file.slice(0, -UNPACKED.length));
  const dot = outer.lastIndexOf('.');
  const left = dot < 0 ? undefined : LEFT[outer.slice(dot + 1)];
  return left === undefined ? outer : outer.slice(0, dot) + left;
}

/**
 * Loaders of these files look at the content and unpack it themselves: joblib all, under whatever
 * name people give a model; NeMo gzip.
 */
export const unpackedByLoader = (name: string): boolean =>
  /\.(joblib|nemo|pkl|pickle|sav|model)$/.test(name);

/** Only joblib reads this: it is called so, or it is compressed and its name does not say it. */
export function onlyForJoblib(file: string): boolean {
  return (
    claimedName(file).endsWith('.joblib') ||
    (file.endsWith(UNPACKED) && unpackedByLoader(claimedName(file.slice(0, -UNPACKED.length))))
  );
}
