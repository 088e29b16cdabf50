/** A column type of the Glue Data Catalog (Athena user guide, "Data types in Amazon Athena"; Hive, "Types"). */
export type HiveType =
  | { readonly kind: 'scalar'; readonly name: HiveScalar }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'array'; readonly element: HiveType }
  | { readonly kind: 'map'; readonly key: HiveType; readonly value: HiveType }
  | { readonly kind: 'struct'; readonly fields: readonly { readonly name: string; readonly type: HiveType }[] };

export type HiveScalar =
  | 'boolean'
  | 'tinyint'
  | 'smallint'
  | 'int'
  | 'bigint'
  | 'float'
  | 'double'
  | 'string'
  | 'date'
  | 'timestamp';

const SCALARS: Readonly<Record<string, HiveScalar>> = {
  boolean: 'boolean',
  tinyint: 'tinyint',
  smallint: 'smallint',
  int: 'int',
  integer: 'int',
  bigint: 'bigint',
  float: 'float',
  double: 'double',
  string: 'string',
  date: 'date',
  timestamp: 'timestamp',
};

/** Answers undefined for text that is no type, or a type that is not built (binary, union). */
export function parseHiveType(text: string): HiveType | undefined {
  const reader = { text: text.toLowerCase().replaceAll(/\s/g, ''), at: 0 };
  const type = parse(reader);
  return reader.at === reader.text.length ? type : undefined;
}

interface Reader {
  readonly text: string;
  at: number;
}

function parse(reader: Reader): HiveType | undefined {
  const name = /^[a-z0-9_]+/.exec(reader.text.slice(reader.at))?.[0];
  if (name === undefined) return undefined;
  reader.at += name.length;
  switch (name) {
    case 'varchar':
    case 'char':
      return taken(reader, /^\(\d+\)/) === undefined ? undefined : { kind: 'scalar', name: 'string' };
    case 'decimal': {
      const [, precision = '10', , scale = '0'] = taken(reader, /^\((\d+)(,(\d+))?\)/) ?? [];
      return { kind: 'decimal', precision: Number(precision), scale: Number(scale) };
    }
    case 'array': {
      const element = within(reader, () => parse(reader));
      return element && { kind: 'array', element };
    }
    case 'map':
      return within(reader, () => {
        const key = parse(reader);
        const value = taken(reader, /^,/) && parse(reader);
        return key && value ? { kind: 'map', key, value } : undefined;
      });
    case 'struct':
      return within(reader, () => struct(reader));
    default: {
      const scalar = SCALARS[name];
      return scalar && { kind: 'scalar', name: scalar };
    }
  }
}

function struct(reader: Reader): HiveType | undefined {
  const fields: { name: string; type: HiveType }[] = [];
  do {
    const name = taken(reader, /^([^:<>,]+):/)?.[1];
    const type = name === undefined ? undefined : parse(reader);
    if (name === undefined || type === undefined) return undefined;
    fields.push({ name, type });
  } while (taken(reader, /^,/));
  return { kind: 'struct', fields };
}

function within(reader: Reader, read: () => HiveType | undefined): HiveType | undefined {
  if (taken(reader, /^</) === undefined) return undefined;
  const type = read();
  return taken(reader, /^>/) === undefined ? undefined : type;
}

function taken(reader: Reader, pattern: RegExp): RegExpExecArray | undefined {
  const match = pattern.exec(reader.text.slice(reader.at));
  if (match === null) return undefined;
  reader.at += match[0].length;
  return match;
}

const ENGINE_SCALARS: Record<HiveScalar, string> = {
  boolean: 'BOOLEAN',
  tinyint: 'TINYINT',
  smallint: 'SMALLINT',
  int: 'INTEGER',
  bigint: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  string: 'VARCHAR',
  date: 'DATE',
  timestamp: 'TIMESTAMP_NS',
};

/** The engine's type for stored values. */
export function storedType(type: HiveType): string {
  switch (type.kind) {
    case 'scalar':
      return ENGINE_SCALARS[type.name];
    case 'decimal':
      return `DECIMAL(${type.precision},${type.scale})`;
    case 'array':
      return `${storedType(type.element)}[]`;
    case 'map':
      return `MAP(${storedType(type.key)}, ${storedType(type.value)})`;
    case 'struct': {
      const fields = type.fields.map((field) => `${quotedName(field.name)} ${storedType(field.type)}`);
      return `STRUCT(${fields.join(', ')})`;
    }
  }
}

export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
