export type FileKind = 'model' | 'dockerfile' | 'side';
export type ItemState =
  'ready' | 'sending' | 'paused' | 'waiting' | 'done' | 'failed' | 'needsFile';

/** One file of an upload, from the drop to the last byte. */
export interface Item {
  id: string;
  name: string;
  size: number;
  lastModified: number;
  kind: FileKind;
  state: ItemState;
  /** bytes the server has */
  sent: number;
  /** where the server keeps it (tus) */
  url?: string;
  file?: File;
  handle?: FileSystemFileHandle;
  digest?: string;
  digestShare?: number;
  /** bytes per second, over the last seconds */
  rate?: number;
  error?: unknown;
}

const MODEL_NAMES =
  /\.(safetensors|pt|pth|pkl|pickle|joblib|onnx|h5|keras|gguf|ggml|bin|pb|tflite|npz|json\.gz|model|ubj|cbm)$/i;

/** What a file most likely is; a person may say otherwise. */
function kindOf(name: string, others: Item[]): FileKind {
  if (/^(dockerfile|containerfile)(\..*)?$/i.test(name) || /\.dockerfile$/i.test(name))
    return others.some((item) => item.kind === 'dockerfile') ? 'side' : 'dockerfile';
  if (MODEL_NAMES.test(name) && !others.some((item) => item.kind === 'model')) return 'model';
  return 'side';
}

/** With no file that looks like one, the largest is the model. */
export function markModel(items: Item[]): void {
  if (items.some((item) => item.kind === 'model')) return;
  const [largest] = items
    .filter(
      (item) => item.kind === 'side' && !/\.(py|txt|md|json|ya?ml|toml|cfg)$/i.test(item.name),
    )
    .sort((a, b) => b.size - a.size);
  if (largest) largest.kind = 'model';
}

export interface Picked {
  file: File;
  handle?: FileSystemFileHandle;
}

export const itemOf = ({ file, handle }: Picked, others: Item[]): Item => ({
  id: crypto.randomUUID(),
  name: file.name,
  size: file.size,
  lastModified: file.lastModified,
  kind: kindOf(file.name, others),
  state: 'ready',
  sent: 0,
  file,
  ...(handle ? { handle } : {}),
});

/**
 * The files of a drop, with handles where the browser gives them: with one, an upload goes on after
 * a reload.
 */
export async function filesOf(data: DataTransfer | null): Promise<Picked[]> {
  const items = [...(data?.items ?? [])].filter((item) => item.kind === 'file');
  const picked = items.map((item) => ({
    file: item.getAsFile(),
    handle: (
      item as DataTransferItem & { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> }
    ).getAsFileSystemHandle?.(),
  }));
  const all = await Promise.all(
    picked.map(async ({ file, handle }) => {
      const found = await handle?.catch(() => null);
      return file && (!found || found.kind === 'file')
        ? { file, ...(found ? { handle: found as FileSystemFileHandle } : {}) }
        : undefined;
    }),
  );
  return all.filter((one) => one !== undefined);
}
