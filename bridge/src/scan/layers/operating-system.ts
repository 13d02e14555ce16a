import { purl, type OperatingSystem, type Package } from './package.ts';

/** /etc/os-release: https://www.freedesktop.org/software/systemd/man/os-release.html */
export function readOperatingSystem(text: string): OperatingSystem {
  const value = (name: string): string =>
    new RegExp(`^${name}=["']?([^"'\\n]*)["']?$`, 'm').exec(text)?.[1] ?? '';
  return { id: value('ID'), version: value('VERSION_ID') };
}

/**
 * dpkg's status file, or one stanza of status.d in distroless images. The source package is what
 * OSV speaks of.
 */
export function readDpkg(text: string, file: string, system: OperatingSystem): Package[] {
  return text.split(/\n\n+/).flatMap((stanza) => {
    const field = (name: string): string | undefined =>
      new RegExp(`^${name}: *(.+)$`, 'm').exec(stanza)?.[1]?.trim();
    const [name, version] = [field('Package'), field('Version')];
    if (
      name === undefined ||
      version === undefined ||
      (field('Status') ?? 'install ok installed').endsWith(' not-installed')
    )
      return [];
    const [, source = name, sourceVersion = version] =
      /^(\S+)(?: \(([^)]+)\))?$/.exec(field('Source') ?? name) ?? [];
    const distribution =
      system.id === 'ubuntu'
        ? `Ubuntu:${system.version}`
        : `Debian:${system.version.split('.')[0]}`;
    const namespace = system.id === 'ubuntu' ? 'ubuntu' : 'debian';
    return [
      {
        ecosystem: distribution,
        name: source,
        version: sourceVersion,
        purl: purl(
          'deb',
          `${namespace}/${name}`,
          version,
          `?arch=${field('Architecture') ?? 'all'}`,
        ),
        file,
      },
    ];
  });
}

/** apk's database of installed packages: https://wiki.alpinelinux.org/wiki/Apk_spec */
export function readApk(text: string, file: string, system: OperatingSystem): Package[] {
  return text.split(/\n\n+/).flatMap((stanza) => {
    const field = (letter: string): string | undefined =>
      new RegExp(`^${letter}:(.+)$`, 'm').exec(stanza)?.[1]?.trim();
    const [name, version] = [field('P'), field('V')];
    if (name === undefined || version === undefined) return [];
    const release = system.version.split('.').slice(0, 2).join('.');
    return [
      {
        ecosystem: `Alpine:v${release}`,
        name: field('o') ?? name,
        version,
        purl: purl('apk', `alpine/${name}`, version),
        file,
      },
    ];
  });
}
