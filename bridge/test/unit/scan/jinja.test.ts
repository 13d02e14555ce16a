import { expect } from 'chai';
import { judgeTemplate } from '../../../src/scan/jinja/policy.ts';
import { rulesOf, scanBytes } from './scan-bytes.ts';

/** In the manner of the templates that published models carry. */
const HONEST: Record<string, string> = {
  ChatML: `{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}`,
  'Llama 2': `{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% endfor %}`,
  'Llama 3.1': `{{- bos_token }}{%- if custom_tools is defined %}{%- set tools = custom_tools %}{%- endif %}{%- if not date_string is defined %}{%- if strftime_now is defined %}{%- set date_string = strftime_now("%d %b %Y") %}{%- else %}{%- set date_string = "26 Jul 2024" %}{%- endif %}{%- endif %}{%- for message in messages %}{%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}{%- elif 'tool_calls' in message %}{%- if not message.tool_calls|length == 1 %}{{- raise_exception("This model only supports single tool-calls at once!") }}{%- endif %}{%- set tool_call = message.tool_calls[0].function %}{%- for arg_name, arg_val in tool_call.arguments | items %}{{- arg_name + '="' + arg_val + '"' }}{%- if not loop.last %}{{- ", " }}{%- endif %}{%- endfor %}{{- tool_call.arguments | tojson }}{%- endif %}{%- endfor %}`,
  'Qwen 2.5': `{%- if tools %}{{- '<|im_start|>system\\n' }}{%- for tool in tools %}{{- "\\n" }}{{- tool | tojson }}{%- endfor %}{%- endif %}{%- for message in messages %}{%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}{%- elif message.role == "tool" %}{%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}{{- '<|im_start|>user' }}{%- endif %}{%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}{{- '<|im_end|>\\n' }}{%- endif %}{%- endif %}{%- endfor %}`,
  'Qwen 3': `{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}{%- for message in messages[::-1] %}{%- set index = (messages|length - 1) - loop.index0 %}{%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}{%- set ns.multi_step_tool = false %}{%- set ns.last_query_index = index %}{%- endif %}{%- endfor %}{%- for message in messages %}{%- set reasoning_content = message.content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}{{- messages[ns.last_query_index].content }}{%- endfor %}`,
  Mistral: `{%- if messages[0]["role"] == "system" %}{%- set system_message = messages[0]["content"] %}{%- set loop_messages = messages[1:] %}{%- else %}{%- set loop_messages = messages %}{%- endif %}{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}{%- set ns = namespace() %}{%- set ns.index = 0 %}{%- for message in loop_messages %}{%- if not (message.role == "tool" or (message.tool_calls is defined and message.tool_calls is not none)) %}{%- set ns.index = ns.index + 1 %}{%- endif %}{%- for key, val in message.items() if key != "return" %}{%- if val is string %}{{- '"' + key + '": "' + val + '"' }}{%- else %}{{- '"' + key + '": ' + val|tojson }}{%- endif %}{%- endfor %}{%- endfor %}`,
  Gemma: `{{ bos_token }}{%- macro render(message) -%}{{ message['content'] | trim }}{%- endmacro -%}{%- for message in messages -%}{%- if (message['role'] == 'assistant') -%}{%- set role = "model" -%}{%- else -%}{%- set role = message['role'] -%}{%- endif -%}{{ '<start_of_turn>' + role + '\\n' + render(message) + '<end_of_turn>\\n' }}{# a comment with __class__ #}{%- endfor -%}`,
  filters: `{{ x|map(attribute='a')|list }}{{ x|selectattr('role', 'equalto', y)|map('trim')|list }}{{ x|sort(attribute='a', reverse=true) }}{{ x|sum(attribute='n', start=y) }}{{ x|sort(true, attribute="b") }}{{ x|join(y) }}{% for k, v in x|dictsort %}{% endfor %}`,
  raw: `{% raw %}{{ ''.__class__ }}{% endraw %}text with __class__ outside of tags`,
  dicts: `{% set roles = {'user': 'U', 'assistant': {'a': 'A'}} %}{{ {'a': {'b': 1}} | tojson }}{{ roles['user'] }}{% generation %}{{ dict(a=1) | tojson }}{% endgeneration %}`,
  'Hermes, with tools': `{%- macro type_of(json_spec) %}{%- set names = {"string": "str", "number": "float"} %}{%- if names[json_spec.type] is defined %}{{- names[json_spec.type] }}{%- elif json_spec.type == "array" %}{{- "list[" + type_of(json_spec['items']) + "]" }}{%- elif json_spec.type is iterable and json_spec.type is not string %}{%- for t in json_spec.type %}{{- type_of({"type": t}) }}{%- endfor %}{%- else %}{{- "Any" }}{%- endif %}{%- endmacro %}{%- for tool in tools %}{%- for name, spec in tool.parameters.properties|items %}{{- name + ": " + type_of(spec) }}{%- endfor %}{%- endfor %}`,
  'Qwen 3 Coder': `{% macro rest(json_dict, handled) %}{%- for json_key in json_dict if json_key not in handled %}{{- '<' ~ json_key ~ '>' ~ (json_dict[json_key] | tojson | safe) ~ '</' ~ json_key ~ '>' }}{%- endfor %}{% endmacro %}{{ rest(tool, ['type']) }}`,
  'types of TypeScript': `{%- macro render(schema, indent="") -%}{%- if schema.type == "object" -%}{%- for key, val in schema.get("properties", {}).items() -%}{%- set inner = render(val, indent + "  ") -%}{{- indent + key + ": " + inner + "\n" -}}{%- endfor -%}{%- set more = schema.additionalProperties -%}{{- render(more, indent) -}}{%- elif schema.type == "array" -%}{{- render(schema['items'], indent) + "[]" -}}{%- endif -%}{%- endmacro -%}{% for tool in tools %}{{ render(tool.parameters) }}{% endfor %}`,
  'a look ahead': `{%- for message in messages -%}{%- set scan = namespace(stopped=false, text='') -%}{%- for k in range(loop.index0 + 1, messages | length) -%}{%- if messages[k]['role'] != 'tool' -%}{%- set scan.stopped = true -%}{%- else -%}{%- set scan.text = scan.text + messages[k]['content'] -%}{%- endif -%}{%- endfor -%}{{ scan.text }}{%- endfor -%}`,
  'images and spaces': `{%- set n = num_img_tokens | default(64, true) | int -%}{% for m in messages %}{% for item in m.content %}{{ '<image>' * n }}{{ '  ' * loop.index0 }}{{ '-' * 40 }}{{ item | tojson(indent=4) }}{{ item | indent(4) }}{% endfor %}{% endfor %}`,
  'a counter': `{%- set state = namespace(image=0) -%}{%- macro show() -%}{{- images[state.image] -}}{%- set state.image = state.image + 1 -%}{%- endmacro -%}{% for m in messages %}{{ show() }}{% endfor %}`,
  'a token with a number': `{%- set eos = '<end{}>'.format(n) %}{%- macro schema(functions, namespace='functions') -%}{{ "namespace " + namespace }}{%- endmacro -%}{{ x[:(indent|length - '  '|length)] }}{{ schema(tools) }}`,
};

