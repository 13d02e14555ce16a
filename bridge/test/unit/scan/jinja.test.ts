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
};

/** what it does, and the template */
const ATTACKS: [string, string][] = [
  ['the classic', `{{ ''.__class__.__mro__[1].__subclasses__() }}`],
  ['llama-cpp-python', `{% for c in [].__class__.__base__.__subclasses__() %}{% if c.__name__ == 'catch_warnings' %}{{ c.__init__.__globals__['__builtins__']['eval']("1") }}{% endif %}{% endfor %}`],
  ['the name as a subscript', `{{ ''['__class__'] }}`],
  ['the name in escapes', `{{ ''['\\x5f\\x5fclass\\x5f\\x5f'] }}`],
  ['the name in unicode escapes', `{{ ''['\\u005f\\u005fclass__'] }}`],
  ['the name by its parts', `{{ ''['_' + '_class_' + '_'] }}`],
  ['the name in a variable', `{% set a = '_' %}{% set b = a ~ a ~ 'class' ~ a ~ a %}{{ ''[b] }}`],
  ['the name from a namespace', `{% set ns = namespace(k='x') %}{% set ns.k = something %}{{ ''[ns.k] }}`],
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
  ['a number that is one of a pair', `{% for y in range(3) %}{% endfor %}{% for y, z in q %}{{ x[y] }}{% endfor %}`],
  ['a number that is a parameter', `{% set y = 1 %}{% macro m(y) %}{{ x[y] }}{% endmacro %}{{ m('a') }}`],
  ['letters that Python changes', `{{ x.\uff3fa }}`],
  ['a sign without meaning', `{{ a ! b }}`],
];

describe('scan: chat templates', () => {
  for (const [name, template] of Object.entries(HONEST)) it(`passes that of ${name}`, () => expect(judgeTemplate(template)).to.deep.equal([]));
  for (const [what, template] of ATTACKS) it(`stops ${what}`, () => expect(judgeTemplate(template)).not.to.be.empty);

  it('finds them in tokenizer_config.json, alone and in a list, and in .jinja files', () => {
    const evil = `{{ ''.__class__ }}`;
    const cases: [string, string, string[]][] = [
      ['tokenizer_config.json', JSON.stringify({ chat_template: evil }), ['template-unsafe']],
      ['tokenizer_config.json', JSON.stringify({ chat_template: [{ name: 'default', template: HONEST['ChatML'] }, { name: 'tool', template: evil }] }), ['template-unsafe']],
      ['tokenizer_config.json', JSON.stringify({ chat_template: [{ name: 'default', template: HONEST['ChatML'] }], other: { chat_template: null } }), []],
      ['chat_template.jinja', evil, ['template-unsafe']],
      ['chat_template.jinja', HONEST['Qwen 3']!, []],
    ];
    for (const [name, text, rules] of cases) expect(rulesOf(scanBytes(name, text, 'side')), `${name}: ${text.slice(0, 60)}`).to.deep.equal(rules);
  });

  it('ends quickly on what never ends', () => {
    const chain = `${Array.from({ length: 30_000 }, (_, i) => `{% set a${i} = a${i + 1} %}`).join('')}{% set a30000 = 1 %}{{ x[a0] }}`;
    for (const text of [chain, '{% set a = 1 %}'.repeat(60_000), `{{ ${'a['.repeat(400_000)} }}`]) expect(judgeTemplate(text)).to.be.an('array');
    for (const text of ['{{'.repeat(50_000), '{% if '.repeat(20_000), `{{ ${'('.repeat(100_000)} }}`, `{{ '${'\\'.repeat(100_001)} }}`]) expect(judgeTemplate(text)).to.be.an('array');
  });
});
