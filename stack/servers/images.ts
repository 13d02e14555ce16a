import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { digestInRegistry, digestOfLayout, pushLayout } from '../images/push.ts';
import { RECIPES, RECIPES_KEY } from '../images/recipes.ts';
import { inWorkshop } from '../images/workshop.ts';
import { logFile } from '../process.ts';
import type { Server, StackContext } from '../server.ts';
import { installPackages } from './apt.ts';
import { registryUrl } from './registry-access.ts';

/**
 * The images that the road starts from: the sandbox's, the base of serving images, the builder.
 * Made once into the cache as OCI layouts (all or none: later ones share layers with earlier ones),
 * and put into this checkout's registry.
 */
export const images: Server = {
  name: 'images',
  needs: ['registry'],
  readyDeadlineMs: 30_000,
  async install(context) {
    await installPackages(context);
    if (existsSync(finished(context))) return;
    await inWorkshop(context, async (workshop) => {
      const layouts = join(workshop.folder, 'layouts');
      for (const { name, make } of RECIPES) {
        context.report(`making ${name}, a minute the first time`);
        await make(context, workshop, name);
        mkdirSync(layouts, { recursive: true });
        await workshop.buildah(['push', '--quiet', name, `oci:${join(layouts, folderOf(name))}`]);
      }
      // another checkout may have been quicker
      if (existsSync(finished(context))) rmSync(layouts, { recursive: true });
      else renameSync(layouts, finished(context));
    });
  },
  async start(context) {
    for (const { name } of RECIPES) {
      if (await upToDate(context, name)) continue;
      context.report(`pushing ${name}`);
      await pushLayout(layoutOf(context, name), registryUrl(context, 'bridge'), name);
    }
  },
  ready: async (context) =>
    existsSync(finished(context)) &&
    (await Promise.all(RECIPES.map(({ name }) => upToDate(context, name)))).every(Boolean),
  stop: async () => undefined, // it runs nothing
  logs: (context) => [logFile(context, 'registry')],
};

async function upToDate(context: StackContext, name: string): Promise<boolean> {
  return (
    (await digestInRegistry(registryUrl(context, 'bridge'), name)) ===
    digestOfLayout(layoutOf(context, name))
  );
}

function finished(context: StackContext): string {
  return join(context.cache, 'images', RECIPES_KEY);
}

function layoutOf(context: StackContext, name: string): string {
  return join(finished(context), folderOf(name));
}

function folderOf(name: string): string {
  return name.replace(/[/:]/g, '-');
}
