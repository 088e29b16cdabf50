import type { JsonObject } from './json-merge.ts';

/** A shadow as the cloud shows it. */
export interface ShadowDocument {
  readonly version: number;
  readonly desired: JsonObject;
  readonly reported: JsonObject;
}

/** What is desired and not reported, as of a version. */
export interface ShadowDelta {
  readonly version: number;
  readonly state: JsonObject;
}

export type ShadowServiceErrorCode =
  /** The shadow has another version than expected. */
  | 'CONFLICT'
  | 'NOT_FOUND'
  /** The request will never do. */
  | 'INVALID'
  /** Throttled, failed or not answered: it may have been carried out. */
  | 'UNAVAILABLE';

export class ShadowServiceError extends Error {
  override readonly name = 'ShadowServiceError';
  readonly code: ShadowServiceErrorCode;
  constructor(code: ShadowServiceErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** One shadow, as the device uses it. Every operation rejects with a {@link ShadowServiceError}. */
export interface ShadowService {
  get(): Promise<ShadowDocument>;
  /** @param version the shadow must have; undefined for one that does not exist. @returns the version it has now */
  report(patch: JsonObject, version: number | undefined): Promise<number>;
  /**
   * @param onDelta for each delta
   * @param onGap deltas may have been missed before this moment
   */
  listen(onDelta: (delta: ShadowDelta) => void, onGap: () => void): void;
  /** Whether deltas come. */
  readonly listening: boolean;
  close(): void;
}
