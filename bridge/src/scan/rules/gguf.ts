import { RESAVE, block, type RuleArea } from './rule.ts';

export const ggufRules = {
  title: 'GGUF',
  about:
    'Versions 2 and 3, little endian. Every count is held against the bytes that are there; tensors tile the data exactly.',
  rules: {
    'gguf-structure': block(
      'high',
      'The file breaks the format: a count, a length, a type or a name is not what it may be.',
      RESAVE,
    ),
    'gguf-layout': block(
      'high',
      'The tensors do not cover the data exactly: there are gaps, overlaps or bytes left over.',
      RESAVE,
    ),
    'template-unsafe': block(
      'critical',
      'A chat template is a program that the serving library runs; this one reaches beyond shaping text.',
      'Use the template that the model was published with, or one that only uses loops, conditions and text filters.',
      'Templates in GGUF, `tokenizer_config.json`, `chat_template.json` and `.jinja` files are read token by token: attributes of Python’s insides, computed names, unknown functions, filters, tests and statements block (CVE-2024-34359).',
    ),
    'template-endless': block(
      'high',
      'A chat template would run without end, or fill the memory of the server.',
      'Use the template that the model was published with, or one whose loops go over the messages and tools alone.',
      'The template is followed with upper bounds in place of values: powers, repeated texts, wide padding, long ranges, loops in loops, texts that double, macros that call themselves.',
    ),
  },
} as const satisfies RuleArea;
