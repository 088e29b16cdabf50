import { ConstraintViolations } from '../../core/constraint-violations.ts';
import { AwsError } from '../../core/errors.ts';
import { invalidState, unsupported } from './errors.ts';
import type { KeyRecord } from './key-record.ts';
import type { Keys } from './keys.ts';
import {
  DAY_MS,
  DEFAULT_ROTATION_DAYS,
  MAX_ON_DEMAND_ROTATIONS,
  MAX_PENDING_DAYS,
  MAX_ROTATION_DAYS,
  MIN_PENDING_DAYS,
  MIN_ROTATION_DAYS,
} from './limits.ts';

/** KMS API reference, "ScheduleKeyDeletion". @throws AwsError ValidationException, KMSInvalidStateException */
export function scheduleDeletion(
  keys: Keys,
  id: string,
  days: number = MAX_PENDING_DAYS,
): { key: KeyRecord; at: number } {
  new ConstraintViolations().range('pendingWindowInDays', days, MIN_PENDING_DAYS, MAX_PENDING_DAYS).throwIfAny();
  const key = keys.requireNotPending(id);
  const at = keys.context.clock.now() + days * DAY_MS;
  key.deletion = { at, days };
  key.state = 'PendingDeletion';
  keys.save(key);
  return { key, at };
}

/** "CancelKeyDeletion": the key is disabled afterwards. @throws AwsError KMSInvalidStateException */
export function cancelDeletion(keys: Keys, id: string): KeyRecord {
  const key = keys.require(id);
  if (key.state !== 'PendingDeletion') throw invalidState(`${key.arn} is not pending deletion.`);
  delete key.deletion;
  key.state = 'Disabled';
  keys.save(key);
  return key;
}

/** @throws AwsError DisabledException, KMSInvalidStateException, UnsupportedOperationException */
export function enableRotation(keys: Keys, id: string, periodDays?: number): void {
  new ConstraintViolations()
    .range('rotationPeriodInDays', periodDays, MIN_ROTATION_DAYS, MAX_ROTATION_DAYS)
    .throwIfAny();
  const key = requireRotatable(keys, id);
  const period = periodDays ?? key.rotation?.periodDays ?? DEFAULT_ROTATION_DAYS;
  if (key.rotation?.periodDays === period) return;
  key.rotation = { periodDays: period, next: keys.context.clock.now() + period * DAY_MS };
  keys.save(key);
}

export function disableRotation(keys: Keys, id: string): void {
  const key = requireRotatable(keys, id);
  delete key.rotation;
  keys.save(key);
}

/** "RotateKeyOnDemand". @throws AwsError LimitExceededException */
export async function rotateOnDemand(keys: Keys, id: string): Promise<KeyRecord> {
  const key = requireRotatable(keys, id);
  if (key.materials.filter(({ rotation }) => rotation?.type === 'ON_DEMAND').length >= MAX_ON_DEMAND_ROTATIONS) {
    throw new AwsError('LimitExceededException', `${key.arn} has been rotated on demand as often as can be`);
  }
  await keys.rotate(key, 'ON_DEMAND');
  return key;
}

/** Only symmetric encryption keys rotate. @throws AwsError UnsupportedOperationException */
export function checkRotates(key: KeyRecord): void {
  if (key.spec !== 'SYMMETRIC_DEFAULT') throw unsupported(`${key.arn} is not a symmetric encryption key.`);
}

function requireRotatable(keys: Keys, id: string): KeyRecord {
  const key = keys.requireEnabled(id);
  checkRotates(key);
  return key;
}
