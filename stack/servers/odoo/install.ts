import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { run } from '../../run.ts';
import type { StackContext } from '../../server.ts';
import { installPackages } from '../apt.ts';
import { debianMirror } from '../debian-mirror.ts';

/**
 * The Debian package that was tried. sid moves on: a newer 19.0 is accepted when
 * `CREATIVEFLOW_ODOO_ANY=1` says so.
 */
const PINNED = {
  version: '19.0.0+dfsg-1',
  sha256: '9d2f598b0555db17e291d48ed24df184c70823c053c4c5ed53c467ca7f629bbf',
};

/**
 * Where the unpacked package lies: in the cache, keyed by version, so that a second checkout only
 * starts it.
 */
export function odooPrefix(context: StackContext): string {
  return join(context.cache, 'odoo', `prefix-${readChosen(context)?.version ?? PINNED.version}`);
}

export async function installOdoo(context: StackContext): Promise<void> {
  // first and alone: container images of Debian empty the system's package cache after each update,
  // also one of another state
  await installPackages(context);
  const folder = join(context.cache, 'odoo');
  mkdirSync(folder, { recursive: true });
  if (existsSync(join(odooPrefix(context), 'complete'))) return;
  const deb = await fetchPackage(context, folder);
  const prefix = odooPrefix(context);
  const partial = `${prefix}.${process.pid}`;
  context.report('unpacking Odoo');
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  await run('dpkg', ['-x', deb, partial]);
  complete(partial);
  await check(partial);
  rmSync(prefix, { recursive: true, force: true });
  renameSync(partial, prefix);
}

/** That it is Odoo 19.0 and that its Python dependencies are all there. */
async function check(prefix: string): Promise<void> {
  const env = { ...process.env, PYTHONPATH: join(prefix, 'usr/lib/python3/dist-packages') };
  const said = await run('/usr/bin/python3', [join(prefix, 'usr/bin/odoo'), '--version'], { env });
  if (!/\b19\.0\b/.test(said))
    throw new Error(`the package is not Odoo 19.0; it says: ${said.trim()}`);
}

/** Mends what Debian's package leaves to other packages or had to remove for its licence. */
function complete(prefix: string): void {
  for (const name of ['javascript', 'fonts', 'fonts-font-awesome']) {
    const link = join(prefix, 'usr/share', name);
    if (!existsSync(link)) symlinkSync(join('/usr/share', name), link);
  }
  // named by the web client's bundle and not shipped: without it each page logs an error, and
  // browser tours fail on that
  const stub = join(
    prefix,
    'usr/lib/python3/dist-packages/odoo/addons/mail/static/lib/selfie_segmentation',
  );
  mkdirSync(stub, { recursive: true });
  if (!existsSync(join(stub, 'selfie_segmentation.js')))
    writeFileSync(join(stub, 'selfie_segmentation.js'), '/* not shipped by Debian */\n');
  writeFileSync(join(prefix, 'complete'), '');
}

async function fetchPackage(context: StackContext, folder: string): Promise<string> {
  const kept = join(folder, `odoo-19_${PINNED.version}_all.deb`);
  if (existsSync(kept) && (await sha256(kept)) === PINNED.sha256) return kept;
  context.report('downloading Odoo 19, 117 MB');
  const apt = aptOfSid(folder);
  await run('apt-get', [...apt, '-qq', 'update']);
  const newest =
    (await run('apt-cache', [...apt, 'madison', 'odoo-19'])).split('|')[1]?.trim() ?? '';
  const any = process.env['CREATIVEFLOW_ODOO_ANY'] === '1';
  if (newest !== PINNED.version && !(any && newest.startsWith('19.0'))) {
    throw new Error(
      `Debian sid now has odoo-19 ${newest || '(none)'}; ${PINNED.version} was tested. Set CREATIVEFLOW_ODOO_ANY=1 to take any 19.0, or put odoo-19_${PINNED.version}_all.deb into ${folder}.`,
    );
  }
  await run('apt-get', [...apt, '-qq', 'download', `odoo-19=${newest}`], { cwd: folder });
  const file = readdirSync(folder).find(
    (name) =>
      name.startsWith('odoo-19_') &&
      name.endsWith('.deb') &&
      decodeURIComponent(name).includes(newest),
  );
  if (!file) throw new Error(`apt-get download of odoo-19 ${newest} left no file in ${folder}`);
  const path = join(folder, file);
  const digest = await sha256(path);
  if (newest === PINNED.version && digest !== PINNED.sha256) {
    rmSync(path);
    throw new Error(
      `the downloaded Odoo package has SHA-256 ${digest}, expected ${PINNED.sha256}. It was removed; try again, and do not use it if this repeats.`,
    );
  }
  writeFileSync(join(folder, 'chosen.json'), JSON.stringify({ version: newest, sha256: digest }));
  rmSync(join(folder, 'apt-sid'), { recursive: true, force: true });
  return path;
}

/**
 * apt's options for a sources list and state of its own, so that the system's apt stays on its
 * release.
 */
function aptOfSid(folder: string): string[] {
  const state = join(folder, 'apt-sid');
  mkdirSync(join(state, 'lists/partial'), { recursive: true });
  mkdirSync(join(state, 'cache/archives/partial'), { recursive: true });
  writeFileSync(
    join(state, 'sid.list'),
    `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${debianMirror()} sid main\n`,
  );
  const options = {
    'Dir::Etc::sourcelist': join(state, 'sid.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': join(state, 'lists'),
    'Dir::Cache': join(state, 'cache'),
    'Acquire::Languages': 'none',
    'APT::Sandbox::User': 'root',
  };
  return Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
}

function readChosen(context: StackContext): { version: string } | null {
  const file = join(context.cache, 'odoo', 'chosen.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }) : null;
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
