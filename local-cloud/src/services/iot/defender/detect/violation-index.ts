import type { Collection } from '../../../../core/store.ts';
import type { ActiveViolation, ViolationDirectory } from '../../../../core/violations.ts';
import type { AlarmRecord } from './detect-records.ts';

const NONE: readonly ActiveViolation[] = [];

/** The raised alarms by their things, kept while the collection of alarms changes. */
export class ViolationIndex implements ViolationDirectory {
  /** Thing name → key of the alarm → violation. */
  readonly #byThing = new Map<string, Map<string, ActiveViolation>>();
  readonly #listeners: ((thingName: string) => void)[] = [];

  /** The collection, whose changes are told here from now on. */
  observe(alarms: Collection<AlarmRecord>): Collection<AlarmRecord> {
    for (const [key, alarm] of alarms.entries()) this.#put(key, alarm);
    return {
      get size() {
        return alarms.size;
      },
      get: (key) => alarms.get(key),
      has: (key) => alarms.has(key),
      put: (key, alarm) => {
        alarms.put(key, alarm);
        this.#put(key, alarm);
      },
      delete: (key) => {
        const alarm = alarms.get(key);
        if (alarm !== undefined) this.#remove(key, alarm.thingName);
        return alarms.delete(key);
      },
      keys: () => alarms.keys(),
      values: () => alarms.values(),
      entries: () => alarms.entries(),
    };
  }

  ofThing(thingName: string): readonly ActiveViolation[] {
    const violations = this.#byThing.get(thingName);
    return violations === undefined ? NONE : [...violations.values()];
  }

  onChange(listener: (thingName: string) => void): void {
    this.#listeners.push(listener);
  }

  #put(key: string, { thingName, profileName, behavior, active }: AlarmRecord): void {
    if (active === undefined) {
      this.#remove(key, thingName);
      return;
    }
    let violations = this.#byThing.get(thingName);
    if (violations === undefined) {
      violations = new Map();
      this.#byThing.set(thingName, violations);
    }
    violations.set(key, {
      thingName,
      securityProfileName: profileName,
      behaviorName: behavior.name ?? '',
      metricName: behavior.metric,
      lastViolationTime: active.lastTime,
      lastViolationValue: { ...active.lastValue },
    });
    this.#tell(thingName);
  }

  #remove(key: string, thingName: string): void {
    const violations = this.#byThing.get(thingName);
    if (violations?.delete(key) !== true) return;
    if (violations.size === 0) this.#byThing.delete(thingName);
    this.#tell(thingName);
  }

  #tell(thingName: string): void {
    for (const listener of this.#listeners) listener(thingName);
  }
}
