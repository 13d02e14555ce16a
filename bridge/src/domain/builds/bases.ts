import { Arg, From } from 'dockerfile-ast';
import type { Instruction } from 'dockerfile-ast';
import { declare, expandKnown } from './copy.ts';
import type { Variables } from './copy.ts';

/** Where a base image stands in the Dockerfile, so that it can be replaced by its digest. */
export interface BaseImage {
  image: string;
  start: number;
  end: number;
  /** the last stage starts from it */
  final: boolean;
}
interface DockerfileRead {
  readonly dockerfile: string;
  readonly instructions: Instruction[];
  readonly buildArgs: Record<string, string>;
}

/** Adds the base images to `bases`; `unknown`: one of them hangs on a value that is not known. */
export function readBases(
  { dockerfile, instructions, buildArgs }: DockerfileRead,
  bases: BaseImage[],
): { stages: string[]; global: Variables; unknown: boolean } {
  const stages: string[] = [];
  const global: Variables = new Map();
  const last = instructions.findLast((node) => node instanceof From);
  let unknown = false;
  for (const node of instructions) {
    if (node instanceof From) {
      const range = node.getImageRange();
      const image = expandKnown(node.getImage() ?? '', global);
      if (image === null || range === null) unknown = true;
      else if (image.toLowerCase() !== 'scratch' && !stages.includes(image.toLowerCase())) {
        bases.push({
          image,
          start: offsetOf(dockerfile, range.start),
          end: offsetOf(dockerfile, range.end),
          final: node === last,
        });
      }
      stages.push(node.getBuildStage()?.toLowerCase() ?? '');
    } else if (stages.length === 0 && node instanceof Arg) declare(node, global, null, buildArgs);
  }
  return { stages, global, unknown };
}

function offsetOf(text: string, { line, character }: { line: number; character: number }): number {
  let offset = 0;
  for (let at = 0; at < line; at += 1) offset = text.indexOf('\n', offset) + 1;
  return offset + character;
}
