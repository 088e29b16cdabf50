import type { ComponentClock, ComponentLog, ShadowPort } from '../../shared/src/component.ts';
import type { ModelKeeper } from './model-keeper.ts';
import type { LineCounts } from './window-line.ts';

/** Named shadow of the core that says which models run. */
export const INFERENCE_SHADOW = 'inference';

/** ms between two reports, and before one that failed is tried again */
const LEAST_BETWEEN = 1_000;
const RETRY_AFTER = 60_000;
/** A report has to fit into a shadow of 8 KB. */
const MOST_DETAIL = 160;

/** Null takes a member away. */
export type ModelReport = Readonly<Record<string, unknown>> | null;

/** State of a model as it is told. */
export function reportOfModel(keeper: ModelKeeper, counts: LineCounts, subjects: number): ModelReport {
  const { active, fallenBack, refused, withdrawnAt } = keeper;
  const state =
    active === undefined ? 'none' : fallenBack ? 'fallback' : withdrawnAt !== undefined ? 'withdrawn' : 'running';
  return {
    state,
    version: active?.model.manifest.version ?? null,
    sha256: active?.model.manifest.file.sha256 ?? null,
    keyId: active?.model.keyId ?? null,
    since: active?.since ?? null,
    subjects,
    failures: counts.failures,
    skipped: counts.skipped,
    refused:
      refused === undefined
        ? null
        : {
            version: refused.version ?? null,
            reason: refused.reason,
            detail: refused.detail.slice(0, MOST_DETAIL),
            at: refused.at,
          },
  };
}

/** Keeps the reported state of the shadow at what it is: told once it changes, and again when it could not be. */
export class InferenceReport {
  readonly #ports: { shadows: ShadowPort; clock: ComponentClock; log: ComponentLog };
  readonly #read: () => Readonly<Record<string, ModelReport>>;
  #told = '';
  /** Names that the shadow has, to be taken away when they go. */
  #names = new Set<string>();
  #timer: { cancel(): void } | undefined;
  #closed = false;

  constructor(
    ports: { readonly shadows: ShadowPort; readonly clock: ComponentClock; readonly log: ComponentLog },
    read: () => Readonly<Record<string, ModelReport>>,
  ) {
    this.#ports = ports;
    this.#read = read;
  }

  /** Something may have changed. */
  touch(delay = LEAST_BETWEEN): void {
    if (this.#closed || this.#timer !== undefined) return;
    this.#timer = this.#ports.clock.after(delay, () => {
      void this.#tell();
    });
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  async #tell(): Promise<void> {
    const current = this.#read();
    const gone = [...this.#names].filter((name) => !(name in current));
    const models: Record<string, ModelReport> = { ...current, ...Object.fromEntries(gone.map((name) => [name, null])) };
    const text = JSON.stringify(models);
    let again: number | undefined;
    if (text !== this.#told) {
      try {
        await this.#ports.shadows.update(INFERENCE_SHADOW, { reported: { models } });
        this.#told = text;
        this.#names = new Set(Object.keys(current));
        // What has changed meanwhile.
        again = LEAST_BETWEEN;
      } catch (error) {
        this.#ports.log.debug('the shadow could not be updated, it will be', { reason: String(error) });
        again = RETRY_AFTER;
      }
    }
    this.#timer = undefined;
    if (again !== undefined) this.touch(again);
  }
}
