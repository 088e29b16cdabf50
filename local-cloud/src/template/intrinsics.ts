/**
 * Intrinsic functions of CloudFormation (template reference, "Intrinsic function reference").
 * A function outside this file is refused by name.
 */
export interface Scope {
  /** `Ref` of a parameter, pseudo parameter or resource. Undefined for an unknown name. */
  ref(name: string): unknown;
  /** Undefined for an unknown resource or attribute. */
  attribute(logicalId: string, name: string): unknown;
  mapping(map: string, first: string, second: string): unknown;
  condition(name: string): boolean;
  exported(name: string): unknown;
  readonly region: string;
}

/** Value of `AWS::NoValue`: the property that holds it goes. */
export const NO_VALUE = Symbol('AWS::NoValue');

export class IntrinsicError extends Error {
  override readonly name = 'IntrinsicError';
  readonly place: string;
  constructor(place: string, message: string) {
    super(`${place}: ${message}`);
    this.place = place;
  }
}

/** Resolves every intrinsic in `value`; `place` is the path named in errors. */
export function resolveIntrinsics(value: unknown, scope: Scope, place: string): unknown {
  if (Array.isArray(value)) {
    return value
      .map((item, index) => resolveIntrinsics(item, scope, `${place}[${index}]`))
      .filter((item) => item !== NO_VALUE);
  }
  if (typeof value === 'string') return refuseDynamicReference(value, place);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value);
  const [name, argument] = entries[0] ?? [];
  if (
    entries.length === 1 &&
    name !== undefined &&
    (name === 'Ref' || name === 'Condition' || name.startsWith('Fn::'))
  ) {
    const evaluate = FUNCTIONS[name];
    // `Condition` is an intrinsic only inside conditions; policy statements have a member of that name.
    if (name === 'Condition' && typeof argument !== 'string') return resolveMembers(entries, scope, place);
    if (evaluate === undefined) throw new IntrinsicError(place, `the intrinsic function ${name} is not supported`);
    return evaluate(argument, scope, `${place}.${name}`);
  }
  return resolveMembers(entries, scope, place);
}

function resolveMembers(entries: readonly [string, unknown][], scope: Scope, place: string): Record<string, unknown> {
  const resolved: Record<string, unknown> = {};
  for (const [key, member] of entries) {
    const result = resolveIntrinsics(member, scope, `${place}.${key}`);
    if (result !== NO_VALUE) resolved[key] = result;
  }
  return resolved;
}

type Evaluate = (argument: unknown, scope: Scope, place: string) => unknown;

const FUNCTIONS: Readonly<Record<string, Evaluate>> = {
  Ref: (argument, scope, place) => known(scope.ref(text(argument, place)), place, `unknown reference '${argument}'`),
  Condition: (argument, scope, place) => scope.condition(text(argument, place)),
  'Fn::GetAtt': (argument, scope, place) => {
    const [logicalId, name] = attributePath(argument, place);
    return known(scope.attribute(logicalId, name), place, `'${logicalId}' has no attribute '${name}'`);
  },
  'Fn::Join': (argument, scope, place) => {
    const [separator, items] = list(argument, place, 2);
    return list(resolveIntrinsics(items, scope, place), place)
      .map(plain)
      .join(text(separator, place));
  },
  'Fn::Sub': (argument, scope, place) => substitute(argument, scope, place),
  'Fn::Select': (argument, scope, place) => {
    const [index, items] = list(resolveIntrinsics(argument, scope, place), place, 2);
    return known(list(items, place)[Number(index)], place, `index ${index} is out of range`);
  },
  'Fn::Split': (argument, scope, place) => {
    const [separator, source] = list(resolveIntrinsics(argument, scope, place), place, 2);
    return text(source, place).split(text(separator, place));
  },
  'Fn::FindInMap': (argument, scope, place) => {
    const [map, first, second] = list(resolveIntrinsics(argument, scope, place), place, 3).map(plain);
    return known(
      scope.mapping(map as string, first as string, second as string),
      place,
      `mapping ${map}.${first}.${second} does not exist`,
    );
  },
  'Fn::Base64': (argument, scope, place) =>
    Buffer.from(text(resolveIntrinsics(argument, scope, place), place)).toString('base64'),
  'Fn::GetAZs': (_argument, scope) => ['a', 'b', 'c'].map((zone) => `${scope.region}${zone}`),
  'Fn::ImportValue': (argument, scope, place) => {
    const name = text(resolveIntrinsics(argument, scope, place), place);
    return known(scope.exported(name), place, `no stack exports '${name}'`);
  },
  'Fn::If': (argument, scope, place) => {
    const [condition, then, otherwise] = list(argument, place, 3);
    return resolveIntrinsics(scope.condition(text(condition, place)) ? then : otherwise, scope, place);
  },
  'Fn::Equals': (argument, scope, place) => {
    const [left, right] = list(resolveIntrinsics(argument, scope, place), place, 2);
    return plain(left) === plain(right);
  },
  'Fn::And': (argument, scope, place) => list(resolveIntrinsics(argument, scope, place), place).every(Boolean),
  'Fn::Or': (argument, scope, place) => list(resolveIntrinsics(argument, scope, place), place).some(Boolean),
  'Fn::Not': (argument, scope, place) => !list(resolveIntrinsics(argument, scope, place), place, 1)[0],
  'Fn::Contains': (argument, scope, place) => {
    const [items, item] = list(resolveIntrinsics(argument, scope, place), place, 2);
    return list(items, place).map(plain).includes(plain(item));
  },
};

