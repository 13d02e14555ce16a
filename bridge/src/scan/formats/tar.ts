import { readTarDirectory } from '../containers/tar-directory.ts';
import { isTarHeader } from '../containers/tar-header.ts';
import type { Format, ScanContext } from '../format.ts';
import { SliceSource, type ByteSource } from '../source.ts';
import { isCode, scanCollection, type Member } from './collection.ts';
import { isNemo, scanNemoConfig } from './nemo.ts';
import { isTorchServe, scanTorchServe } from './torch-serve.ts';

const USTAR = [0x75, 0x73, 0x74, 0x61, 0x72];
const USTAR_AT = 257;
/** what torch.save wrote until 2017 */
const TORCH_MEMBERS = ['pickle', 'storages', 'tensors'];

/**
 * A tar is what its members are: a NeMo model, PyTorch's first format, or a collection of files.
 */
export const tar: Format = {
  id: 'tar',
  title: 'a tar archive',
  extensions: ['tar', 'nemo'],
  sniff: (_source, head) =>
    USTAR.every((byte, i) => head[USTAR_AT + i] === byte) || isTarHeader(head.subarray(0, 512)),
  scan: scanTar,
};

function scanTar(source: ByteSource, file: string, context: ScanContext): void {
  const { report } = context;
  const members: Member[] = readTarDirectory(source, context.limits.members).map(
    ({ name, size, dataOffset }) => ({
      name,
      size,
      open: () => new SliceSource(source, dataOffset, size),
    }),
  );
  const names = members.map(({ name }) => name);
  if (isTorchServe(names)) {
    report.formats[file] = 'torch-serve';
    return scanTorchServe(members, file, context);
  }
  if (isNemo(names)) {
    report.formats[file] = 'nemo';
    for (const member of members)
      if (/\.ya?ml$/i.test(member.name))
        report.guard(`${file}!${member.name}`, () =>
          scanNemoConfig(member.open(), `${file}!${member.name}`, context),
        );
  } else if (TORCH_MEMBERS.every((name) => names.includes(name))) {
    report.formats[file] = 'torch-legacy-tar';
    report.add('torch-legacy-tar', { file });
  } else if (/\.nemo(!unpacked)?$/i.test(file)) {
    report.add('nemo-config', {
      file,
      why: 'A NeMo model has its model_config.yaml at the top; here it is not.',
    });
  }
  for (const name of names.filter(isCode))
    report.add('archive-code', { file: `${file}!${name}`, symbol: name });
  const hasModel = scanCollection(members, file, context);
  if (!hasModel && context.kind === 'model')
    report.add('format-not-understood', {
      file,
      why: 'There is no model among the files of the archive.',
    });
}