/** what it does, and the template */
const ATTACKS: [string, string][] = [
  ['the classic', `{{ ''.__class__.__mro__[1].__subclasses__() }}`],
  [
    'llama-cpp-python',
    `{% for c in [].__class__.__base__.__subclasses__() %}{% if c.__name__ == 'catch_warnings' %}{{ c.__init__.__globals__['__builtins__']['eval']("1") }}{% endif %}{% endfor %}`,
  ],
  ['the name as a subscript', `{{ ''['__class__'] }}`],
  ['the name in escapes', `{{ ''['\\x5f\\x5fclass\\x5f\\x5f'] }}`],
  ['the name in unicode escapes', `{{ ''['\\u005f\\u005fclass__'] }}`],
  ['the name by its parts', `{{ ''['_' + '_class_' + '_'] }}`],
  ['the name in a variable', `{% set a = '_' %}{% set b = a ~ a ~ 'class' ~ a ~ a %}{{ ''[b] }}`],
  [
    'the name from a namespace',
    `{% set ns = namespace(k='x') %}{% set ns.k = something %}{{ ''[ns.k] }}`,
  ],
  ['the name as a list', `{{ ''[['a','b']|join] }}`],
  ['the name by a pattern', `{{ ''['%c%cclass' % (95, 95)] }}`],
  ['|attr', `{{ ''|attr('x') }}`],
  ['|attr after white space', `{{ '' |  attr ( 'a' ) }}`],
  ['map with an attribute', `{{ [x]|map(attribute='_a')|list }}`],
  ['map of attr', `{{ [x]|map('attr', 'a')|list }}`],
  ['selectattr', `{{ [x]|selectattr('a.f_globals')|list }}`],
  ['lipsum', `{{ lipsum.__globals__ }}`],
  ['a frame', `{{ (x|map('upper')).gi_frame.f_builtins }}`],
  ['cycler', `{{ cycler('a') }}`],
  ['joiner', `{{ joiner()() }}`],
  ['self', `{{ self._TemplateReference }}`],
  ['format reads attributes', `{{ '{0.x}'.format(y) }}`],
  ['a call of what was computed', `{{ [x][0](1) }}`],
  ['an unknown function', `{{ open('/etc/passwd') }}`],
  ['an unknown method', `{{ x.popen('id') }}`],
  ['an unknown filter', `{{ x|shell }}`],
  ['an unknown test', `{{ x is evil }}`],
  ['import', `{% import 'os' as os %}`],
  ['from', `{% from 'a' import b %}`],
  ['include', `{% include '/etc/passwd' %}`],
  ['extends', `{% extends 'a' %}`],
  ['block', `{% block a %}{% endblock %}`],
  ['a filter block', `{% filter shell %}{% endfilter %}`],
  ['do', `{% do x.y() %}`],
  ['a tag that does not end', `{{ 'a' `],
  ['a text that does not end', `{{ 'a }}`],
  ['a comment that does not end', `{# a`],
  ['an attribute that a variable names', `{{ x|map(attribute=y) }}`],
  ['an attribute that is put together', `{{ x|selectattr('_' ~ 'a') }}`],
  ['a filter that a variable names', `{{ x|map(y) }}`],
  ['a filter given to a filter', `{{ x|map('map', 'attr', 'a') }}`],
  ['arguments from a list', `{{ x|map(*y) }}`],
  ['arguments from a dict', `{{ x|sort(**y) }}`],
  ['an attribute to sort by', `{{ x|sort(attribute=y) }}`],
  ['a function under the name of another', `{% set range = x.run %}{{ range('a') }}`],
  ['the same in a loop', `{% for dict in x %}{{ dict('a') }}{% endfor %}`],
  ['the same as a parameter', `{% macro m(range) %}{{ range('a') }}{% endmacro %}{{ m(x.run) }}`],
  ['the same as the caller', `{% set caller = x.run %}{{ caller() }}`],
  ['the same as a macro', `{% macro m() %}{% endmacro %}{% set m = x.run %}{{ m('a') }}`],
  ['a loop that is none', `{% set loop = namespace(index=y) %}{{ x[loop.index] }}`],
  ['a number that is a block', `{% set y = 1 %}{% set y %}abc{% endset %}{{ x[y] }}`],
  [
    'a number that is one of a pair',
    `{% for y in range(3) %}{% endfor %}{% for y, z in q %}{{ x[y] }}{% endfor %}`,
  ],
  [
    'a number that is a parameter',
    `{% set y = 1 %}{% macro m(y) %}{{ x[y] }}{% endmacro %}{{ m('a') }}`,
  ],
  ['letters that Python changes', `{{ x.\uff3fa }}`],
  ['a sign without meaning', `{{ a ! b }}`],
];

