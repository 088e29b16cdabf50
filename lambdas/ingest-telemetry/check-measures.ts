import type { MeasureChecks } from './compile-measures.ts';
import type { Received, Rejection } from './model.ts';

/** Finds samples that do not hold what their device type measures. */
export function checkMeasures(messages: readonly Received[], checks: MeasureChecks): Rejection[] {
  const rejections: Rejection[] = [];
  if (checks.size === 0) return rejections;
  for (const { address, channel, message, messageId } of messages) {
    const check = checks.get(address.deviceType);
    if (check === undefined) continue;
    const isWhole = channel === 'telemetry';
    const { samples } = message;
    for (let sample = 0; sample < samples.length; sample++) {
      const detail = check((samples[sample] as (typeof samples)[number]).values, isWhole);
      if (detail !== undefined) rejections.push({ messageId, sample, reason: 'SCHEMA_VIOLATION', detail });
    }
  }
  return rejections;
}
