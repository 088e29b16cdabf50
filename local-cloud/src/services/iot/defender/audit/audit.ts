import type { IotService } from '../../iot-service.ts';
import { type TaggedResource, taggedResource } from '../tagged-resource.ts';
import { AuditConfiguration } from './audit-configuration.ts';
import { AuditSuppressions } from './audit-suppressions.ts';
import { AuditTasks } from './audit-tasks.ts';
import { ConnectionHistory } from './connection-history.ts';
import { ScheduledAudits } from './scheduled-audits.ts';

/** Audits of one account: what operations, resources and mitigation work with. */
export interface Audit {
  readonly service: IotService;
  readonly configuration: AuditConfiguration;
  readonly history: ConnectionHistory;
  readonly suppressions: AuditSuppressions;
  readonly tasks: AuditTasks;
  readonly schedules: ScheduledAudits;
  readonly scheduleTags: TaggedResource;
}

export function createAudit(service: IotService): Audit {
  const { context } = service;
  const configuration = new AuditConfiguration(context.store);
  const history = new ConnectionHistory(context.store);
  configuration.onChecks((enabled) => history.watch(enabled));
  const suppressions = new AuditSuppressions(context.store, () => context.clock.now());
  const tasks = new AuditTasks(context, configuration, suppressions, history);
  const schedules = new ScheduledAudits(context, configuration, tasks, (name) => scheduleTags.arn(name));
  const scheduleTags = taggedResource(service, 'scheduledaudit', (name) => schedules.table.has(name));
  return { service, configuration, history, suppressions, tasks, schedules, scheduleTags };
}
