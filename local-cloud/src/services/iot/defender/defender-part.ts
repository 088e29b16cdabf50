import type { CreateIotPart } from '../iot-part.ts';
import { createAudit } from './audit/audit.ts';
import { configurationOperations } from './audit/operations/configuration-operations.ts';
import { findingOperations } from './audit/operations/finding-operations.ts';
import { scheduleOperations } from './audit/operations/schedule-operations.ts';
import { suppressionOperations } from './audit/operations/suppression-operations.ts';
import { taskOperations } from './audit/operations/task-operations.ts';
import { accountAuditConfigurationResource } from './audit/resources/account-audit-configuration.ts';
import { scheduledAuditResource } from './audit/resources/scheduled-audit.ts';
import { Detect } from './detect/detect.ts';
import { customMetricOperations, dimensionOperations } from './detect/operations/metric-operations.ts';
import { profileOperations } from './detect/operations/profile-operations.ts';
import { targetOperations } from './detect/operations/target-operations.ts';
import { violationOperations } from './detect/operations/violation-operations.ts';
import { reportTopics } from './detect/report-topics.ts';
import { detectResources } from './detect/resources/detect-resources.ts';
import { ActivityRecorder } from './device-activity.ts';
import { IotLogWriter } from './logging/iot-log-writer.ts';
import { LoggedActivity } from './logging/logged-activity.ts';
import { loggingOperations } from './logging/logging-operations.ts';
import { LoggingOptions } from './logging/logging-options.ts';
import { loggingResource } from './logging/logging-resource.ts';
import { createMitigation } from './mitigation/mitigation.ts';
import { actionOperations } from './mitigation/operations/action-operations.ts';
import { auditTaskOperations } from './mitigation/operations/audit-task-operations.ts';
import { detectTaskOperations } from './mitigation/operations/detect-task-operations.ts';
import { mitigationActionResource } from './mitigation/resources/mitigation-action.ts';

/** AWS IoT Device Defender (developer guide, `device-defender`), and the logging settings that it looks at. */
export const createDefenderPart: CreateIotPart = (service) => {
  const audit = createAudit(service);
  const { clock, ports } = service.context;
  const recorder = new ActivityRecorder(clock, audit.history);
  const logging = new LoggingOptions(service.context.store);
  const logs = new IotLogWriter(service, logging);
  ports.provide('iotLogs', logs);
  ports.provide('deviceActivity', new LoggedActivity(recorder, logs));
  const detect = new Detect(service, recorder);
  ports.provide('violations', detect.alarms.violations);
  const mitigation = createMitigation(service, audit.tasks, detect.alarms);
  return {
    operations: [
      ...configurationOperations(audit),
      ...taskOperations(audit),
      ...findingOperations(audit),
      ...scheduleOperations(audit),
      ...suppressionOperations(audit),
      ...profileOperations(detect),
      ...targetOperations(detect),
      ...customMetricOperations(detect),
      ...dimensionOperations(detect),
      ...violationOperations(detect),
      ...actionOperations(mitigation),
      ...auditTaskOperations(mitigation),
      ...detectTaskOperations(mitigation),
      ...loggingOperations(service, logging),
    ],
    resources: [
      accountAuditConfigurationResource(audit),
      scheduledAuditResource(audit),
      ...detectResources(detect),
      mitigationActionResource(mitigation),
      loggingResource(service, logging),
    ],
    start() {
      for (const handler of reportTopics(detect)) ports.get('reservedTopics').register(handler);
      detect.start();
      audit.tasks.takeUp();
      audit.schedules.start();
      mitigation.auditTasks.takeUp();
      mitigation.detectTasks.takeUp();
    },
    async stop() {
      await mitigation.auditTasks.stop();
      await mitigation.detectTasks.stop();
      await detect.stop();
      audit.schedules.stop();
      await audit.tasks.stop();
      await logs.stop();
    },
  };
};
