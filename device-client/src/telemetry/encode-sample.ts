import { MAX_VALUES_PER_SAMPLE, type Sample, sampleSchema } from '@fleetwright/contracts';
import { DeviceError } from '../errors.ts';

const MAX_TEXT = 2048;
/** Names that the schema has accepted. A device has few; the bound keeps a wrong one from filling memory. */
const MAX_KNOWN_NAMES = 10_000;
const knownNames = new Set<string>();

/**
 * JSON of a sample, checked as the cloud will check it: it refuses a message as a whole, so a sample that is wrong would
 * take its neighbours with it.
 *
 * INVARIANT: what is accepted here, `sampleSchema` accepts.
 * @throws DeviceError `INPUT_INVALID`
 */
export function encodeSample(sample: Sample, maxBytes: number): Buffer {
  const { time, values } = sample;
  if (!isPlain(time, values)) {
    const { error } = sampleSchema.safeParse({ time, values });
    if (error !== undefined) {
      const [first] = error.issues;
      throw new DeviceError('INPUT_INVALID', `sample: ${first?.path.join('.') || 'value'}: ${first?.message}`);
    }
  }
  const bytes = Buffer.from(JSON.stringify({ time, values }));
  if (bytes.length > maxBytes) {
    throw new DeviceError('INPUT_INVALID', `sample: ${bytes.length} bytes, more than a message takes (${maxBytes})`);
  }
  return bytes;
}

/** The common case, without the schema, which costs more than everything else done with a sample. */
function isPlain(time: number, values: Sample['values']): boolean {
  if (!Number.isSafeInteger(time) || time < 0) return false;
  let count = 0;
  for (const name in values) {
    if (++count > MAX_VALUES_PER_SAMPLE || !isKnown(name)) return false;
    const value = values[name];
    if (typeof value === 'number' ? !Number.isFinite(value) : !isFlagOrText(value)) return false;
  }
  return count > 0;
}

function isFlagOrText(value: unknown): boolean {
  return typeof value === 'boolean' || (typeof value === 'string' && value.length <= MAX_TEXT);
}

function isKnown(name: string): boolean {
  if (knownNames.has(name)) return true;
  if (!sampleSchema.safeParse({ time: 0, values: { [name]: 0 } }).success) return false;
  if (knownNames.size < MAX_KNOWN_NAMES) knownNames.add(name);
  return true;
}