/** Names that are computed all the same, or lead further than to what is written. */
const COMPUTED: [string, string][] = [
  [
    'an attribute that a block gives',
    `{% set ns = namespace(k=0) %}{% set ns.k %}{{'_'}}_class_{{'_'}}{% endset %}{{ ''[ns.k] }}`,
  ],
  [
    'an attribute in a pair',
    `{% set ns = namespace(k=0) %}{% set ns.k, ns.l = 'a' ~ 'b', 1 %}{{ ''[ns.k] }}`,
  ],
  [
    'an attribute in a pair in brackets',
    `{% set ns = namespace(k=0) %}{% set (ns.k, ns.l) = x %}{{ ''[ns.k] }}`,
  ],
  ['more behind what was looked up', `{% set m = {'a': 1} %}{{ m[x.y].z }}`],
  ['looked up twice', `{% set m = {'a': 1} %}{{ m[x.y][x.z] }}`],
  ['kept what was looked up', `{% set m = {'a': 1} %}{% set q = m[x.y] %}`],
  [
    'given on what was looked up',
    `{% set m = {'a': 1} %}{% macro f(q) %}{{ q[z] }}{% endmacro %}{{ f(m[x.y]) }}`,
  ],
  [
    'given on in a dict',
    `{% set m = {'a': 1} %}{% macro f(q) %}{% endmacro %}{{ f({'a': m[x.y]}) }}`,
  ],
  ['a dict that becomes something else', `{% set m = {'a': 1} %}{% set m = '' %}{{ m[x.y] }}`],
  ['a dict that may be another', `{% set m = {'a': 1} and x or {} %}{{ m[x.y] }}`],
  ['called what was looked up', `{% set m = {'a': 1} %}{{ m[x.y]() }}`],
  ['more behind brackets', `{% set m = {'a': 1} %}{{ (m[x.y]).z }}`],
  ['keys of another', `{% for k in ['__a'] %}{{ x[k] }}{% endfor %}`],
  ['keys of another, unknown', `{% for k in y %}{{ x[k] }}{% endfor %}`],
  ['more behind a key', `{% for k in x %}{{ x[k][z] }}{% endfor %}`],
  ['kept by a key', `{% for k in x %}{% set q = x[k] %}{% endfor %}`],
  ['two names of each other', `{% set a = b %}{% set b = a %}{{ ''[a] }}`],
  [
    'a counter that began as a text',
    `{% set ns = namespace(k=x) %}{% set ns.k = ns.k + 1 %}{{ ''[ns.k] }}`,
  ],
  ['a pattern with an attribute', `{{ '{0.__x}'.format(y) }}`],
  ['a pattern in two parts', `{{ 'a{' '0.x}'.format(y) }}`],
  ['a pattern with a width', `{{ '{:>1000000000}'.format(1) }}`],
  ['a pattern with a key', `{{ '{0[x]}'.format(1) }}`],
  ['a pattern that nobody knows', `{{ x.format(1) }}`],
  ['a pattern with a conversion', `{{ '{!r}'.format(1) }}`],
  ['looked up behind brackets', `{% set m = {'a': 1} %}{{ (m[x.y])[z] }}`],
  ['looked up in a list', `{% set m = {'a': 1} %}{{ [m[x.y]][0] }}`],
  ['an attribute of each', `{% set m = {'a': 1} %}{{ m[x.y]|map(attribute=z) }}`],
  ['a length and a text', `{{ ''['__class__'|length ~ 'a'] }}`],
  ['a function that is called and means another', `{% set range = x.run %}{{ range('a') }}`],
];

