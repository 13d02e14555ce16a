import { isPair, isScalar, parseDocument, visit } from 'yaml';
import type { ScanContext } from '../format.ts';
import { Rejected } from '../report.ts';
import { tellTemplate } from './gguf.ts';
import { isNestedTooDeep } from './yaml-nesting.ts';

/** Asks PyYAML's older loaders to import or call something, however the tag is written; `%TAG` gives a prefix another handle. */
const PYTHON_TAG = /!!python\/|tag:yaml\.org,2002:python|^%TAG\b/m;
const JINJA = /\{[{%]/;
const NAMES_TEMPLATE = /template$/i;

/** Settings beside a model, as YAML: what a loader would run, and the chat templates in them. */
export function lookIntoYaml(content: string, file: string, context: ScanContext): void {
  const tag = PYTHON_TAG.exec(content);
  if (tag !== null) context.report.add('yaml-python-tag', { file, line: content.slice(0, tag.index).split('\n').length, evidence: content.slice(tag.index, tag.index + 80) });
  if (!JINJA.test(content)) return;
  if (content.length > context.limits.yamlBytes || isNestedTooDeep(content)) throw new Rejected('limit-exceeded', 'The YAML is too large, or nested too deep.');
  for (const { key, text } of textsIn(content)) if (NAMES_TEMPLATE.test(key)) tellTemplate(text, file, context, undefined, key);
}

/** Texts with the nearest key above them. What is no YAML and speaks of a chat template is judged as one. */
function textsIn(content: string): { key: string; text: string }[] {
  const document = parseDocument(content, { uniqueKeys: false, prettyErrors: false, logLevel: 'silent' });
  if (document.errors.length > 0) return content.includes('chat_template') ? [{ key: 'chat_template', text: content }] : [];
  const found: { key: string; text: string }[] = [];
  visit(document, {
    Scalar: (role, { value }, path) => {
      if (role === 'key' || typeof value !== 'string') return;
      const pair = path.findLast((one) => isPair(one));
      found.push({ key: isPair(pair) && isScalar(pair.key) ? String(pair.key.value) : '', text: value });
    },
  });
  return found;
}
