import type * as z from 'zod';
import type { ComponentLog, ConfigurationPort } from './component.ts';

/** Belongs to the nucleus, not to the component. */
const OF_THE_NUCLEUS = 'accessControl';

export class ConfigurationRefused extends Error {
  override readonly name = 'ConfigurationRefused';
}

/**
 * A component's configuration as its schema reads it.
 *
 * INVARIANT: `current` was taken by the schema. What it refuses later is logged, and the last good one stays.
 */
export class LiveConfiguration<S extends z.ZodType> implements ConfigurationPort<z.output<S>> {
  readonly #schema: S;
  readonly #log: ComponentLog;
  readonly #tasks = new Set<(configuration: z.output<S>) => void>();
  #current: z.output<S>;
  #text: string;

  /** @param given with `accessControl` or without @throws ConfigurationRefused all problems at once */
  constructor(schema: S, given: unknown, log: ComponentLog) {
    this.#schema = schema;
    this.#log = log;
    this.#current = this.#read(given);
    this.#text = JSON.stringify(this.#current);
  }

  get current(): z.output<S> {
    return this.#current;
  }

  onChange(task: (configuration: z.output<S>) => void): () => void {
    const own = (configuration: z.output<S>): void => task(configuration);
    this.#tasks.add(own);
    return () => void this.#tasks.delete(own);
  }

  /** Undefined: the schema takes it. Otherwise its problems, in one line. */
  problemOf(given: unknown): string | undefined {
    const read = this.#schema.safeParse(own(given));
    return read.success ? undefined : problemsOf(read.error);
  }

  /** @returns whether it was taken */
  offer(given: unknown): boolean {
    let next: z.output<S>;
    try {
      next = this.#read(given);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.error('a configuration is refused, the last good one stays', { reason });
      return false;
    }
    const text = JSON.stringify(next);
    if (text === this.#text) return true;
    this.#current = next;
    this.#text = text;
    for (const task of [...this.#tasks]) {
      try {
        task(next);
      } catch (error) {
        this.#log.error('a change of configuration could not be followed', { reason: String(error) });
      }
    }
    return true;
  }

  #read(given: unknown): z.output<S> {
    const read = this.#schema.safeParse(own(given));
    if (read.success) return read.data;
    throw new ConfigurationRefused(problemsOf(read.error));
  }
}

function own(given: unknown): unknown {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
  const { [OF_THE_NUCLEUS]: _, ...rest } = given as Record<string, unknown>;
  return rest;
}

function problemsOf(error: z.ZodError): string {
  return error.issues.map(({ message, path }) => `${path.join('.') || 'the configuration'}: ${message}`).join('; ');
}
