import type {
  JsonObject,
  JsonValue,
  Shadow,
  ShadowChange,
  ShadowDirectory,
  ShadowSection,
} from '../../../../core/shadows.ts';

/** A table of shadows for tests of what reads them. Its delta is the desired values that differ at the top level. */
export class FakeShadows implements ShadowDirectory {
  readonly #shadows = new Map<string, Shadow>();
  readonly #listeners: ((change: ShadowChange) => void)[] = [];

  put(thingName: string, shadowName: string | undefined, state: { desired?: JsonObject; reported?: JsonObject }): void {
    const before = this.get(thingName, shadowName);
    const shadow: Shadow = {
      thingName,
      shadowName,
      version: (before?.version ?? 0) + 1,
      updatedAt: 1_767_225_600_000,
      desired: state.desired && sectionOf(state.desired),
      reported: state.reported && sectionOf(state.reported),
    };
    this.#shadows.set(keyOf(thingName, shadowName), shadow);
    for (const listener of this.#listeners) listener({ kind: 'updated', shadow, before });
  }

  get(thingName: string, shadowName?: string): Shadow | undefined {
    return this.#shadows.get(keyOf(thingName, shadowName));
  }

  delta({ desired, reported }: Shadow): ShadowSection | undefined {
    const differing = Object.entries(desired?.state ?? {}).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(reported?.state[name]),
    );
    return differing.length === 0 ? undefined : sectionOf(Object.fromEntries(differing));
  }

  *ofThing(thingName: string): Iterable<Shadow> {
    for (const shadow of this.all()) if (shadow.thingName === thingName) yield shadow;
  }

  all(): Iterable<Shadow> {
    return this.#shadows.values();
  }

  onChange(listener: (change: ShadowChange) => void): void {
    this.#listeners.push(listener);
  }
}

function keyOf(thingName: string, shadowName: string | undefined): string {
  return `${thingName}\n${shadowName ?? ''}`;
}

function sectionOf(state: JsonObject): ShadowSection {
  return { state, metadata: timestamps(state) as JsonObject };
}

function timestamps(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(timestamps);
  if (typeof value !== 'object' || value === null) return { timestamp: 1_767_225_600 };
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, timestamps(member)]));
}
