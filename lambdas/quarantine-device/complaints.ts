import type { QuarantineRequest } from './model.ts';
import type { AuditNotice, Violation } from './schema.ts';

export interface ComplaintSettings {
  readonly automatic: boolean;
  readonly behaviors: ReadonlySet<string>;
  readonly auditChecks: ReadonlySet<string>;
}

export interface FindingPorts {
  now(): number;
  /** Ids of the device certificates that a check of an audit found, those suppressed left out. */
  certificatesFound(taskId: string, checkName: string): Promise<readonly string[]>;
  thingsOf(certificateId: string): Promise<readonly string[]>;
}

/** Whether a violation has its device quarantined: only its beginning does. */
export function complaintOf(violation: Violation, settings: ComplaintSettings): QuarantineRequest | undefined {
  const { behavior, violationEventType, violationId, securityProfileName, thingName } = violation;
  if (!settings.automatic || violationEventType !== 'in-alarm' || !settings.behaviors.has(behavior.name)) {
    return undefined;
  }
  return {
    thingName,
    origin: 'violation',
    by: `Device Defender, violation ${violationId}`,
    reason: `${behavior.name} of profile ${securityProfileName}`,
    at: violation.violationEventTime,
  };
}

/** Devices that an audit complains of, each once. */
export async function complaintsOf(
  notice: AuditNotice,
  settings: ComplaintSettings,
  ports: FindingPorts,
): Promise<QuarantineRequest[]> {
  if (!settings.automatic || notice.taskStatus !== 'COMPLETED') return [];
  const requests = new Map<string, QuarantineRequest>();
  for (const { checkName, nonCompliantResourcesCount = 0 } of notice.auditDetails) {
    if (nonCompliantResourcesCount === 0 || !settings.auditChecks.has(checkName)) continue;
    for (const certificateId of await ports.certificatesFound(notice.taskId, checkName)) {
      for (const thingName of await ports.thingsOf(certificateId)) {
        if (requests.has(thingName)) continue;
        requests.set(thingName, {
          thingName,
          origin: 'finding',
          by: `Device Defender, audit ${notice.taskId}`,
          reason: `${checkName} on certificate ${certificateId}`,
          at: ports.now(),
        });
      }
    }
  }
  return [...requests.values()];
}
