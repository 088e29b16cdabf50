import { readFile } from 'node:fs/promises';
import { INFERENCE_VERDICTS } from '@fleetwright/contracts';
import * as z from 'zod';
import type { ComponentLog } from '../../shared/src/component.ts';
import { MODEL_REFUSALS } from './model-refusal.ts';
import { replaceFile } from './replace-file.ts';

const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** What is remembered of one model, over restarts. Digests are those of manifests. */
const modelStateSchema = z.strictObject({
  /** What runs. */
  active: digest.optional(),
  /** Whether it has given a result. */
  proven: z.boolean().default(false),
  /** What ran before it and had given results. */
  previous: digest.optional(),
  /** What is being loaded just now, and how often that was begun: a model that ends the process each time is found out. */
  trying: z.strictObject({ digest, attempts: z.int().min(1) }).optional(),
  /** What misbehaved, and is not tried again. */
  quarantined: z.record(
    digest,
    z.strictObject({ reason: z.enum(MODEL_REFUSALS), detail: z.string(), at: z.int().nonnegative() }),
  ),
  /** By version, what it was. */
  versions: z.record(z.string(), digest),
  /** By subject, what was told last. */
  verdicts: z.record(
    z.string(),
    z.strictObject({ verdict: z.enum(INFERENCE_VERDICTS), raised: z.boolean(), at: z.int().nonnegative() }),
  ),
});

export type ModelState = z.infer<typeof modelStateSchema>;

const stateSchema = z.strictObject({ format: z.literal(1), models: z.record(z.string(), modelStateSchema) });

/** Of a model, how many of each are remembered: the oldest go first. */
const MOST_REMEMBERED = 32;

/** The file `state.json` of the work directory. */
export class InferenceState {
  readonly #path: string;
  readonly #models: Map<string, ModelState>;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, models: Map<string, ModelState>) {
    this.#path = path;
    this.#models = models;
  }

  /** A file that cannot be read is a loss of memory, not of the component: it begins anew. */
  static async open(path: string, log: ComponentLog): Promise<InferenceState> {
    try {
      const { models } = stateSchema.parse(JSON.parse(await readFile(path, 'utf8')));
      return new InferenceState(path, new Map(Object.entries(models)));
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!missing) log.error('what was remembered cannot be read and is forgotten', { reason: String(error) });
      return new InferenceState(path, new Map());
    }
  }

  model(name: string): ModelState {
    return this.#models.get(name) ?? { proven: false, quarantined: {}, versions: {}, verdicts: {} };
  }

  /** Names of all models that are remembered. */
  get names(): readonly string[] {
    return [...this.#models.keys()];
  }

  /** Digests that something is known by. */
  get digests(): ReadonlySet<string> {
    const known = new Set<string>();
    for (const { active, previous, trying } of this.#models.values()) {
      for (const one of [active, previous, trying?.digest]) if (one !== undefined) known.add(one);
    }
    return known;
  }

  /** Resolves when the change is on disk. Undefined members are taken away. */
  change(name: string, update: { readonly [K in keyof ModelState]?: ModelState[K] | undefined }): Promise<void> {
    const next = { ...this.model(name), ...update };
    this.#models.set(name, {
      ...next,
      proven: next.proven ?? false,
      quarantined: newest(next.quarantined ?? {}),
      versions: newest(next.versions ?? {}),
      verdicts: next.verdicts ?? {},
    });
    return this.#write();
  }

  forget(name: string): Promise<void> {
    this.#models.delete(name);
    return this.#write();
  }

  #write(): Promise<void> {
    this.#writing = this.#writing
      .catch(() => {})
      .then(() => replaceFile(this.#path, JSON.stringify({ format: 1, models: Object.fromEntries(this.#models) })));
    return this.#writing;
  }
}

function newest<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).slice(-MOST_REMEMBERED));
}
