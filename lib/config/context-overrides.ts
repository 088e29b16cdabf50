import { isObject, type Json, mergeSettings } from './merge-settings.ts';

/** What the command line may lay over the stage that is synthesized. */
export interface ContextOverrides {
  /** `-c hotStore=lake` */
  readonly hotStore?: unknown;
  /** `-c edge=true`; or settings of the edge, laid over the stage's own, which enable it */
  readonly edge?: unknown;
}

/**
 * The configuration with what the command line lays over it, for the stage that is synthesized. Whatever is wrong with
 * either is left to the check of the whole.
 */
export function withOverrides(raw: unknown, stage: unknown, { edge, hotStore }: ContextOverrides): unknown {
  if (edge === undefined && hotStore === undefined) return raw;
  if (!isObject(raw) || !isObject(raw.stages) || typeof stage !== 'string') return raw;
  const own = raw.stages[stage];
  if (!isObject(own)) return raw;
  const changed = {
    ...own,
    ...(hotStore !== undefined && { hotStore }),
    ...(edge !== undefined && { edge: mergeSettings(isObject(own.edge) ? own.edge : {}, edgeSettings(edge)) }),
  };
  return { ...raw, stages: { ...raw.stages, [stage]: changed } };
}

/** The command line has text alone. */
function edgeSettings(edge: unknown): Json {
  if (isObject(edge)) return { enabled: true, ...edge };
  return { enabled: edge === 'true' ? true : edge === 'false' ? false : edge };
}
