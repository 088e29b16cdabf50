import type { IotService } from '../../iot-service.ts';
import type { AuditTasks } from '../audit/audit-tasks.ts';
import type { Alarms } from '../detect/alarms.ts';
import { type TaggedResource, taggedResource } from '../tagged-resource.ts';
import { AuditMitigationTasks } from './audit-mitigation-tasks.ts';
import { DetectMitigationTasks } from './detect-mitigation-tasks.ts';
import { MitigationActions } from './mitigation-actions.ts';

export interface Mitigation {
  readonly service: IotService;
  readonly actions: MitigationActions;
  readonly tags: TaggedResource;
  readonly auditTasks: AuditMitigationTasks;
  readonly detectTasks: DetectMitigationTasks;
}

export function createMitigation(service: IotService, audits: AuditTasks, alarms: Alarms): Mitigation {
  const { context } = service;
  const actions = new MitigationActions(context, (name) => tags.arn(name));
  const tags = taggedResource(service, 'mitigationaction', (name) => actions.table.has(name));
  return {
    service,
    actions,
    tags,
    auditTasks: new AuditMitigationTasks(context, audits, actions),
    detectTasks: new DetectMitigationTasks(context, alarms, actions),
  };
}
