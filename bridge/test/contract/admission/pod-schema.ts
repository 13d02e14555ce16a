/** What of OpenAPI a mutation needs. */
export interface Schema {
  $ref?: string;
  allOf?: Schema[];
  type?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  required?: string[];
  additionalProperties?: Schema | boolean;
  enum?: unknown[];
  format?: string;
}
/** One change of one field: where, and the whole value with it. */
export interface Mutation {
  field: string;
  value: unknown;
}

type Json = Record<string, unknown>;

/** Fields whose kinds exclude each other: with one of the first, the second goes. */
const EXCLUDE: Record<string, [by: string[] | 'any', ...gone: string[]]> = {
  Volume: ['any', 'emptyDir', 'secret'],
  EnvVar: [['valueFrom'], 'value'],
  Probe: [['exec', 'grpc', 'tcpSocket'], 'httpGet'],
  LifecycleHandler: ['any', 'sleep'],
  SecurityContext: [['privileged'], 'allowPrivilegeEscalation'],
};

/**
 * Walks a schema beside a value and tells, for each field that there is, the value with this field
 * set or changed.
 */
export class SchemaWalk {
  readonly #schemas: Record<string, Schema>;
  readonly #values: Record<string, unknown>;

  /**
   * `values`: what to set where a made-up value would be invalid by itself, by type and field;
   * `[+]` for one more item
   */
  constructor(schemas: Record<string, Schema>, values: Record<string, unknown>) {
    this.#schemas = schemas;
    this.#values = values;
  }

  *mutations(type: string, value: Json, field = ''): Generator<Mutation> {
    for (const [name, schema] of Object.entries(this.#schemas[type]?.properties ?? {})) {
      const path = field === '' ? name : `${field}.${name}`;
      const own = `${short(type)}.${name}`;
      const set = (child: unknown): Json => {
        const [by, ...gone] = EXCLUDE[short(type)] ?? [[]];
        const excludes = value[name] === undefined && (by === 'any' || by.includes(name));
        return {
          ...Object.fromEntries(
            Object.entries(value).filter(([key]) => !excludes || !gone.includes(key)),
          ),
          [name]: child,
        };
      };
      const there = value[name];
      if (there === undefined)
        yield { field: path, value: set(this.#values[own] ?? this.sample(schema, own)) };
      else yield* this.#changed(schema, there, own, path, set);
    }
  }

  *#changed(
    schema: Schema,
    there: unknown,
    own: string,
    path: string,
    set: (child: unknown) => Json,
  ): Generator<Mutation> {
    const type = refOf(schema);
    const item = schema.items && refOf(schema.items);
    if (this.#values[own] !== undefined && typeof there !== 'object')
      yield { field: path, value: set(this.#values[own]) };
    else if (Array.isArray(there)) {
      if (item && this.#schemas[item]?.properties) {
        for (const [index, one] of there.entries()) {
          for (const mutation of this.mutations(item, one as Json, `${path}[${index}]`))
            yield { field: mutation.field, value: set(there.with(index, mutation.value)) };
        }
      }
      yield {
        field: `${path}[+]`,
        value: set([...(there as unknown[]), this.sample(schema.items!, `${own}[+]`)]),
      };
    } else if (type && this.#schemas[type]?.properties) {
      for (const mutation of this.mutations(type, there as Json, path))
        yield { field: mutation.field, value: set(mutation.value) };
    } else if (schema.additionalProperties) {
      yield { field: `${path}{+}`, value: set({ ...(there as Json), 'example.com/x': '1' }) };
    } else yield { field: path, value: set(otherThan(there)) };
  }

  /** the least value of a schema: what is required, and where nothing is, nothing */
  sample(schema: Schema, own: string, depth = 0): unknown {
    if (this.#values[own] !== undefined) return this.#values[own];
    const type = refOf(schema);
    const plain = type ? (this.#schemas[type] ?? {}) : schema;
    if (type?.endsWith('.Quantity')) return '1';
    if (type?.endsWith('.IntOrString')) return 8080;
    if (plain.enum) return plain.enum[0];
    if (plain.type === 'array') return [this.sample(plain.items ?? {}, `${own}[]`, depth + 1)];
    if (plain.additionalProperties)
      return {
        'example.com/x': this.sample(plain.additionalProperties as Schema, `${own}{}`, depth + 1),
      };
    if (plain.properties) {
      return Object.fromEntries(
        (plain.required ?? [])
          .filter(() => depth < 6)
          .map((name) => [
            name,
            this.sample(plain.properties![name]!, `${short(type ?? '')}.${name}`, depth + 1),
          ]),
      );
    }
    return { boolean: true, integer: 1, number: 1, string: 'x' }[plain.type ?? 'string'] ?? {};
  }
}

function otherThan(value: unknown): unknown {
  if (typeof value === 'boolean') return !value;
  return typeof value === 'number' ? value + 1 : `${String(value)}x`;
}

function refOf(schema: Schema): string | undefined {
  const ref = schema.$ref ?? schema.allOf?.[0]?.$ref;
  return ref?.replace('#/components/schemas/', '');
}

const short = (type: string): string => type.split('.').at(-1) ?? type;
