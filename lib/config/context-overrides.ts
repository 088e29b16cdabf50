type Json = Record<string, unknown>;

/**
 * The configuration with what the command line lays over it: `-c hotStore=lake` chooses the hot store of the stage that
 * is synthesized. Whatever is wrong with either is left to the check of the whole.
 */
export function withOverrides(raw: unknown, stage: unknown, hotStore: unknown): unknown {
  if (hotStore === undefined || !isObject(raw) || !isObject(raw.stages) || typeof stage !== 'string') return raw;
  const own = raw.stages[stage];
  if (!isObject(own)) return raw;
  return { ...raw, stages: { ...raw.stages, [stage]: { ...own, hotStore } } };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
