import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import type { Limits } from '../types.ts';
import { readAttribute, type Attribute } from './attribute.ts';
import type { Cursor } from './cursor.ts';
import { checkStorage, type Dataset, type Stored } from './dataset.ts';
import { readDataspace } from './dataspace.ts';
import { readDatatype } from './datatype.ts';
import { readDenseAttributes, readDenseLinks } from './dense.ts';
import { Elsewhere } from './elsewhere.ts';
import { Hdf5File, type Tell } from './file.ts';
import { readFillValue, readOldFillValue } from './fill-value.ts';
import { NO_FILTERS, readFilters } from './filters.ts';
import { GlobalHeap } from './global-heap.ts';
import { readLayout } from './layout.ts';
import { readLink, type Link } from './links.ts';
import { MESSAGE, readObjectHeader, type ObjectHeader } from './object-header.ts';
import { RawData } from './raw-data.ts';
import { readSuperblock, type GroupParts } from './superblock.ts';
import { readSymbolTable } from './symbol-table.ts';

const GROUP_MESSAGES = [MESSAGE.symbolTable, MESSAGE.linkInfo, MESSAGE.link];
const DATASET_MESSAGES = [MESSAGE.datatype, MESSAGE.dataspace, MESSAGE.externalFiles];

export interface Hdf5Visitor {
  tell: Tell;
  attribute(path: string, attribute: Attribute): void;
  dataset(dataset: Dataset): void;
  /** what lies in the dataset itself */
  data(dataset: Dataset, data: RawData): void;
  /** an element that lies apart from its dataset */
  element(dataset: Dataset, bytes: Buffer, at: number): void;
}

interface Visit {
  at: number;
  path: string;
  depth: number;
  cached?: GroupParts | undefined;
}

/**
 * Walks through all objects of an HDF5 file
 * (https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html) and accounts for every
 * byte. Links that lead elsewhere are told and not followed.
 */
export function walkHdf5(source: ByteSource, limits: Limits, visitor: Hdf5Visitor): void {
  const file = new Hdf5File(source, limits, visitor.tell);
  const walk = new ObjectWalk(file, visitor);
  const { root, cached } = readSuperblock(file);
  const left: Visit[] = [{ at: root, path: '', depth: 0, cached }];
  let objects = 0;
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (++objects > limits.hdf5Objects)
      throw new Rejected(
        'limit-exceeded',
        `The file has more than ${limits.hdf5Objects} groups and datasets.`,
        next.at,
      );
    if (next.depth > limits.hdf5Depth)
      throw new Rejected(
        'limit-exceeded',
        `Groups are nested deeper than ${limits.hdf5Depth}.`,
        next.at,
      );
    left.push(...walk.read(next).reverse());
  }
  walk.heap.tellUnused();
  file.checkOwners();
}

/** The message of a type, where an object has one. */
type Find = (type: number) => Cursor | undefined;

class ObjectWalk {
  readonly heap: GlobalHeap;
  private readonly file: Hdf5File;
  private readonly visitor: Hdf5Visitor;

  constructor(file: Hdf5File, visitor: Hdf5Visitor) {
    this.heap = new GlobalHeap(file);
    this.file = file;
    this.visitor = visitor;
  }

  /** One group or dataset. Answers with what lies in it. */
  read(visit: Visit): Visit[] {
    const { at, path, cached } = visit;
    const header = readObjectHeader(this.file, at);
    const find: Find = (type) => header.messages.find((message) => message.type === type)?.body;
    const attributes = this.readAttributes(header, find(MESSAGE.attributeInfo));
    for (const attribute of attributes) this.visitor.attribute(path === '' ? '/' : path, attribute);
    const has = (type: number): boolean => find(type) !== undefined;
    const isGroup = GROUP_MESSAGES.some(has);
    if (has(MESSAGE.layout)) {
      if (isGroup)
        throw new Rejected('hdf5-structure', 'An object is a group and a dataset at once.', at);
      this.readDataset(visit, find, attributes);
      return [];
    }
    if (!isGroup)
      throw new Rejected(
        'hdf5-feature',
        `The object ${JSON.stringify(path.slice(0, 120))} is neither a group nor a dataset.`,
        at,
      );
    if (DATASET_MESSAGES.some(has))
      throw new Rejected('hdf5-structure', 'A group has what only datasets have.', at);
    return follow(this.file, readLinks(this.file, header, find, cached), visit);
  }

  private readAttributes({ messages }: ObjectHeader, info: Cursor | undefined): Attribute[] {
    const bodies = messages
      .filter(({ type }) => type === MESSAGE.attribute)
      .map(({ body }) => body);
    if (info !== undefined) bodies.push(...readDenseAttributes(this.file, info));
    const names = new Set<string>();
    return bodies.map((body) => {
      const attribute = readAttribute(body, this.heap);
      if (names.has(attribute.name))
        body.fail(
          `an object has two attributes called ${JSON.stringify(attribute.name.slice(0, 80))}; readers differ in which one they take`,
          0,
        );
      names.add(attribute.name);
      return attribute;
    });
  }

