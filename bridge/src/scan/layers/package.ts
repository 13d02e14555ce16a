/** A package that an image holds. */
export interface Package {
  /** as OSV names it: `Debian:12`, `Alpine:v3.20`, `PyPI`, `npm` */
  ecosystem: string;
  name: string;
  version: string;
  /** https://github.com/package-url/purl-spec */
  purl: string;
  /** the file that says so, inside the image */
  file: string;
}

/**
 * Reads the packages that one file of an image speaks of. Never throws: what cannot be read is no
 * package.
 */
export type PackageReader = (text: string, file: string, system: OperatingSystem) => Package[];

/** What /etc/os-release says. */
export interface OperatingSystem {
  id: string;
  version: string;
}

export function purl(type: string, name: string, version: string, query = ''): string {
  const path = name.split('/').map(encodeURIComponent).join('/').replaceAll('%3A', ':');
  return `pkg:${type}/${path}@${encodeURIComponent(version).replaceAll('%3A', ':')}${query}`;
}
