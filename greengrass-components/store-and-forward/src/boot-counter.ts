import { join } from 'node:path';
import * as z from 'zod';
import type { ComponentHost } from '../../shared/src/component.ts';
import { readWhole, replaceFile } from './atomic-file.ts';

const MAX_BOOT_ID = 0xffff_ffff;
const bootSchema = z.object({ bootId: z.int().min(1).max(MAX_BOOT_ID) });

/**
 * Raises the counter of starts on disk (contract of telemetry messages, `bootId`).
 *
 * INVARIANT: never a number that was used. Where the file cannot be read, the counter goes on from the seconds of the clock,
 * which are more than any count of starts.
 * @param atLeast the highest that is known from elsewhere
 */
export async function raiseBootCounter(
  { clock, log, workDirectory }: Pick<ComponentHost<unknown>, 'clock' | 'log' | 'workDirectory'>,
  atLeast: number,
): Promise<number> {
  const path = join(workDirectory, 'boot.json');
  let last = 0;
  const content = readWhole(path);
  if (content !== undefined) {
    try {
      last = bootSchema.parse(JSON.parse(content.toString('utf8'))).bootId;
    } catch (error) {
      last = Math.floor(clock.now() / 1_000);
      log.error('the counter of starts is damaged, it goes on from the clock', { reason: String(error), bootId: last });
    }
  } else if (atLeast > 0) {
    last = Math.floor(clock.now() / 1_000);
    log.error('the counter of starts is missing, it goes on from the clock', { bootId: last });
  }
  const bootId = Math.max(last, atLeast) + 1;
  if (bootId > MAX_BOOT_ID) throw new Error('the counter of starts is used up');
  await replaceFile(path, JSON.stringify({ bootId }));
  return bootId;
}