  private readDataset({ at, path }: Visit, find: Find, attributes: readonly Attribute[]): void {
    const { file, visitor } = this;
    if (find(MESSAGE.externalFiles) !== undefined)
      return file.tell('hdf5-external', {
        offset: at,
        symbol: path,
        why: 'The data of this dataset lie in another file, which the model names; reading it reads that file.',
      });
    const dataset = { path, at, attributes, ...readStored(find, at) };
    if (dataset.layout.kind === 'virtual')
      return file.tell('hdf5-external', {
        offset: at,
        symbol: path,
        why: 'The dataset is virtual: its data are put together from other files, which the model names.',
      });
    for (const bytes of dataset.fills)
      if (bytes !== 0 && bytes !== dataset.type.size)
        throw new Rejected(
          'hdf5-structure',
          'The fill value of a dataset is not one of its elements.',
          at,
        );
    visitor.dataset(dataset);
    if (dataset.type.kind !== 'text-elsewhere' && dataset.type.kind !== 'list') {
      const data = new RawData(file, dataset);
      checkStorage(file, dataset, data.part);
      return visitor.data(dataset, data);
    }
    const elsewhere = new Elsewhere(file, this.heap);
    checkStorage(file, dataset, elsewhere.part);
    elsewhere.read(dataset, (bytes, from) => visitor.element(dataset, bytes, from));
  }
}

/** What the messages of a dataset say of its data; `fills`: bytes of its fill values. */
function readStored(find: Find, at: number): Stored & { fills: number[] } {
  const part = <T>(type: number, read: (body: Cursor) => T): T | undefined => {
    const body = find(type);
    const value = body === undefined ? undefined : read(body);
    body?.rest();
    return value;
  };
  const type = part(MESSAGE.datatype, readDatatype);
  const space = part(MESSAGE.dataspace, readDataspace);
  const filters = part(MESSAGE.filters, readFilters) ?? NO_FILTERS;
  const fill = part(MESSAGE.fillValue, readFillValue) ?? 0;
  const oldFill = part(MESSAGE.oldFillValue, readOldFillValue) ?? 0;
  const layout = part(MESSAGE.layout, readLayout)!;
  if (type === undefined || space === undefined)
    throw new Rejected('hdf5-structure', 'A dataset has no type or no shape.', at);
  return { type, space, layout, filters, fills: [fill, oldFill] };
}

function readLinks(
  file: Hdf5File,
  { at, messages }: ObjectHeader,
  find: Find,
  cached: GroupParts | undefined,
): Link[] {
  const table = find(MESSAGE.symbolTable);
  const links = messages
    .filter(({ type }) => type === MESSAGE.link)
    .map(({ body }) => {
      const link = readLink(body);
      body.rest();
      return link;
    });
  const info = find(MESSAGE.linkInfo);
  if (info !== undefined) links.push(...readDenseLinks(file, info));
  // a group that had to take the newer form leaves what its parent said of the older one behind;
  // nobody follows that
  if (table === undefined) {
    if (cached !== undefined) file.leftover(at);
    return links;
  }
  if (links.length > 0 || info !== undefined)
    table.fail('a group has members of the old and of the new form', 0);
  const parts = { tree: table.address(), heap: table.address() };
  if (cached !== undefined && (cached.tree !== parts.tree || cached.heap !== parts.heap))
    table.fail('what is said of a group elsewhere is not what it says itself', 0);
  return readSymbolTable(file, parts.tree, parts.heap);
}

function follow(file: Hdf5File, links: Link[], { path, depth }: Visit): Visit[] {
  const names = new Set<string>();
  const visits: Visit[] = [];
  for (const link of links) {
    const inside = path === '' ? link.name : `${path}/${link.name}`;
    if (names.has(link.name))
      throw new Rejected(
        'hdf5-structure',
        `A group has two members called ${JSON.stringify(link.name.slice(0, 80))}.`,
        link.at,
      );
    names.add(link.name);
    if (link.kind === 'hard')
      visits.push({ at: link.to, path: inside, depth: depth + 1, cached: link.cached });
    else if (link.kind === 'soft')
      file.tell('hdf5-soft-link', {
        offset: link.at,
        symbol: inside,
        why: `The member leads to the path ${JSON.stringify(link.target.slice(0, 120))}; Keras writes no such links and refuses to read them.`,
      });
    else
      file.tell('hdf5-external', {
        offset: link.at,
        symbol: inside,
        why: `The member leads to another file: ${JSON.stringify(link.target.slice(0, 120))}.`,
      });
  }
  return visits;
}