function substitute(argument: unknown, scope: Scope, place: string): string {
  const [template, variables] = Array.isArray(argument) ? argument : [argument, {}];
  const own = resolveIntrinsics(variables ?? {}, scope, place) as Record<string, unknown>;
  return text(template, place).replace(SUBSTITUTION, (_match, name: string) => {
    if (name.startsWith('!')) return `\${${name.slice(1)}}`;
    if (Object.hasOwn(own, name)) return plain(own[name]);
    const value = name.includes('.') ? scope.attribute(...attributePath(name, place)) : scope.ref(name);
    return plain(known(value, place, `unknown reference '${name}'`));
  });
}

const SUBSTITUTION = /\$\{([^}]+)\}/g;

/** Logical ids and parameters that `value` names, with the place of each. */
export function referencesOf(value: unknown, place: string): { name: string; attribute?: string; place: string }[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => referencesOf(item, `${place}[${index}]`));
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, member]) => {
    if (key === 'Ref' && typeof member === 'string') return [{ name: member, place }];
    if (key === 'Fn::GetAtt') {
      const [name, attribute] = attributePath(member, place);
      return [{ name, attribute, place }];
    }
    if (key === 'Fn::Sub') return [...substitutionsOf(member, place), ...referencesOf(member, place)];
    return referencesOf(member, `${place}.${key}`);
  });
}

function substitutionsOf(argument: unknown, place: string): { name: string; attribute?: string; place: string }[] {
  const [template, variables] = Array.isArray(argument) ? argument : [argument, {}];
  return [...String(template).matchAll(SUBSTITUTION)].flatMap(([, inner = '']) => {
    if (inner.startsWith('!') || Object.hasOwn(variables ?? {}, inner)) return [];
    const [name, ...attribute] = inner.split('.');
    return [
      {
        name: name as string,
        ...(attribute.length > 0 && { attribute: attribute.join('.') }),
        place: `${place}.Fn::Sub`,
      },
    ];
  });
}

function attributePath(argument: unknown, place: string): [string, string] {
  if (Array.isArray(argument) && argument.length === 2 && argument.every((part) => typeof part === 'string')) {
    return argument as [string, string];
  }
  const dot = typeof argument === 'string' ? argument.indexOf('.') : -1;
  if (dot < 1) throw new IntrinsicError(place, `expected [logicalId, attribute], received ${JSON.stringify(argument)}`);
  return [(argument as string).slice(0, dot), (argument as string).slice(dot + 1)];
}

function known(value: unknown, place: string, message: string): unknown {
  if (value === undefined) throw new IntrinsicError(place, message);
  return value;
}

function text(value: unknown, place: string): string {
  if (typeof value !== 'string') throw new IntrinsicError(place, `expected text, received ${JSON.stringify(value)}`);
  return value;
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : String(value);
}

function list(value: unknown, place: string, length?: number): unknown[] {
  if (!Array.isArray(value) || (length !== undefined && value.length !== length)) {
    throw new IntrinsicError(
      place,
      `expected a list${length === undefined ? '' : ` of ${length}`}, received ${JSON.stringify(value)}`,
    );
  }
  return value;
}

function refuseDynamicReference(value: string, place: string): string {
  const match = /\{\{resolve:([a-z-]+):/.exec(value);
  if (match !== null)
    throw new IntrinsicError(place, `dynamic references ({{resolve:${match[1]}:…}}) are not supported`);
  return value;
}
