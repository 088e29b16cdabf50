import * as z from 'zod';

/** `major.minor.patch`, each 0 to 65535, without leading zeros: enough to order, short enough for a boot record. */
const PATTERN = /^(?:0|[1-9]\d{0,4})\.(?:0|[1-9]\d{0,4})\.(?:0|[1-9]\d{0,4})$/;
const MOST = 65_535;

export const firmwareVersionSchema = z
  .string()
  .regex(PATTERN, 'must be major.minor.patch, like 1.4.0')
  .refine((text) => partsOf(text).every((part) => part <= MOST), `must have parts of at most ${MOST}`);

export type FirmwareVersion = z.infer<typeof firmwareVersionSchema>;

/** Below 0 when `left` is older, 0 when they are the same, above 0 when it is newer. Both have been read by the schema. */
export function compareFirmware(left: FirmwareVersion, right: FirmwareVersion): number {
  const others = partsOf(right);
  for (const [index, part] of partsOf(left).entries()) {
    const difference = part - (others[index] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function partsOf(version: string): number[] {
  return version.split('.').map(Number);
}
