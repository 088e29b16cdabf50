/** What JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** One section of a shadow: `desired` or `reported`. */
export interface ShadowSection {
  readonly state: JsonObject;
  /** The same tree with `{timestamp}` (seconds) in place of every value (developer guide, `device-shadow-document`). */
  readonly metadata: JsonObject;
}

/** A shadow as it stood after one update. Never changes: the next update makes another. */
export interface Shadow {
  readonly thingName: string;
  /** Undefined for the classic shadow. */
  readonly shadowName: string | undefined;
  readonly version: number;
  /** ms since the epoch */
  readonly updatedAt: number;
  /** Undefined when the section is empty. */
  readonly desired: ShadowSection | undefined;
  readonly reported: ShadowSection | undefined;
}

export type ShadowChange =
  /** `before` is undefined for a shadow that is new. */
  | { readonly kind: 'updated'; readonly shadow: Shadow; readonly before: Shadow | undefined }
  | { readonly kind: 'deleted'; readonly shadow: Shadow };

/**
 * The shadows as other services read them. A thing need not be registered to have shadows, and those of a deleted thing
 * stay (developer guide, `device-shadow-data-flow`, "Deleting a shadow").
 */
export interface ShadowDirectory {
  get(thingName: string, shadowName?: string): Shadow | undefined;
  /** Difference of desired and reported; undefined when there is none. */
  delta(shadow: Shadow): ShadowSection | undefined;
  ofThing(thingName: string): Iterable<Shadow>;
  all(): Iterable<Shadow>;
  /** Called for each change once it is on disk, in the order of the changes. Listeners must not throw nor wait. */
  onChange(listener: (change: ShadowChange) => void): void;
}
