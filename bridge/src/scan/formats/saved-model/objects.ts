import type { ProtoField } from '../../protobuf/reader.ts';
import { Rejected } from '../../report.ts';
import type { Graph } from './graph.ts';
import { checkKerasConfig } from './keras-config.ts';
import type { Paths } from './paths.ts';
import { tensorflowMessage, type SavedModelWalk } from './walk.ts';

const CONFIG_MAX_BYTES = 16 * 1024 * 1024;

/**
 * The objects of a model as far as they decide what functions are given: which are assets, and what
 * is bound to which function.
 */
export interface ModelObjects {
  /** for each object: is it an asset? */
  assets: boolean[];
  /** function → the objects that are its last arguments */
  bound: Map<string, { objects: number[]; at: number }>;
}

/** SavedObjectGraph. Also reads what older Keras keeps in it. */
export function readObjects(walk: SavedModelWalk, field: ProtoField): ModelObjects {
  const { reader } = walk;
  const objects: ModelObjects = { assets: [], bound: new Map() };
  reader.read(field, tensorflowMessage('SavedObjectGraph'), {
    nodes: (node) => {
      const index = objects.assets.push(false) - 1;
      reader.read(node, tensorflowMessage('SavedObject'), {
        asset: (asset) => {
          objects.assets[index] = true;
          reader.read(asset, tensorflowMessage('SavedAsset'));
        },
        user_object: (object) =>
          reader.read(object, tensorflowMessage('SavedUserObject'), {
            metadata: (text) =>
              void (
                text.end > text.start &&
                checkKerasConfig(
                  reader.bytes(text, CONFIG_MAX_BYTES),
                  text.start,
                  walk.file,
                  walk.context,
                )
              ),
          }),
        serialized_user_proto: (any) => readAny(walk, any),
      });
    },
    concrete_functions: (entry) => {
      const bound: number[] = [];
      reader.read(entry, tensorflowMessage('SavedConcreteFunction'), {
        bound_inputs: (list) => reader.eachNumber(list, (value) => void bound.push(Number(value))),
      });
      objects.bound.set(entry.key, { objects: bound, at: entry.at });
    },
  });
  return objects;
}

/**
 * What is bound to an argument that names a file must be an asset, and an argument that a caller
 * gives may not name one.
 */
export function checkBound(
  { assets, bound }: ModelObjects,
  functions: ReadonlyMap<string, Graph>,
  paths: Paths,
): void {
  for (const [name, { objects, at }] of bound) {
    const free = (functions.get(name)?.args.length ?? 0) - objects.length;
    for (const argument of paths.argumentsOf(name).keys()) {
      if (argument < free)
        throw new Rejected(
          'tensorflow-path',
          `Whoever calls ${JSON.stringify(name.slice(0, 120))} decides which file it opens.`,
          at,
        );
      if (assets[objects[argument - free]!] !== true)
        throw new Rejected(
          'tensorflow-path',
          `The file that ${JSON.stringify(name.slice(0, 120))} opens is not an asset.`,
          at,
        );
    }
  }
}

/** A message of a kind that its name tells. One kind is known: the assets of TensorFlow 1. */
export function readAny(
  { reader, file, context }: SavedModelWalk,
  field: ProtoField,
  onAsset?: (value: ProtoField) => void,
): void {
  let type = '';
  let content: ProtoField | null = null;
  reader.read(field, tensorflowMessage('Any'), {
    type_url: (text) => void (type = reader.text(text)),
    value: (bytes) => void (content = bytes),
  });
  if (
    type === 'type.googleapis.com/tensorflow.AssetFileDef' &&
    onAsset !== undefined &&
    content !== null
  )
    onAsset(content);
  else context.report.add('tensorflow-opaque', { file, offset: field.at, symbol: type });
}
