import { isAlias, isPair, isScalar, visit } from 'yaml';
import type { ScanContext } from '../format.ts';
import { judgeYamlSetting } from '../keras/embedded.ts';
import { Rejected } from '../report.ts';
import type { Limits } from '../types.ts';
import { tellTemplate } from './gguf.ts';
import { tellResolver, tellSetting } from './settings-code.ts';
import { documentsOf, unfoldsTooFar, type YamlDocument } from './yaml-expansion.ts';
import { isNestedTooDeep } from './yaml-nesting.ts';

/**
 * Asks PyYAML's older loaders to import or call something, however the tag is written; `%TAG` gives
 * a prefix another handle.
 */
const PYTHON_TAG = /!!python\/|tag:yaml\.org,2002:python|%TAG\b/;
const JINJA = /\{[{%]/;
const NAMES_TEMPLATE = /template$/i;
/** a brace or a letter of a key can be written so */
const ESCAPE = /\\[xuU0-9]/;
const SETTINGS =
  /target_|class_path|loader_module|custom_pipeline|trust_remote_code|py\/|class_name|function_type|\$\{/;
const ALIAS = /(?:^|[\s[{,:?-])\*[^\s*,\]}]/gm;
/** in what is no YAML for this reader, and may be for another */
const ALIASES_UNREAD_MAX = 10;
/** of settings that hold nothing which must be understood, only their nesting is looked at */
const PLAIN_FACTOR = 8;

/**
 * Settings beside a model, as YAML: what a loader would run or drown in, and the chat templates in
 * them.
 */
export function lookIntoYaml(content: string, file: string, context: ScanContext): void {
  // letters of a tag may be written as in an address
  const plain = content.replace(/%([2-7][0-9a-fA-F])/g, (_whole, digits: string) =>
    String.fromCharCode(parseInt(digits, 16)),
  );
  const tag = PYTHON_TAG.exec(plain);
  if (tag !== null)
    context.report.add('yaml-python-tag', {
      file,
      line: plain.slice(0, tag.index).split('\n').length,
      evidence: plain.slice(tag.index, tag.index + 80),
    });
  // formats/nemo.ts has judged what NeMo makes of its own
  const ofNemo =
    context.report.formats[file.slice(0, Math.max(0, file.lastIndexOf('!')))] === 'nemo';
  for (const { keys, value } of settingsIn(content, context.limits)) {
    tellTemplateAt(keys, value, file, context);
    const key = keys.at(-1) ?? '';
    const ofKeras = judgeYamlSetting(key, value);
    if (ofKeras !== null)
      context.report.add(ofKeras.rule, {
        file,
        symbol: String(value),
        evidence: keys.join('.'),
        why: ofKeras.why,
      });
    tellResolver(value, file, context);
    if (!ofNemo || key !== '_target_') tellSetting(key, value, file, context);
  }
}

/** All values that have to be looked at: none where nothing shows in the text as a whole. */
function settingsIn(content: string, limits: Limits): Value[] {
  const aliases = content.includes('&') ? (content.match(ALIAS) ?? []).length : 0;
  const simple = aliases === 0 && ![JINJA, ESCAPE, SETTINGS].some((form) => form.test(content));
  if (content.length > limits.yamlBytes * (simple ? PLAIN_FACTOR : 1) || isNestedTooDeep(content))
    throw new Rejected('limit-exceeded', 'The YAML is too large, or nested too deep.');
  if (simple) return [];
  const documents = documentsOf(content);
  const readable = documents.every(({ errors }) => errors.length === 0);
  if (readable ? documents.some(unfoldsTooFar) : aliases > ALIASES_UNREAD_MAX)
    throw new Rejected(
      'limit-exceeded',
      'The aliases of the YAML unfold to far more than was written; what walks or merges it does not end.',
    );
  return readable ? documents.flatMap(valuesIn) : unread(content);
}

function tellTemplateAt(
  keys: readonly string[],
  value: unknown,
  file: string,
  { report }: ScanContext,
): void {
  const key = keys.find((one) => NAMES_TEMPLATE.test(one));
  if (key !== undefined && typeof value === 'string' && /\{[{%#]/.test(value))
    tellTemplate(value, { file, key }, report);
}

interface Value {
  keys: string[];
  value: unknown;
}

/** What is no YAML and speaks of a chat template is judged as one. */
const unread = (content: string): Value[] =>
  content.includes('chat_template') ? [{ keys: ['chat_template'], value: content }] : [];

/** Values with the keys above them, the outermost first. */
function valuesIn(document: YamlDocument): Value[] {
  const found: Value[] = [];
  visit(document as Parameters<typeof visit>[0], (role, node, path) => {
    if (role === 'key' || (!isScalar(node) && !isAlias(node))) return;
    const told = isAlias(node)
      ? node.resolve(document as Parameters<typeof node.resolve>[0])
      : node;
    if (!isScalar(told)) return;
    found.push({
      keys: path.flatMap((one) =>
        isPair(one) && isScalar(one.key) ? [String(one.key.value)] : [],
      ),
      value: told.value,
    });
  });
  return found;
}
