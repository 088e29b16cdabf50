import { twinReportSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { DeviceError } from '../errors.ts';
import type { DeviceLog } from '../feature.ts';
import type { StateDirectory } from '../state-directory.ts';
import { type Json, type JsonObject, sameJson } from './json-merge.ts';

const object = z.record(z.string(), z.json());

const stateSchema = z.object({
  /** In use: the last that worked. */
  settings: object,
  /** Desired state that was acted on last. */
  desired: object,
  /** What came of it. */
  report: twinReportSchema.optional(),
  /** What the device reports of itself, beside its settings. */
  own: object,
  /** Settings that are in use on trial: where it is here at a start, the agent did not live to judge them. */
  trial: z.object({ settings: object, attempt: z.int().positive() }).optional(),
  /** What came of configurations that were ordered once, newest last. */
  orders: z.array(z.object({ id: z.string(), code: z.string().optional(), errors: z.record(z.string(), z.string()) })),
});

const fileSchema = stateSchema.extend({ version: z.literal(1) });

export type OrderRecord = Readonly<z.infer<typeof stateSchema>['orders'][number]>;

export interface ShadowState
  extends Readonly<Omit<z.infer<typeof stateSchema>, 'settings' | 'desired' | 'own' | 'trial'>> {
  readonly settings: JsonObject;
  readonly desired: JsonObject;
  readonly own: JsonObject;
  readonly trial?: { readonly settings: JsonObject; readonly attempt: number } | undefined;
}

const NEW: ShadowState = { settings: {}, desired: {}, own: {}, orders: [] };

/** What a device knows of one of its shadows. INVARIANT: what `current` shows is on disk. */
export class ShadowStateStore {
  readonly #directory: StateDirectory;
  readonly #file: string;
  #current: ShadowState;
  #closed = false;

  /** @param name of the shadow; undefined for the classic one */
  constructor(directory: StateDirectory, name: string | undefined, log: DeviceLog) {
    this.#directory = directory;
    // Names of shadows are letters, digits and `:_-$` (API reference, UpdateThingShadow); none is empty.
    this.#file = name === undefined ? 'classic.json' : `named-${name}.json`;
    this.#current = this.#load(log);
  }

  get current(): ShadowState {
    return this.#current;
  }

  /** @throws DeviceError `STATE_UNUSABLE`, `STOPPED` */
  write(state: ShadowState): void {
    if (this.#closed) throw new DeviceError('STOPPED', 'the agent stops');
    this.#directory.write(this.#file, `${JSON.stringify({ version: 1, ...state })}\n`);
    this.#current = state;
  }

  /** What the device says of itself: names are replaced as a whole; null takes one back. @throws DeviceError `STATE_UNUSABLE`, `STOPPED` */
  report(own: Readonly<Record<string, Json>>): void {
    const merged = { ...this.#current.own, ...own };
    if (!sameJson(merged, this.#current.own)) this.write({ ...this.#current, own: merged });
  }

  /** Nothing is written any more. */
  close(): void {
    this.#closed = true;
  }

  #load(log: DeviceLog): ShadowState {
    const kept = this.#directory.read(this.#file);
    if (kept === undefined) return NEW;
    try {
      const { version: _, ...state } = fileSchema.parse(JSON.parse(kept));
      return state;
    } catch {
      // The desired state is in the cloud, and what it makes the device report too.
      log.error('what was known of a shadow is damaged; the device begins with its defaults', { file: this.#file });
      return NEW;
    }
  }
}
