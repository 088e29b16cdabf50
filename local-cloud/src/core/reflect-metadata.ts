/**
 * The part of the metadata reflection API that tsyringe (under `@peculiar/x509`) asks of its host: three functions
 * over a table of properties per object, and the lookup along the prototype chain.
 * Import it before `@peculiar/x509`, as `core/x509.ts` does. A fuller polyfill loaded earlier is left in place.
 */
const tables = new WeakMap<object, Map<unknown, unknown>>();

function getOwnMetadata(key: unknown, target: object): unknown {
  return tables.get(target)?.get(key);
}

function getMetadata(key: unknown, target: object): unknown {
  for (let object: object | null = target; object !== null; object = Object.getPrototypeOf(object)) {
    if (tables.get(object)?.has(key) === true) return tables.get(object)?.get(key);
  }
  return undefined;
}

function defineMetadata(key: unknown, value: unknown, target: object): void {
  let table = tables.get(target);
  if (table === undefined) {
    table = new Map();
    tables.set(target, table);
  }
  table.set(key, value);
}

if (!('getMetadata' in Reflect)) Object.assign(Reflect, { getOwnMetadata, getMetadata, defineMetadata });
