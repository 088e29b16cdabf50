import { FunctionError } from '../shared/errors.ts';
import type { Outcome, QuarantinePorts, QuarantineRecord, QuarantineRequest, QuarantineSettings } from './model.ts';

const HOUR = 3_600_000;

/**
 * Cuts a device off: it joins the quarantine group, whose policy denies everything, and its live connection is ended.
 *
 * INVARIANTS
 * - The record is written before the first change and after the last, so a request that is delivered again, after a
 *   crash too, ends where one delivery would have.
 * - A device that is quarantined is not quarantined again: what its refused connections cause has no effect.
 * - An automatic quarantine takes one of the hour's places; a device never takes two.
 */
export async function quarantine(
  request: QuarantineRequest,
  settings: QuarantineSettings,
  ports: QuarantinePorts,
): Promise<Outcome> {
  const { thingName } = request;
  if (!thingName.startsWith(`${settings.topicRoot}-`)) return 'FOREIGN_THING';
  const before = await ports.find(thingName);
  if (before?.state === 'quarantined') return 'ALREADY_QUARANTINED';
  if (before?.state === 'releasing') throw busy(before);
  if (before?.state === 'quarantining') return apply(before, ports);

  if (!(await ports.exists(thingName))) return 'NO_SUCH_THING';
  const now = ports.now();
  if (request.origin !== 'operator') {
    const releasedAt = before?.releasedAt ?? Number.NEGATIVE_INFINITY;
    if (request.at <= releasedAt || now - releasedAt < settings.grace) return 'IN_GRACE';
    const hour = Math.floor(now / HOUR);
    if (!(await ports.reserve(hour, thingName, settings.maxPerHour))) return 'BOUND_REACHED';
  }
  const record: QuarantineRecord = {
    thingName,
    state: 'quarantining',
    revision: (before?.revision ?? 0) + 1,
    since: now,
    origin: request.origin,
    by: request.by,
    reason: request.reason,
    wasMember: await ports.isMember(thingName),
    deactivated: [],
  };
  await change(record, ports);
  return apply(record, ports);
}

async function apply(record: QuarantineRecord, ports: QuarantinePorts): Promise<Outcome> {
  const { thingName, since } = record;
  await ports.addToGroup(thingName);
  await ports.disconnect(thingName);
  await ports.confirmLater(thingName, since);
  await change({ ...record, state: 'quarantined', revision: record.revision + 1 }, ports);
  return 'QUARANTINED';
}

/**
 * "Changes made to a policy can take a few minutes to become effective" (IoT developer guide, "AWS IoT Core policies"),
 * so a device may have come back at once. One that is connected still, when that time is over, is not stopped by the
 * group: its certificates are deactivated, and the record says which.
 */
export async function confirm(thingName: string, since: number, ports: QuarantinePorts): Promise<Outcome> {
  const record = await ports.find(thingName);
  if (record?.since !== since || record.state !== 'quarantined') return 'OUTDATED';
  if (!(await ports.isConnected(thingName))) return 'CONFIRMED';
  const active = await ports.activeCertificates(thingName);
  const deactivated = [...new Set([...record.deactivated, ...active])];
  await change({ ...record, deactivated, revision: record.revision + 1 }, ports);
  for (const certificateId of active) await ports.deactivate(certificateId);
  await ports.disconnect(thingName);
  const after = await ports.find(thingName);
  if (after?.since !== since || after.state !== 'quarantined') {
    // Released in between, perhaps after its certificates were looked at.
    for (const certificateId of active) await ports.activate(certificateId);
    return 'OUTDATED';
  }
  return 'CERTIFICATES_DEACTIVATED';
}

/** Restores what the quarantine has changed, and nothing else. */
export async function release(
  request: { readonly thingName: string; readonly by: string; readonly reason: string },
  ports: QuarantinePorts,
): Promise<Outcome> {
  const { thingName } = request;
  const before = await ports.find(thingName);
  if (before === undefined || before.state === 'released') return 'NOT_QUARANTINED';
  const releasing: QuarantineRecord = {
    ...before,
    state: 'releasing',
    revision: before.revision + 1,
    releasedBy: request.by,
    releaseReason: request.reason,
  };
  await change(releasing, ports);
  for (const certificateId of before.deactivated) await ports.activate(certificateId);
  if (!before.wasMember) await ports.removeFromGroup(thingName);
  const revision = releasing.revision + 1;
  await change({ ...releasing, state: 'released', revision, releasedAt: ports.now() }, ports);
  return 'RELEASED';
}

async function change(next: QuarantineRecord, ports: QuarantinePorts): Promise<void> {
  if (!(await ports.replace(next))) throw busy(next);
}

/** Somebody else is at it: the message comes again, and the operator may try again. */
function busy({ thingName, state }: QuarantineRecord): FunctionError {
  return new FunctionError('QUARANTINE_BUSY', `the quarantine of ${thingName} is being changed by another (${state})`);
}
