import { type Configuration, type Json, readPointer, valueAt } from '../configuration/merge-configuration.ts';
import type { Lifecycle, LifecycleStep } from './recipe.ts';

/** What recipe variables stand for. */
export interface RecipeVariables {
  /** Undefined: neither the component itself (`''`) nor a direct dependency. */
  component(name: string):
    | {
        readonly artifacts: string;
        readonly decompressed: string;
        readonly work: string;
        readonly configuration: Configuration;
      }
    | undefined;
  readonly rootPath: string;
  readonly thingName: string;
}

const VARIABLE = /\{(?:([\w.-]+):)?(configuration|artifacts|work|kernel|iot):([^{}]+)\}/g;
const STEPS = ['Install', 'Run', 'Startup', 'Shutdown', 'Recover'] as const;

/**
 * Puts values in place of recipe variables (developer guide, "Component recipe reference", "Recipe variables"). Objects come as JSON,
 * null as `null`; a variable that stands for nothing stays as it is.
 */
export function interpolate(text: string, variables: RecipeVariables): string {
  return text.replaceAll(VARIABLE, (whole, owner: string | undefined, kind: string, key: string) => {
    if (kind === 'kernel') return owner === undefined && key === 'rootPath' ? variables.rootPath : whole;
    if (kind === 'iot') return owner === undefined && key === 'thingName' ? variables.thingName : whole;
    const component = variables.component(owner ?? '');
    if (component === undefined) return whole;
    switch (`${kind}:${key}`) {
      case 'artifacts:path':
        return component.artifacts;
      case 'artifacts:decompressedPath':
        return component.decompressed;
      case 'work:path':
        return component.work;
      default:
        return kind === 'configuration' ? (textOf(find(component.configuration, key)) ?? whole) : whole;
    }
  });
}

/** Scripts, conditions and environments of all steps. */
export function interpolateLifecycle(lifecycle: Lifecycle, variables: RecipeVariables): Lifecycle {
  const environment = (given: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(given).map(([name, value]) => [name, interpolate(value, variables)]));
  const step = <S extends LifecycleStep>(given: S): S => ({
    ...given,
    Script: interpolate(given.Script, variables),
    ...(given.Skipif !== undefined && { Skipif: interpolate(given.Skipif, variables) }),
    Setenv: environment(given.Setenv),
  });
  const steps = STEPS.flatMap((name) => {
    const given = lifecycle[name];
    return given === undefined ? [] : [[name, step(given)]];
  });
  return { ...lifecycle, Setenv: environment(lifecycle.Setenv), ...Object.fromEntries(steps) };
}

function find(configuration: Configuration, pointer: string): Json | undefined {
  try {
    return valueAt(configuration, readPointer(pointer));
  } catch {
    return undefined;
  }
}

function textOf(value: Json | undefined): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  return JSON.stringify(value);
}
