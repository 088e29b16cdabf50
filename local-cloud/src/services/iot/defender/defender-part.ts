import type { CreateIotPart } from '../iot-part.ts';
import { createAudit } from './audit/audit.ts';
import { configurationOperations } from './audit/operations/configuration-operations.ts';
import { findingOperations } from './audit/operations/finding-operations.ts';
import { scheduleOperations } from './audit/operations/schedule-operations.ts';
import { suppressionOperations } from './audit/operations/suppression-operations.ts';
import { taskOperations } from './audit/operations/task-operations.ts';
import { accountAuditConfigurationResource } from './audit/resources/account-audit-configuration.ts';
import { scheduledAuditResource } from './audit/resources/scheduled-audit.ts';
import { loggingOperations } from './logging/logging-operations.ts';
import { LoggingOptions } from './logging/logging-options.ts';

/** AWS IoT Device Defender (developer guide, `device-defender`), and the logging settings that it looks at. */
export const createDefenderPart: CreateIotPart = (service) => {
  const audit = createAudit(service);
  const logging = new LoggingOptions(service.context.store);
  return {
    operations: [
      ...configurationOperations(audit),
      ...taskOperations(audit),
      ...findingOperations(audit),
      ...scheduleOperations(audit),
      ...suppressionOperations(audit),
      ...loggingOperations(service, logging),
    ],
    resources: [accountAuditConfigurationResource(audit), scheduledAuditResource(audit)],
    start() {
      audit.tasks.takeUp();
      audit.schedules.start();
    },
    async stop() {
      audit.schedules.stop();
      await audit.tasks.stop();
    },
  };
};
