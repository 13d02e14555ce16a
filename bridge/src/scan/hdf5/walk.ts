import { Rejected } from '../report.ts';
import type { ByteSource } from '../source.ts';
import type { Limits } from '../types.ts';
import { readAttribute, type Attribute } from './attribute.ts';
import type { Cursor } from './cursor.ts';
import { checkStorage, type Stored } from './dataset.ts';
import { readDataspace } from './dataspace.ts';
import { readDatatype } from './datatype.ts';
import { readDenseAttributes, readDenseLinks } from './dense.ts';
import { Elsewhere } from './elsewhere.ts';
import { Hdf5File, type Tell } from './file.ts';
import { readFillValue, readOldFillValue } from './fill-value.ts';
import { NO_FILTERS, readFilters } from './filters.ts';
import { RawData } from './raw-data.ts';
import { GlobalHeap } from './global-heap.ts';
import { readLayout } from './layout.ts';
import { readLink, type Link } from './links.ts';
import { MESSAGE, readObjectHeader, type ObjectHeader } from './object-header.ts';
import { readSuperblock, type GroupParts } from './superblock.ts';
import { readSymbolTable } from './symbol-table.ts';

export interface Hdf5Visitor {
  tell: Tell;
  attribute(path: string, attribute: Attribute): void;
  dataset(path: string, at: number, dataset: Stored): void;
  /** what lies in the dataset itself */
  data(path: string, data: RawData, dataset: Stored): void;
  /** an element that lies apart from its dataset */
  element(
    path: string,
    at: number,
    bytes: Buffer,
    dataset: Stored,
    attributes: readonly Attribute[],
  ): void;
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
  const heap = new GlobalHeap(file);
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
    left.push(...readObject(file, heap, visitor, next).reverse());
  }
  heap.tellUnused();
  file.checkOwners();
}

/** One group or dataset. Answers with what lies in it. */
function readObject(
  file: Hdf5File,
  heap: GlobalHeap,
  visitor: Hdf5Visitor,
  { at, path, depth, cached }: Visit,
): Visit[] {
  const header = readObjectHeader(file, at);
  const find = (type: number): Cursor | undefined =>
    header.messages.find((message) => message.type === type)?.body;
  const attributes = readAttributes(file, heap, header, find(MESSAGE.attributeInfo));
  for (const attribute of attributes) visitor.attribute(path === '' ? '/' : path, attribute);
  const isGroup =
    find(MESSAGE.symbolTable) !== undefined ||
    find(MESSAGE.linkInfo) !== undefined ||
    find(MESSAGE.link) !== undefined;
  if (find(MESSAGE.layout) !== undefined) {
    if (isGroup)
      throw new Rejected('hdf5-structure', 'An object is a group and a dataset at once.', at);
    readDataset(file, heap, visitor, path, at, find, attributes);
    return [];
  }
  if (!isGroup)
    throw new Rejected(
      'hdf5-feature',
      `The object ${JSON.stringify(path.slice(0, 120))} is neither a group nor a dataset.`,
      at,
    );
  if (
    find(MESSAGE.datatype) !== undefined ||
    find(MESSAGE.dataspace) !== undefined ||
    find(MESSAGE.externalFiles) !== undefined
  )
    throw new Rejected('hdf5-structure', 'A group has what only datasets have.', at);
  const links = readLinks(file, header, find, cached);
  return follow(file, links, path, depth);
}

function readAttributes(
  file: Hdf5File,
  heap: GlobalHeap,
  { messages }: ObjectHeader,
  info: Cursor | undefined,
): Attribute[] {
  const bodies = messages.filter(({ type }) => type === MESSAGE.attribute).map(({ body }) => body);
  if (info !== undefined) bodies.push(...readDenseAttributes(file, info));
  const names = new Set<string>();
  return bodies.map((body) => {
    const attribute = readAttribute(body, heap);
    if (names.has(attribute.name))
      body.fail(
        `an object has two attributes called ${JSON.stringify(attribute.name.slice(0, 80))}; readers differ in which one they take`,
        0,
      );
    names.add(attribute.name);
    return attribute;
  });
}

function readDataset(
  file: Hdf5File,
  heap: GlobalHeap,
  visitor: Hdf5Visitor,
  path: string,
  at: number,
  find: (type: number) => Cursor | undefined,
  attributes: readonly Attribute[],
): void {
  const part = <T>(type: number, read: (body: Cursor) => T): T | undefined => {
    const body = find(type);
    const value = body === undefined ? undefined : read(body);
    body?.rest();
    return value;
  };
  if (find(MESSAGE.externalFiles) !== undefined)
    return file.tell('hdf5-external', {
      offset: at,
      symbol: path,
      why: 'The data of this dataset lie in another file, which the model names; reading it reads that file.',
    });
  const type = part(MESSAGE.datatype, readDatatype);
  const space = part(MESSAGE.dataspace, readDataspace);
  const filters = part(MESSAGE.filters, readFilters) ?? NO_FILTERS;
  const fill = part(MESSAGE.fillValue, readFillValue) ?? 0;
  const oldFill = part(MESSAGE.oldFillValue, readOldFillValue) ?? 0;
  const layout = part(MESSAGE.layout, readLayout)!;
  if (type === undefined || space === undefined)
    throw new Rejected('hdf5-structure', 'A dataset has no type or no shape.', at);
  if (layout.kind === 'virtual')
    return file.tell('hdf5-external', {
      offset: at,
      symbol: path,
      why: 'The dataset is virtual: its data are put together from other files, which the model names.',
    });
  for (const bytes of [fill, oldFill])
    if (bytes !== 0 && bytes !== type.size)
      throw new Rejected(
        'hdf5-structure',
        'The fill value of a dataset is not one of its elements.',
        at,
      );
  const stored = { type, space, layout, filters };
  visitor.dataset(path, at, stored);
  if (type.kind !== 'text-elsewhere' && type.kind !== 'list') {
    const data = new RawData(file, stored);
    checkStorage(file, path, at, stored, data.part);
    return visitor.data(path, data, stored);
  }
  const elsewhere = new Elsewhere(file, heap);
  checkStorage(file, path, at, stored, elsewhere.part);
  elsewhere.read(stored, (bytes, from) => visitor.element(path, from, bytes, stored, attributes));
}

function readLinks(
  file: Hdf5File,
  { at, messages }: ObjectHeader,
  find: (type: number) => Cursor | undefined,
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

function follow(file: Hdf5File, links: Link[], path: string, depth: number): Visit[] {
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
