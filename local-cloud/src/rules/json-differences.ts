export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Where two JSON values differ, each as `path: expected …, got …`. */
export function differencesOf(expected: JsonValue, actual: JsonValue, path: string): string[] {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    if (expected.length !== actual.length) {
      return [`${path}: expected ${expected.length} elements, got ${JSON.stringify(actual)}`];
    }
    return expected.flatMap((item: JsonValue, index) =>
      differencesOf(item, actual[index] as JsonValue, `${path}[${index}]`),
    );
  }
  if (isObject(expected) && isObject(actual)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return [...keys].flatMap((key) => {
      const place = `${path}.${key}`;
      const [wanted, given] = [own(expected, key), own(actual, key)];
      if (wanted === undefined) return [`${place}: expected nothing, got ${JSON.stringify(given)}`];
      if (given === undefined) return [`${place}: expected ${JSON.stringify(wanted)}, got nothing`];
      return differencesOf(wanted, given, place);
    });
  }
  if (Object.is(expected, actual) || (expected === 0 && actual === 0)) return [];
  return [`${path}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`];
}

function isObject(value: JsonValue): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(object: { readonly [key: string]: JsonValue }, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
