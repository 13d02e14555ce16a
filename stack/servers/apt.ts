import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, tryRun } from '../run.ts';
import type { StackContext } from '../server.ts';

/** Every Debian package of the stack, by what wants it. */
const PACKAGES: Record<string, string> = {
  servers:
    'postgresql-15 redis-server nginx-light libnginx-mod-http-js docker-registry openssl ca-certificates',
  kubernetes:
    'containerd runc containernetworking-plugins iptables conntrack ipset iproute2 buildah debootstrap gcc libc6-dev procps kmod',
  browser: 'chromium fonts-dejavu-core python3-websocket',
  odoo:
    'asn1crypto babel cbor2 chardet cryptography dateutil docutils geoip2 gevent greenlet idna jinja2 libsass lxml markupsafe num2words ' +
    'ofxparse openpyxl openssl pil polib psutil psycopg2 pypdf2 tz qrcode reportlab requests rjsmin serial stdnum urllib3 usb vobject ' +
    'werkzeug xlrd xlsxwriter xlwt zeep freezegun magic passlib decorator ldap',
  assets:
    'libjs-jquery libjs-jquery-form libjs-underscore fonts-glyphicons-halflings fonts-inconsolata fonts-font-awesome fonts-ocr-b ' +
    'fonts-roboto-unhinted gsfonts',
};

const LISTS_FRESH_MS = 10 * 3600_000;

export function debianPackages(): string[] {
  return Object.entries(PACKAGES).flatMap(([group, names]) =>
    names.split(' ').map((name) => (group === 'odoo' ? `python3-${name}` : name)),
  );
}

let running: Promise<void> | undefined;

/**
 * Installs the packages that are missing, and only those, once however many servers ask. No service
 * is started: the stack starts its own.
 */
export function installPackages(context: StackContext): Promise<void> {
  running ??= installMissing(debianPackages(), (what) => context.report(what));
  return running;
}

/** Those of the Debian packages that are missing, without their services; needs root. */
export async function installMissing(
  names: string[],
  report: (what: string) => void,
): Promise<void> {
  const missing: string[] = [];
  const known =
    (await tryRun('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...names])) ??
    (await listed());
  const installed = new Set(
    known
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  for (const name of names) if (!installed.has(name)) missing.push(name);
  if (missing.length === 0) return;
  report(`${missing.length} Debian packages`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const wait = ['-o', 'DPkg::Lock::Timeout=300'];
  // an installation that was cut off is ended; while another still runs this fails, and the
  // installation below waits
  await tryRun('dpkg', ['--configure', '-a'], { env, outlives: true });
  const update = (): Promise<string> => run('apt-get', [...wait, '-qq', 'update'], { env });
  const install = (): Promise<string> =>
    run('apt-get', [...wait, 'install', '-y', '-qq', '--no-install-recommends', ...missing], {
      env,
      deadlineMs: 20 * 60_000,
      outlives: true,
    });
  const fresh = listsAreFresh();
  if (!fresh) await update();
  const allow = refuseServiceStarts();
  try {
    // lists of some hours ago may name packages that a newer version has replaced since
    await install().catch((error: Error) =>
      fresh ? update().then(install) : Promise.reject(error),
    );
  } finally {
    allow();
  }
}

/**
 * Packages start their own servers, on the standard ports. Debian asks this file first; one that is
 * there already is left as it is.
 */
function refuseServiceStarts(): () => void {
  const policy = '/usr/sbin/policy-rc.d';
  const ours = '#!/bin/sh\n# of the CreativeFlow stack, while it installs\nexit 101\n';
  if (existsSync(policy) && readFileSync(policy, 'utf8') !== ours) return () => undefined;
  writeFileSync(policy, ours, { mode: 0o755 });
  return () => rmSync(policy, { force: true });
}

async function listed(): Promise<string> {
  // dpkg-query fails as a whole when one name is unknown; the full list never does
  return run('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n']);
}

function listsAreFresh(): boolean {
  const folder = '/var/lib/apt/lists';
  const age = readdirSync(folder)
    .filter((file) => file.includes('Packages'))
    .map((file) => Date.now() - statSync(join(folder, file)).mtimeMs);
  return age.length > 0 && Math.min(...age) < LISTS_FRESH_MS;
}
