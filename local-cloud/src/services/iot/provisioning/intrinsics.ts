import { invalidTemplate } from './template-error.ts';

/** Section `Mappings`: map → first key → second key → value. */
export type Mappings = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;

/** What the functions of a template are resolved with. */
export interface TemplateScope {
  readonly parameters: ReadonlyMap<string, string>;
  readonly mappings: Mappings;
}

type Argument = unknown;
const VARIABLE = /\$\{(!?)([^}]*)\}/g;

/**
 * Replaces `Ref`, `Fn::Join`, `Fn::Select`, `Fn::FindInMap`, `Fn::Split` and `Fn::Sub` (developer guide,
 * `provision-template`, "Intrinsic functions").
 * @throws AwsError InvalidRequestException for what cannot be resolved
 */
export function resolveIntrinsics(value: unknown, scope: TemplateScope): unknown {
  if (Array.isArray(value)) return value.map((item) => resolveIntrinsics(item, scope));
  if (typeof value !== 'object' || value === null) return value;
  const call = intrinsicCall(value);
  if (call !== undefined) return FUNCTIONS[call.name]?.(call.argument, scope);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolveIntrinsics(item, scope)]));
}

/** Refuses functions that are not known and references that nothing declares. */
export function checkIntrinsics(value: unknown, names: ReadonlySet<string>, mappings: Mappings): void {
  if (Array.isArray(value)) {
    for (const item of value) checkIntrinsics(item, names, mappings);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const call = intrinsicCall(value);
  if (call !== undefined) {
    const { name, argument } = call;
    if (name === 'Ref') requireDeclared(argument, names);
    if (name === 'Fn::FindInMap' && Array.isArray(argument) && typeof argument[0] === 'string') {
      if (!Object.hasOwn(mappings, argument[0])) throw invalidTemplate(`there is no mapping ${argument[0]}`);
    }
    if (name === 'Fn::Sub') {
      const local = Array.isArray(argument) ? Object.keys(Object(argument[1])) : [];
      for (const variable of variablesOf(Array.isArray(argument) ? argument[0] : argument)) {
        if (!local.includes(variable)) requireDeclared(variable, names);
      }
    }
  }
  for (const item of Object.values(value)) checkIntrinsics(item, names, mappings);
}

/** `{ "Fn::…": argument }` and `{ "Ref": name }`, alone in their object. */
function intrinsicCall(value: object): { name: string; argument: Argument } | undefined {
  const entries = Object.entries(value);
  const found = entries.find(([key]) => key === 'Ref' || key.startsWith('Fn::'));
  if (found === undefined) return undefined;
  const [name, argument] = found;
  if (entries.length > 1) throw invalidTemplate(`${name} must be the only member of its object`);
  if (!Object.hasOwn(FUNCTIONS, name)) throw invalidTemplate(`function ${name} is not known`);
  return { name, argument };
}

function requireDeclared(name: unknown, names: ReadonlySet<string>): void {
  if (typeof name !== 'string' || !names.has(name)) throw unresolved(name);
}

function unresolved(name: unknown): Error {
  return invalidTemplate(`cannot resolve reference value: {Ref=${String(name)}}`);
}

function variablesOf(text: unknown): string[] {
  if (typeof text !== 'string') return [];
  return [...text.matchAll(VARIABLE)]
    .filter(([, literal]) => literal === '')
    .map(([, , name]) => (name as string).trim());
}

const FUNCTIONS: Readonly<Record<string, (argument: Argument, scope: TemplateScope) => unknown>> = {
  Ref(argument, { parameters }) {
    const value = typeof argument === 'string' ? parameters.get(argument) : undefined;
    if (value === undefined) throw unresolved(argument);
    return value;
  },
  'Fn::Join'(argument, scope) {
    const [delimiter, list] = pair('Fn::Join', argument, scope);
    return listOf('Fn::Join', list)
      .map((item) => textOf('Fn::Join', item))
      .join(textOf('Fn::Join', delimiter));
  },
  // "Does not check for null values or if the index is out of bounds … Both conditions result in a provisioning error."
  'Fn::Select'(argument, scope) {
    const [index, list] = pair('Fn::Select', argument, scope);
    const items = listOf('Fn::Select', list);
    const at = typeof index === 'string' && /^\d+$/.test(index) ? Number(index) : index;
    const item = typeof at === 'number' && Number.isInteger(at) ? items[at] : undefined;
    if (item === undefined || item === null)
      throw invalidTemplate(`Fn::Select finds nothing at index ${String(index)}`);
    return item;
  },
  'Fn::FindInMap'(argument, scope) {
    const keys = listOf('Fn::FindInMap', resolveIntrinsics(argument, scope)).map((key) => textOf('Fn::FindInMap', key));
    const [map = '', first = '', second = ''] = keys;
    const values = own(own(scope.mappings, map), first);
    const value = keys.length === 3 ? own(values, second) : undefined;
    if (value === undefined) throw invalidTemplate(`Fn::FindInMap finds nothing at ${keys.join('.')}`);
    return value;
  },
  'Fn::Split'(argument, scope) {
    const [delimiter, text] = pair('Fn::Split', argument, scope);
    return textOf('Fn::Split', text).split(textOf('Fn::Split', delimiter));
  },
  'Fn::Sub'(argument, scope) {
    const [text, local] = Array.isArray(argument) ? argument : [argument, {}];
    const values = Object(resolveIntrinsics(local, scope)) as Record<string, unknown>;
    return textOf('Fn::Sub', text).replace(VARIABLE, (_match, literal: string, name: string) => {
      if (literal === '!') return `\${${name}}`;
      const key = name.trim();
      const value = Object.hasOwn(values, key) ? values[key] : scope.parameters.get(key);
      if (value === undefined) throw unresolved(key);
      return textOf('Fn::Sub', value);
    });
  },
};

function pair(name: string, argument: Argument, scope: TemplateScope): [unknown, unknown] {
  const resolved = resolveIntrinsics(argument, scope);
  if (!Array.isArray(resolved) || resolved.length !== 2) throw invalidTemplate(`${name} takes two arguments`);
  return resolved as [unknown, unknown];
}

function listOf(name: string, value: unknown): unknown[] {
  if (!Array.isArray(value)) throw invalidTemplate(`${name} needs a list`);
  return value;
}

function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw invalidTemplate(`${name} needs text`);
}

function own(container: unknown, key: string): unknown {
  if (typeof container !== 'object' || container === null || !Object.hasOwn(container, key)) return undefined;
  return (container as Record<string, unknown>)[key];
}
