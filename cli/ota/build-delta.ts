import { createHash } from 'node:crypto';
import { decode } from '@ably/vcdiff-decoder';
import type { FirmwareDelta } from '@fleetwright/contracts';
import { Failure } from '../failure.ts';
import { describePayload } from './describe-payload.ts';
import { encodeVcdiff } from './encode-vcdiff.ts';

/** Both images lie in memory, here and on the device. */
export const MOST_DELTA_IMAGE = 268_435_456;
/** Above this share of the image a delta saves nothing worth its risk. */
const WORTH = 0.9;

export interface BuiltDelta {
  readonly about: FirmwareDelta;
  readonly bytes: Buffer;
}

/**
 * A delta from one image to another. It is decoded again, by an implementation that is not ours, before anybody sees it.
 * @returns why there is none, where the full image is better
 * @throws Failure for a delta that does not give the image
 */
export function buildDelta(from: string, base: Buffer, image: Buffer): BuiltDelta | { readonly skipped: string } {
  if (Math.max(base.length, image.length) > MOST_DELTA_IMAGE) {
    return { skipped: `images above ${MOST_DELTA_IMAGE} bytes get no delta` };
  }
  const bytes = encodeVcdiff(base, image);
  if (bytes.length > image.length * WORTH) {
    return { skipped: `it would have ${bytes.length} bytes of the image's ${image.length}` };
  }
  if (!Buffer.from(decode(bytes, base)).equals(image)) {
    throw new Failure(`the delta from ${from} does not give the image back; this is a defect`);
  }
  const fromSha256 = createHash('sha256').update(base).digest('hex');
  return { about: { format: 'vcdiff', from, fromSha256, ...describePayload(bytes) }, bytes };
}
