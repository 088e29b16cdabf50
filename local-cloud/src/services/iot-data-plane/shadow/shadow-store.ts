import type { Clock, Timer } from '../../../core/clock.ts';
import type { DurableLog } from '../../../core/journal/durable-log.ts';
import type { JsonObject } from '../../../core/shadows.ts';
import type { Store } from '../../../core/store.ts';
import { DELETED_VERSION_LIFETIME } from '../limits.ts';
import { type ShadowDocument, type ShadowId, sectionDocument } from './shadow-document.ts';

/** A name's shadow or, for a while, the version that its deleted one had. */
type Entry =
  | { readonly shadow: ShadowDocument; readonly logId: number }
  | { readonly shadow: undefined; readonly version: number; readonly deletedAt: number; readonly logId: number };

/** How often versions of deleted shadows are looked through. ms */
const SWEEP_INTERVAL = 60 * 60_000;

/** Key of the classic shadow among a thing's: no shadow's name is empty. */
const CLASSIC = '';

/**
 * All shadows, in memory and in a log.
 *
 * INVARIANTS
 * - A newer record of a shadow is written before the older one is removed, so that one of them is always there.
 * - Writes are visible at once; they are on disk after the store's next `durable()`.
 */
export class ShadowStore {
  readonly #log: DurableLog;
  readonly #clock: Clock;
  readonly #byThing = new Map<string, Map<string, Entry>>();
  #sweep: Timer | undefined;

  constructor(store: Store, clock: Clock) {
    this.#log = store.log('iot-data-plane/shadows');
    this.#clock = clock;
    for (const [logId, record] of this.#log.entries()) this.#restore(logId, record);
  }

  start(): void {
    this.#sweep = this.#clock.every(SWEEP_INTERVAL, () => this.#forgetOldVersions());
  }

  stop(): void {
    this.#sweep?.cancel();
  }

  get({ thingName, shadowName = CLASSIC }: ShadowId): ShadowDocument | undefined {
    return this.#byThing.get(thingName)?.get(shadowName)?.shadow;
  }

  /** Version of the shadow, or of the one of its name that was deleted not long ago; 0 when there is neither. */
  versionOf({ thingName, shadowName = CLASSIC }: ShadowId): number {
    const entry = this.#byThing.get(thingName)?.get(shadowName);
    if (entry === undefined) return 0;
    if (entry.shadow !== undefined) return entry.shadow.version;
    return this.#clock.now() - entry.deletedAt > DELETED_VERSION_LIFETIME ? 0 : entry.version;
  }

  put(shadow: ShadowDocument): void {
    this.#replace(shadow, { shadow, logId: this.#log.append(encodeShadow(shadow)) });
  }

  delete(shadow: ShadowDocument, now: number): void {
    const { version } = shadow;
    const logId = this.#log.append(encodeDeletion(shadow, now));
    this.#replace(shadow, { shadow: undefined, version, deletedAt: now, logId });
  }

  /** Names of a thing's named shadows, sorted. */
  namesOf(thingName: string): string[] {
    const names: string[] = [];
    for (const [name, { shadow }] of this.#byThing.get(thingName) ?? []) {
      if (shadow !== undefined && name !== CLASSIC) names.push(name);
    }
    return names.sort();
  }

  *ofThing(thingName: string): Iterable<ShadowDocument> {
    for (const { shadow } of this.#byThing.get(thingName)?.values() ?? []) if (shadow !== undefined) yield shadow;
  }

  *all(): Iterable<ShadowDocument> {
    for (const thingName of this.#byThing.keys()) yield* this.ofThing(thingName);
  }

  #replace({ thingName, shadowName = CLASSIC }: ShadowId, entry: Entry): void {
    let shadows = this.#byThing.get(thingName);
    if (shadows === undefined) {
      shadows = new Map();
      this.#byThing.set(thingName, shadows);
    }
    const earlier = shadows.get(shadowName);
    shadows.set(shadowName, entry);
    if (earlier !== undefined) this.#log.remove(earlier.logId);
  }

  #restore(logId: number, record: Buffer): void {
    const kept = JSON.parse(record.toString('utf8')) as ShadowRecord;
    const id: ShadowId = { thingName: kept.t, shadowName: kept.n };
    if (kept.x !== undefined) {
      this.#replace(id, { shadow: undefined, version: kept.v, deletedAt: kept.x, logId });
      return;
    }
    const shadow: ShadowDocument = {
      ...id,
      version: kept.v,
      updatedAt: kept.u ?? 0,
      desired: kept.d && sectionDocument({ state: kept.d[0], metadata: kept.d[1] }),
      reported: kept.r && sectionDocument({ state: kept.r[0], metadata: kept.r[1] }),
    };
    this.#replace(id, { shadow, logId });
  }

  #forgetOldVersions(): void {
    const now = this.#clock.now();
    for (const [thingName, shadows] of this.#byThing) {
      for (const [name, entry] of shadows) {
        if (entry.shadow !== undefined || now - entry.deletedAt <= DELETED_VERSION_LIFETIME) continue;
        shadows.delete(name);
        this.#log.remove(entry.logId);
      }
      if (shadows.size === 0) this.#byThing.delete(thingName);
    }
  }
}

/** A record of the log: thing, name, version, time of the update or of the deletion (`x`), state and metadata. */
interface ShadowRecord {
  readonly t: string;
  readonly n?: string;
  readonly v: number;
  readonly u?: number;
  readonly x?: number;
  readonly d?: readonly [state: JsonObject, metadata: JsonObject];
  readonly r?: readonly [state: JsonObject, metadata: JsonObject];
}

function encodeShadow(shadow: ShadowDocument): Buffer {
  const { desired, reported } = shadow;
  const desiredMember = desired === undefined ? '' : `,"d":[${desired.stateJson},${desired.metadataJson}]`;
  const reportedMember = reported === undefined ? '' : `,"r":[${reported.stateJson},${reported.metadataJson}]`;
  return Buffer.from(`{${idMembers(shadow)},"u":${shadow.updatedAt}${desiredMember}${reportedMember}}`);
}

function encodeDeletion(shadow: ShadowDocument, now: number): Buffer {
  return Buffer.from(`{${idMembers(shadow)},"x":${now}}`);
}

function idMembers({ thingName, shadowName, version }: ShadowDocument): string {
  const name = shadowName === undefined ? '' : `,"n":${JSON.stringify(shadowName)}`;
  return `"t":${JSON.stringify(thingName)}${name},"v":${version}`;
}
