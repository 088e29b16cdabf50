import type { ShadowPort } from '../component.ts';

interface Shadow {
  desired: object;
  reported: object;
  version: number;
}

/** Shadows of a core in memory. `null` removes, as in AWS IoT ("Device Shadow service documents"). For tests. */
export class TestShadows implements ShadowPort {
  readonly #shadows = new Map<string, Shadow>();
  readonly #listeners = new Map<string, Set<(desired: object) => void>>();

  async get(name: string): Promise<{ state: { desired?: object; reported?: object }; version: number } | undefined> {
    const shadow = this.#shadows.get(name);
    if (shadow === undefined) return undefined;
    const { desired, reported, version } = structuredClone(shadow);
    return { state: { desired, reported }, version };
  }

  async update(name: string, state: { desired?: object; reported?: object }): Promise<number> {
    const shadow = this.#shadows.get(name) ?? { desired: {}, reported: {}, version: 0 };
    const next = {
      desired: merged(shadow.desired, state.desired ?? {}),
      reported: merged(shadow.reported, state.reported ?? {}),
      version: shadow.version + 1,
    };
    this.#shadows.set(name, next);
    if (JSON.stringify(next.desired) !== JSON.stringify(shadow.desired)) {
      for (const task of this.#listeners.get(name) ?? []) queueMicrotask(() => task(structuredClone(next.desired)));
    }
    return next.version;
  }

  async onDesired(name: string, task: (desired: object) => void): Promise<{ end(): Promise<void> }> {
    const tasks = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, tasks.add(task));
    return { end: async () => void tasks.delete(task) };
  }

  /** The desired state as the cloud would change it. */
  async desire(name: string, desired: object): Promise<void> {
    await this.update(name, { desired });
  }

  reported(name: string): unknown {
    return structuredClone(this.#shadows.get(name)?.reported);
  }
}

function merged(before: object, update: object): object {
  const result: Record<string, unknown> = { ...before };
  for (const [key, value] of Object.entries(update)) {
    const old = result[key];
    if (value === null) delete result[key];
    else if (isObject(value)) result[key] = merged(isObject(old) ? old : {}, value);
    else result[key] = value;
  }
  return result;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
