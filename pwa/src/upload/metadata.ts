import type { RegisterBody, UploadMetadata } from '../api/types.ts';
import type { Form } from './draft.ts';
import type { Item } from './item.ts';

/** The form as a metadata.json fills it in; undefined of a file that is not ours. */
export async function formOf(file: File): Promise<Form | undefined> {
  try {
    const said = JSON.parse(await file.text()) as Partial<UploadMetadata>;
    if (typeof said.name !== 'string' && typeof said.version !== 'string') return undefined;
    const { description, framework } = said;
    return {
      name: typeof said.name === 'string' ? said.name.trim() : '',
      version: said.version ?? '',
      description: description ?? '',
      framework: framework ?? '',
      ...dataOf(said),
    };
  } catch {
    return undefined;
  }
}

/** What is shown of a metadata.json as it is. */
type Data = Omit<Form, 'name' | 'version' | 'description' | 'framework'>;
const dataOf = (said: Partial<UploadMetadata>): Data => ({
  params: said.params ?? {},
  metrics: said.metrics ?? undefined,
  inputSchema: said.inputSchema,
  outputSchema: said.outputSchema,
  serving: said.serving ?? undefined,
  team: said.team ?? undefined,
});

/** What is known of a file's version before the file is sent. */
export function aboutOf({ digest }: Item, form: Form): Record<string, string> {
  const { name, version, team } = form;
  return {
    ...(name.trim() && version.trim() ? { name: name.trim(), version: version.trim() } : {}),
    ...(team ? { team } : {}),
    ...(digest ? { digest } : {}),
  };
}

/** What makes a version of the files that were uploaded. */
export function registrationOf(form: Form, items: Item[]): RegisterBody {
  const of = (kind: Item['kind']): string[] =>
    items.filter((item) => item.kind === kind).map((item) => uploadId(item.url ?? ''));
  const [modelFile = ''] = of('model');
  const [dockerfile = ''] = of('dockerfile');
  const uploads = { modelFile, dockerfile, sideFiles: of('side') };
  return { metadata: metadataOf(form, items), uploads };
}

function metadataOf(form: Form, items: Item[]): UploadMetadata {
  const digests = Object.fromEntries(
    items
      .filter((item) => item.digest)
      .map((item) => [
        item.kind === 'dockerfile' ? 'Dockerfile' : item.name,
        item.digest as string,
      ]),
  );
  const filled = Object.entries({
    team: form.team,
    description: form.description.trim(),
    framework: form.framework.trim(),
    metrics: form.metrics,
    inputSchema: form.inputSchema,
    outputSchema: form.outputSchema,
    serving: form.serving,
  });
  return {
    name: form.name.trim(),
    version: form.version.trim(),
    digests,
    ...(Object.keys(form.params).length ? { params: form.params } : {}),
    ...Object.fromEntries(
      filled.filter(([, value]) => value !== undefined && value !== '' && value !== null),
    ),
  };
}

/** tus names an upload by its address; its last part is its id. */
const uploadId = (url: string): string => url.split('/').at(-1) ?? '';
