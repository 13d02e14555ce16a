import type { ProtoField, Range } from '../../protobuf/reader.ts';
import { Rejected } from '../../report.ts';
import { readGraph, type Graph } from './graph.ts';
import { checkBound, readAny, readObjects, type ModelObjects } from './objects.ts';
import { Paths, type PathSources } from './paths.ts';
import { tensorflowMessage, type SavedModelWalk } from './walk.ts';

const FUNCTIONS_MAX = 200_000;

/** Where a message stands: in another one, or the file itself. */
type Place = Range & Pick<ProtoField, 'at'>;

/**
 * One MetaGraphDef: a graph with all that belongs to it. It is judged when it was read, since its
 * parts come in any order.
 */
export function readMetaGraph(walk: SavedModelWalk, field: Place): void {
  const { reader, file, context, operators } = walk;
  const functions = new Map<string, Graph>();
  const assets = new Set<string>();
  const fed = new Set<string>();
  let [main, objects, checkpoint]: [Graph | null, ModelObjects | null, string] = [null, null, ''];
  const asset = (definition: ProtoField): void => void assets.add(readAsset(walk, definition));
  reader.read(field, tensorflowMessage('MetaGraphDef'), {
    meta_info_def: (info) =>
      reader.read(info, tensorflowMessage('MetaGraphDef.MetaInfoDef'), {
        any_info: (any) => readAny(walk, any),
      }),
    graph_def: (graph) => void (main = readGraph(walk, graph, (found) => define(functions, found))),
    saver_def: (saver) =>
      reader.read(saver, tensorflowMessage('SaverDef'), {
        filename_tensor_name: (text) => void (checkpoint = nodeOf(reader.text(text))),
      }),
    collection_def: (entry) =>
      reader.read(entry, tensorflowMessage('CollectionDef'), {
        any_list: (list) =>
          reader.read(list, tensorflowMessage('CollectionDef.AnyList'), {
            value: (any) => readAny(walk, any, asset),
          }),
      }),
    signature_def: (entry) =>
      reader.read(entry, tensorflowMessage('SignatureDef'), {
        inputs: (input) =>
          reader.read(input, tensorflowMessage('TensorInfo'), {
            name: (text) => void fed.add(nodeOf(reader.text(text))),
          }),
      }),
    asset_file_def: asset,
    object_graph_def: (graph) => void (objects = readObjects(walk, graph)),
  });
  operators.judge(functions, file, context.report);
  if (main === null)
    throw new Rejected('tensorflow-structure', 'The model has no graph.', field.at);
  for (const name of fed) {
    if (name === checkpoint || assets.has(name))
      throw new Rejected(
        'tensorflow-path',
        `A request gives ${JSON.stringify(name.slice(0, 120))}, which names a file.`,
        field.at,
      );
  }
  const paths = checkPaths(walk, main, functions, { checkpoint, assets, requests: fed });
  if (objects !== null) checkBound(objects, functions, paths);
}

/** A GraphDef by itself. Nobody feeds it with the names of files, so it may open none. */
export function readGraphAlone(walk: SavedModelWalk, place: Place): void {
  const functions = new Map<string, Graph>();
  const graph = readGraph(walk, place, (found) => define(functions, found));
  walk.operators.judge(functions, walk.file, walk.context.report);
  checkPaths(walk, graph, functions, { checkpoint: '', assets: new Set(), requests: new Set() });
}

function define(functions: Map<string, Graph>, graph: Graph): void {
  if (functions.has(graph.name))
    throw new Rejected(
      'tensorflow-duplicate',
      `Two functions are called ${JSON.stringify(graph.name.slice(0, 120))}.`,
      graph.at,
    );
  if (functions.set(graph.name, graph).size > FUNCTIONS_MAX)
    throw new Rejected(
      'limit-exceeded',
      `The model has more than ${FUNCTIONS_MAX} functions.`,
      graph.at,
    );
}

function checkPaths(
  { file, context }: SavedModelWalk,
  main: Graph,
  functions: ReadonlyMap<string, Graph>,
  sources: PathSources,
): Paths {
  const paths = new Paths(functions, ({ op, at }, text) =>
    context.report.add('tensorflow-path-review', { file, offset: at, symbol: op, evidence: text }),
  );
  for (const name of functions.keys()) paths.argumentsOf(name);
  paths.checkMain(main, sources);
  return paths;
}

/**
 * AssetFileDef: a file in the folder `assets`. Answers the node that a loader feeds with its path.
 */
function readAsset({ reader, file, context }: SavedModelWalk, field: ProtoField): string {
  let [name, node] = ['', ''];
  reader.read(field, tensorflowMessage('AssetFileDef'), {
    filename: (text) => void (name = reader.text(text)),
    tensor_info: (info) =>
      reader.read(info, tensorflowMessage('TensorInfo'), {
        name: (text) => void (node = nodeOf(reader.text(text))),
      }),
  });
  const folder = context.name.slice(0, context.name.lastIndexOf('/') + 1);
  const plain =
    name !== '' &&
    !/[\\:\p{Cc}]/u.test(name) &&
    name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  if (!plain)
    context.report.add('tensorflow-asset', {
      file,
      offset: field.at,
      symbol: name,
      why: 'The name of the asset leads outside of the folder.',
    });
  else if (!context.siblings.has(`${folder}assets/${name}`))
    context.report.add('tensorflow-asset', {
      file,
      offset: field.at,
      symbol: name,
      why: 'The upload does not have this asset in the folder “assets” beside the model.',
    });
  return node;
}

const nodeOf = (tensor: string): string => tensor.split(':')[0]!;