/** Templates that do not end, or fill the memory of the server. */
const ENDLESS: [string, string][] = [
  ['powers', `{{ 9**9**9 }}`],
  ['a repeated text', `{{ 'a'*10**9 }}`],
  ['the number first', `{{ 1000000000 * 'a' }}`],
  ['repeated in steps', `{{ 'a'*1000*1000*1000 }}`],
  ['padding', `{{ 'a'|center(10**9) }}`],
  ['padding by a variable', `{% set n = 1000000000 %}{{ 'a'|center(n) }}`],
  ['a long range', `{% for i in range(10**9) %}x{% endfor %}`],
  ['a long range with both ends', `{% for i in range(0, 999999999, 1) %}{% endfor %}`],
  ['a range as a list', `{{ range(999999999)|list|length }}`],
  [
    'loops in loops',
    `{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}`,
  ],
  [
    'three loops',
    `{% for i in range(1000) %}{% for j in range(1000) %}{% for k in range(1000) %}{% endfor %}{% endfor %}{% endfor %}`,
  ],
  [
    'a text that doubles',
    `{% set ns = namespace(s='a') %}{% for i in range(40) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s }}`,
  ],
  [
    'a text that doubles with each message',
    `{% set ns = namespace(s='a') %}{% for m in messages %}{% set ns.s = ns.s + ns.s %}{% endfor %}`,
  ],
  [
    'a list that doubles',
    `{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = ns.l + ns.l %}{% endfor %}`,
  ],
  [
    'a list that is put into itself',
    `{% set l = [1] %}{% for i in range(60) %}{{ l.extend(l) }}{% endfor %}`,
  ],
  [
    'a list that grows under its loop',
    `{% set l = [1] %}{% for i in l %}{{ l.append(i) }}{% endfor %}`,
  ],
  [
    'a macro that counts down',
    `{% macro f(n) %}{% if n > 1 %}{{ f(n-1) }}{{ f(n-2) }}{% endif %}{% endmacro %}{{ f(40) }}`,
  ],
  ['a macro that only calls itself', `{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}`],
  [
    'macros that call each other',
    `{% macro f(x) %}{{ g(x) }}{{ g(x) }}{% endmacro %}{% macro g(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}`,
  ],
  [
    'a macro that counts up',
    `{% macro f(n) %}{% if n < 40 %}{{ f(n+1) }}{{ f(n+1) }}{% endif %}{% endmacro %}{{ f(0) }}`,
  ],
  [
    'a text that is replaced by a longer one',
    `{% set a = 'aaaaaaaaaa'*1000 %}{{ a|replace('a', a)|replace('a', a) }}`,
  ],
  ['a range that is joined', `{{ range(100000)|join('a'*100000) }}`],
  ['the same as a method', `{{ ('a'*100000).join(range(100000)) }}`],
  [
    'padding of lines',
    `{{ 'a
'*1000|indent(1000000000) }}`,
  ],
  ['padding of two lines', `{{ 'a\\nb'|indent(1000000000) }}`],
  ['padding of JSON', `{{ [1,[2]]|tojson(indent=1000000000) }}`],
  ['padding with zeros', `{{ '1'.zfill(1000000000) }}`],
  ['padding by a pattern', `{% set p = '%1000000000d' %}{{ p % 1 }}`],
  ['a list in many slices', `{{ [1]|slice(1000000000)|list }}`],
  ['a list that is filled up', `{{ [1]|batch(1000000000, 'a')|list }}`],
  ['many digits', `{{ 1|round(999999999,'ceil') }}`],
  ['many digits before the point', `{{ 1|round(-999999999) }}`],
  ['a number that was a text', `{% for i in range('999999999'|int) %}x{% endfor %}`],
  ['a number from two texts', `{% for i in range(('99999' ~ '99999')|int) %}x{% endfor %}`],
  ['a number in another base', `{{ 'a' * 0xFFFFFFFF }}`],
  ['a text in another base', `{{ 'a' * ('FFFFFFFF'|int(0,16)) }}`],
  ['the length of a text', `{{ 'a' * (('a'*100000)|length) * 10000 }}`],
  ['padding of each', `{{ [1,2]|map('center', 1000000000)|list }}`],
  [
    'a block that is repeated',
    `{% set x %}{% for i in range(100000) %}aaaaaaaaaa{% endfor %}{% endset %}{{ x * 10000 }}`,
  ],
  ['padding of a block', `{% filter center(1000000000) %}x{% endfilter %}`],
  [
    'a caller in a loop',
    `{% macro m() %}{% for i in range(100000) %}{{ caller() }}{% endfor %}{% endmacro %}{% call m() %}{% for i in range(100000) %}x{% endfor %}{% endcall %}`,
  ],
  [
    'a number that squares',
    `{% set ns = namespace(n=2) %}{% for i in range(1000) %}{% set ns.n = ns.n * ns.n %}{% endfor %}{{ ns.n }}`,
  ],
  [
    'loops over a text in a dict',
    `{% set d = dict(a='x'*9999999) %}{% for c in d.a %}{% for e in d.a %}{% endfor %}{% endfor %}`,
  ],
  [
    'ranges in lists',
    `{% for r in [range(99999)] %}{% for i in r %}{% for q in [range(99999)] %}{% for j in q %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}`,
  ],
  [
    'what is set back only seemingly',
    `{% set ns = namespace(s='a') %}{% for i in range(40) %}{% if false %}{% set ns = namespace(s='a') %}{% endif %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}`,
  ],
  [
    'what is set smaller only seemingly',
    `{% set n = 1000000000 %}{% if false %}{% set n = 1 %}{% endif %}{{ 'a' * n }}`,
  ],
  [
    'a text that doubles in a macro',
    `{% set ns = namespace(s='a') %}{% macro r() %}{% set ns.s = ns.s ~ ns.s %}{% endmacro %}{% for i in range(40) %}{{ r() }}{% endfor %}`,
  ],
  ['a number by a condition', `{% set n = 10**9 if true else 1 %}{{ 'a' * n }}`],
  ['both by a condition', `{{ ('a' if x else 'b') * (1000000000 if x else 1) }}`],
  ['a text of a text', `{{ 'ab'|string * 100000000000 }}`],
  ['a default', `{{ 'a' * (missing|default(1000000000)) }}`],
  ['a sign twice', `{{ 'a' * -(-1000000000) }}`],
  ['a quotient', `{{ 'a' * (10000000000 // 2) }}`],
  ['a sum', `{{ 'a' * (500000000 + 500000000) }}`],
  ['a sum of a list', `{{ 'a' * ([900000000,900000000]|sum) }}`],
  ['a number from a dict', `{{ 'a' * {'n': 1000000000}['n'] }}`],
  ['the largest of a list', `{{ 'a' * ([1,1000000000]|max) }}`],
  ['a number from a loop', `{% for n in [1000000000] %}{{ 'a' * n }}{% endfor %}`],
  ['a number as an argument', `{% macro m(n) %}{{ 'a' * n }}{% endmacro %}{{ m(1000000000) }}`],
  [
    'a number as the default of a parameter',
    `{% macro m(n=1000000000) %}{{ 'a' * n }}{% endmacro %}{{ m() }}`,
  ],
  ['a number with an exponent', `{{ 'a' * (1e9|int) }}`],
  ['a text with an exponent', `{{ 'a' * ('1e9'|float|int) }}`],
  ['letters that become longer', `{{ ('x'*1000000)|urlencode|urlencode|urlencode|urlencode }}`],
  [
    'signs that become longer',
    `{{ ('<'*1000000)|escape|string|escape|string|escape|string|escape|string|forceescape|forceescape|forceescape }}`,
  ],
  [
    'ten loops in loops over a list',
    `{% set l = [1,2,3,4,5,6,7,8,9,10] %}${Array.from({ length: 10 }, (_, i) => `{% for a${i} in l %}`).join('')}x${'{% endfor %}'.repeat(10)}`,
  ],
  [
    'eight loops in loops over the messages',
    `${Array.from({ length: 8 }, (_, i) => `{% for a${i} in messages %}`).join('')}x${'{% endfor %}'.repeat(8)}`,
  ],
  [
    'a text that is put together again and again',
    `{% set a0 = 'aaaaaaaaaa' %}${Array.from({ length: 15 }, (_, i) => `{% set a${i + 1} = a${i} ~ a${i} ~ a${i} ~ a${i} ~ a${i} %}`).join('')}`,
  ],
  [
    'macros that call ten of the one before',
    `${Array.from({ length: 10 }, (_, i) => `{% macro m${i}() %}${i === 0 ? 'x' : `{{ m${i - 1}() }}`.repeat(10)}{% endmacro %}`).join('')}{{ m9() }}`,
  ],
];

