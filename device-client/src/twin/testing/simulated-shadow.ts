import { applyPatch, type JsonObject, patchBetween } from '../json-merge.ts';
import { type ShadowDelta, type ShadowDocument, type ShadowService, ShadowServiceError } from '../shadow-service.ts';

/** One shadow with the rules of the Device Shadow service (developer guide, `device-shadow-document`), and one device on it. */
export class SimulatedShadow implements ShadowService {
  document: ShadowDocument | undefined;
  readonly reports: { patch: JsonObject; version: number | undefined }[] = [];
  reads = 0;
  listening = false;
  /** Whether deltas reach the device. */
  deaf = false;
  /** Stands between a request and its answer. */
  around: <T>(kind: 'get' | 'report', request: () => T) => Promise<T> = async (_kind, request) => request();
  #version = 0;
  #onDelta: (delta: ShadowDelta) => void = () => {};
  #onGap: () => void = () => {};

  get(): Promise<ShadowDocument> {
    this.reads++;
    return this.around('get', () => {
      if (this.document === undefined) throw new ShadowServiceError('NOT_FOUND', 'no shadow');
      return this.document;
    });
  }

  report(patch: JsonObject, version: number | undefined): Promise<number> {
    return this.around('report', () => {
      if (version !== undefined && version !== this.document?.version) {
        throw new ShadowServiceError('CONFLICT', 'Version conflict');
      }
      this.reports.push({ patch, version });
      return this.#update({ reported: applyPatch(this.document?.reported ?? {}, patch) });
    });
  }

  /** The cloud's side. */
  desire(patch: JsonObject): number {
    return this.#update({ desired: applyPatch(this.document?.desired ?? {}, patch) });
  }

  listen(onDelta: (delta: ShadowDelta) => void, onGap: () => void): void {
    this.#onDelta = onDelta;
    this.#onGap = onGap;
    this.subscribed();
  }

  subscribed(): void {
    this.listening = true;
    this.#onGap();
  }

  close(): void {
    this.listening = false;
  }

  #update(change: Partial<ShadowDocument>): number {
    const { desired, reported } = { desired: {}, reported: {}, ...this.document, ...change };
    this.document = { version: ++this.#version, desired, reported };
    const state = patchBetween(reported, { ...reported, ...desired });
    if (state !== undefined && !this.deaf) this.#onDelta({ version: this.#version, state });
    return this.#version;
  }
}
