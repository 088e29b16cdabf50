import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';
import { problemsOf, type Rules, rulesSchema } from './rules-schema.ts';

/** Desired state of the shadow `rules`; other members are others' business. */
const desiredSchema = z.object({ rules: rulesSchema.nullish() });

export type RulesAnswer =
  | { readonly kind: 'none' }
  | { readonly kind: 'rules'; readonly rules: Rules; readonly given: unknown }
  | { readonly kind: 'refused'; readonly problems: string };

/** What a desired state says. */
export function readDesired(desired: object): RulesAnswer {
  const read = desiredSchema.safeParse(desired);
  if (!read.success) return { kind: 'refused', problems: problemsOf(read.error) };
  const { rules } = read.data;
  if (rules === undefined || rules === null) return { kind: 'none' };
  return { kind: 'rules', rules, given: (desired as { rules: unknown }).rules };
}

export interface KeptRules {
  readonly rules: Rules;
  readonly version: number | undefined;
}

const fileSchema = z.object({ version: z.number().optional(), rules: rulesSchema });

/** The last good rules of the shadow, on disk: those that are used after a restart without the cloud. */
export class RulesStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Undefined when there are none. @throws Error when there are, and they cannot be read */
  async read(): Promise<KeptRules | undefined> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    const read = fileSchema.safeParse(JSON.parse(text));
    if (!read.success) throw new Error(problemsOf(read.error));
    return { rules: read.data.rules, version: read.data.version };
  }

  /** @param given as the shadow has them: defaults may become others with the next version */
  async write(given: unknown, version: number | undefined): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    const file = await open(`${this.#path}.new`, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify({ version, rules: given }));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${this.#path}.new`, this.#path);
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}