describe('scan: chat templates', () => {
  for (const [name, template] of Object.entries(HONEST))
    it(`passes that of ${name}`, () => expect(judgeTemplate(template)).to.deep.equal([]));
  for (const [what, template] of ATTACKS)
    it(`stops ${what}`, () => expect(judgeTemplate(template)).not.to.be.empty);

  for (const [what, template] of COMPUTED)
    it(`stops ${what}`, () => expect(judgeTemplate(template)).not.to.be.empty);
  for (const [what, template] of ENDLESS)
    it(`stops what does not end: ${what}`, () =>
      expect(judgeTemplate(template).map(({ endless }) => endless)).to.deep.equal([true]));

  it('finds them in tokenizer_config.json, alone and in a list, and in .jinja files', () => {
    const evil = `{{ ''.__class__ }}`;
    const cases: [string, string, string[]][] = [
      ['tokenizer_config.json', JSON.stringify({ chat_template: evil }), ['template-unsafe']],
      [
        'tokenizer_config.json',
        JSON.stringify({
          chat_template: [
            { name: 'default', template: HONEST['ChatML'] },
            { name: 'tool', template: evil },
          ],
        }),
        ['template-unsafe'],
      ],
      [
        'tokenizer_config.json',
        JSON.stringify({
          chat_template: [{ name: 'default', template: HONEST['ChatML'] }],
          other: { chat_template: null },
        }),
        [],
      ],
      [
        'tokenizer_config.json',
        JSON.stringify({ chat_template: 'a', tool_chat_template: evil }),
        ['template-unsafe'],
      ],
      [
        'tokenizer_config.json',
        JSON.stringify({ chat_template: { default: HONEST['ChatML'], tool: evil } }),
        ['template-unsafe'],
      ],
      [
        'tokenizer_config.json',
        JSON.stringify({
          chat_template: { default: HONEST['ChatML'] },
          use_default_chat_template: true,
        }),
        [],
      ],
      ['chat_template.jinja2', HONEST['ChatML']!, []],
      ['chat_template.jinja', evil, ['template-unsafe']],
      ['chat_template.jinja', '{{ 9**9**9 }}', ['template-endless']],
      ['chat_template.jinja', HONEST['Qwen 3']!, []],
    ];
    for (const [name, text, rules] of cases)
      expect(rulesOf(scanBytes(name, text, 'side')), `${name}: ${text.slice(0, 60)}`).to.deep.equal(
        rules,
      );
  });

  it('ends quickly on what never ends', () => {
    const chain = `${Array.from({ length: 30_000 }, (_, i) => `{% set a${i} = a${i + 1} %}`).join('')}{% set a30000 = 1 %}{{ x[a0] }}`;
    for (const text of [chain, '{% set a = 1 %}'.repeat(60_000), `{{ ${'a['.repeat(400_000)} }}`])
      expect(judgeTemplate(text)).to.be.an('array');
    for (const text of [
      '{{'.repeat(50_000),
      '{% if '.repeat(20_000),
      `{{ ${'('.repeat(100_000)} }}`,
      `{{ '${'\\'.repeat(100_001)} }}`,
    ])
      expect(judgeTemplate(text)).to.be.an('array');
  });
});
