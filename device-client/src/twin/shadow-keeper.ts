import type { Json, JsonObject } from './json-merge.ts';

/** What a device makes of one of its shadows. */
export interface ShadowKeeper {
  /** What it has to report. */
  readonly view: JsonObject;
  /** Names that are its own to report. */
  readonly managed: ReadonlySet<string>;
  start(): Promise<void>;
  /** Acts on a desired state; the same again does nothing. */
  adopt(desired: JsonObject, version: number): Promise<void>;
  /** There is no desired state any more. */
  release(): Promise<void>;
  /** Names are replaced as a whole; null takes one back. @throws DeviceError `STATE_UNUSABLE`, `STOPPED` */
  report(own: Readonly<Record<string, Json>>): void;
}
