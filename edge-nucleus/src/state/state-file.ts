import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { NucleusError } from '../nucleus-error.ts';

/** Reads JSON that {@link writeStateFile} wrote; undefined when there is none. @throws NucleusError `STATE_UNUSABLE` */
export function readStateFile(file: string): unknown {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw unusable(file, error);
  }
}

/**
 * A file is as before or whole: written aside, flushed, renamed, and the directory flushed. Mode 0600.
 * @throws NucleusError `STATE_UNUSABLE`
 */
export function writeStateFile(file: string, content: unknown): void {
  const aside = `${file}.new`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const handle = openSync(aside, 'w', 0o600);
    try {
      writeSync(handle, JSON.stringify(content));
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(aside, file);
    flushDirectory(file);
  } catch (error) {
    throw unusable(file, error);
  }
}

/** Whether it was there or not. @throws NucleusError `STATE_UNUSABLE` */
export function removeStateFile(file: string): void {
  if (!existsSync(file)) return;
  try {
    rmSync(file);
    flushDirectory(file);
  } catch (error) {
    throw unusable(file, error);
  }
}

function flushDirectory(file: string): void {
  const directory = openSync(dirname(file), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function unusable(file: string, cause: unknown): NucleusError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new NucleusError('STATE_UNUSABLE', `${file} cannot be used: ${reason}`, { cause });
}
