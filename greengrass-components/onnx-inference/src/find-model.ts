import { readdir, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { ModelSource } from './configuration.ts';
import { readPlainFile } from './model-files.ts';
import { ModelRefusal } from './model-refusal.ts';

/** File of a model component's work directory: one line, the path of the directory with its artifacts. */
export const OFFER_FILE = 'offer';
const MAX_OFFER_BYTES = 4_096;
/** Files of a directory that are looked at. */
const MAX_FILES = 64;

export interface FoundModel {
  readonly directory: string;
  /** Another one: there may be another model. */
  readonly fingerprint: string;
}

/**
 * Where a model is offered, if it is.
 * @param workDirectory of this component: those of others lie beside it, on the classic nucleus as on nucleus lite
 * @throws ModelRefusal `NOT_READABLE`
 */
export async function findModel(source: ModelSource, workDirectory: string): Promise<FoundModel | undefined> {
  const directory =
    source.component === undefined ? source.directory : await offeredBy(join(dirname(workDirectory), source.component));
  if (directory === undefined) return undefined;
  let names: string[];
  try {
    names = (await readdir(directory)).sort().slice(0, MAX_FILES);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && source.component === undefined) return undefined;
    throw new ModelRefusal('NOT_READABLE', `${directory}: ${code}`, { cause: error });
  }
  const marks = await Promise.all(
    names.map(async (name) => {
      const found = await stat(join(directory, name)).catch(() => undefined);
      return `${name} ${found?.ino} ${found?.size} ${found?.mtimeMs}`;
    }),
  );
  return { directory, fingerprint: [directory, ...marks].join('\n') };
}

async function offeredBy(workDirectory: string): Promise<string | undefined> {
  const there = await stat(join(workDirectory, OFFER_FILE)).catch(() => undefined);
  if (there === undefined) return undefined;
  const path = (await readPlainFile(workDirectory, OFFER_FILE, MAX_OFFER_BYTES)).toString('utf8').trim();
  if (!isAbsolute(path)) throw new ModelRefusal('NOT_READABLE', 'the offer holds no absolute path');
  return path;
}
