import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Router } from 'express';
import { NotFound } from '../errors.ts';

declare const __PROBLEMS_PAGE__: string | undefined;

export interface ProblemPage {
  code: string;
  about: string;
  remedy: string;
  markdown: string;
}

/** The sections of docs/problems.md by their code. */
export function problemsOf(markdown: string): Map<string, ProblemPage> {
  const pages = new Map<string, ProblemPage>();
  for (const section of markdown.split(/^(?=#{2,4} )/m)) {
    const found = /^#{3,4} (\S+)\n\n([\s\S]*?)\n\n\*\*Remedy:\*\* (.+)/.exec(section);
    if (found)
      pages.set(found[1]!, {
        code: found[1]!,
        about: found[2]!,
        remedy: found[3]!,
        markdown: section.trim(),
      });
  }
  return pages;
}

/** In the bundle the text stands in the program itself: no file lies beside it. */
const text = (): string =>
  typeof __PROBLEMS_PAGE__ === 'string'
    ? __PROBLEMS_PAGE__
    : readFileSync(path.join(import.meta.dirname, '../../../docs/problems.md'), 'utf8');

/**
 * `GET /mlops/problems/:code`: where the `type` of a problem leads, as a page, JSON or Markdown.
 */
export function problemPages(): Router {
  const pages = problemsOf(text());
  const router = Router();
  router.get('/mlops/problems/:code', (request, response) => {
    const page = pages.get(request.params.code);
    if (!page)
      throw new NotFound('There is no problem of this code.', {
        code: 'no-such-path',
        remedy: 'See docs/problems.md.',
      });
    response.setHeader(
      'content-security-policy',
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('vary', 'accept');
    switch (request.accepts(['text/html', 'application/json', 'text/markdown'])) {
      case 'application/json':
        return void response.json({ code: page.code, about: page.about, remedy: page.remedy });
      case 'text/markdown':
        return void response.type('text/markdown; charset=utf-8').send(`${page.markdown}\n`);
      default:
        return void response.type('html').send(htmlOf(page));
    }
  });
  return router;
}

function htmlOf({ code, about, remedy }: ProblemPage): string {
  const paragraphs = about
    .split(/\n\n+/)
    .map((each) => `<p>${marked(each)}</p>`)
    .join('\n');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(code)}</title><style>body{font:1rem/1.5 system-ui;max-width:42rem;margin:3rem auto;padding:0 1rem}</style></head>
<body><main><h1>${escaped(code)}</h1>
${paragraphs}
<h2>Remedy</h2>
<p>${marked(remedy)}</p></main></body></html>
`;
}

const marked = (line: string): string => escaped(line).replace(/`([^`]+)`/g, '<code>$1</code>');
const escaped = (line: string): string =>
  line.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
