import { Keyword, type Dockerfile, type Instruction } from 'dockerfile-ast';
import type { Report } from '../report.ts';
import { shellText } from './instruction-text.ts';
import type { Tell } from './shell-rules.ts';

const KEYWORDS = new Set<string>(Object.values(Keyword));
/** what everybody's builder takes when nothing is named */
const ORDINARY_FRONTEND =
  /^(docker\.io\/)?docker\/dockerfile:1(\.\d+){0,2}(-labs)?(@sha256:[0-9a-f]{64})?$/;

/** The lines in front, by which a file chooses who reads it and how. */
export function checkDirectives(
  dockerfile: Dockerfile,
  text: string,
  file: string,
  report: Report,
): void {
  for (const directive of dockerfile.getDirectives()) {
    const line = directive.getRange().start.line + 1;
    const name = directive.getName().toLowerCase();
    if (name === 'syntax' && !ORDINARY_FRONTEND.test(directive.getValue()))
      report.add('docker-frontend', { file, line, column: 1, evidence: directive.getValue() });
    if (name === 'escape' && directive.getValue() !== '\\')
      report.add('docker-syntax', {
        file,
        line,
        column: 1,
        why: 'The escape character is changed: builders differ in how they read the rest.',
      });
  }
  // a directive counts only in the first lines; a comment that looks like one is refused wherever
  // it is a first comment of its kind
  if (
    dockerfile.getDirectives().length === 0 &&
    /^(\s*#[^\n]*\n|\s*\n)*\s*#\s*syntax\s*=/i.test(text)
  )
    report.add('docker-frontend', { file, line: 1, column: 1 });
}

/** Every line is an instruction with arguments, and FROM comes first. */
export function checkInstructions(
  dockerfile: Dockerfile,
  tellAt: (node: Instruction) => Tell,
): void {
  let from = false;
  for (const node of dockerfile.getInstructions()) {
    const keyword = node.getKeyword();
    from ||= keyword === 'FROM';
    if (!KEYWORDS.has(keyword))
      tellAt(node)(
        'docker-syntax',
        `${JSON.stringify(node.getInstruction().slice(0, 40))} is no instruction.`,
      );
    else if (!from && keyword !== 'ARG')
      tellAt(node)('docker-syntax', `${keyword} stands before the first FROM.`);
    else if ((node.getArgumentsContent() ?? '').trim() === '')
      tellAt(node)('docker-syntax', `${keyword} has no arguments.`);
    if (keyword === 'ONBUILD') tellAt(node)('docker-onbuild');
  }
}

/** A shell that is none reads the steps behind it as another language. */
export function checkOwnShell(node: Instruction, tell: Tell): void {
  const words = shellText(node)
    .split(/\s+/)
    .map((word) => word.replace(/^'|'$/g, ''));
  const [program = '', ...flags] = words;
  const plain =
    /(^|\/)(sh|bash|ash|dash|zsh|ksh)$/.test(program) &&
    flags.every(
      (flag) => /^[-+][a-zA-Z]+$/.test(flag) || /^(pipefail|errexit|nounset|xtrace)$/.test(flag),
    );
  if (!plain && !/(^|[\\/])(powershell|pwsh|cmd)(\.exe)?$/i.test(program))
    tell(
      'docker-syntax',
      'SHELL names something else than a shell, so the steps behind it cannot be read.',
      shellText(node),
    );
}
