import type {
  DeleteAccountAuditConfigurationRequest,
  DescribeAccountAuditConfigurationResponse,
  UpdateAccountAuditConfigurationRequest,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../../../core/api.ts';
import { invalidRequest } from '../../../errors.ts';
import { anywhere, changing, reading } from '../../../iot-service.ts';
import { passingRole } from '../../../operations/passing-role.ts';
import type { Audit } from '../audit.ts';

export function configurationOperations({ service, configuration, schedules }: Audit): Operation[] {
  const update = changing<UpdateAccountAuditConfigurationRequest, object>(
    service,
    'UpdateAccountAuditConfiguration',
    anywhere,
    (input) => {
      configuration.update(input);
      return {};
    },
  );
  return [
    passingRole(
      passingRole(update, (input) => input.roleArn),
      (input) => input.auditNotificationTargetConfigurations?.SNS?.roleArn,
    ),
    reading<object, DescribeAccountAuditConfigurationResponse>('DescribeAccountAuditConfiguration', anywhere, () =>
      configuration.describe(),
    ),
    changing<DeleteAccountAuditConfigurationRequest, object>(
      service,
      'DeleteAccountAuditConfiguration',
      anywhere,
      ({ deleteScheduledAudits }) => {
        if (deleteScheduledAudits === true) schedules.deleteAll();
        else if (schedules.table.size > 0) {
          throw invalidRequest(
            'Scheduled audits use checks of the configuration; delete them or set deleteScheduledAudits',
          );
        }
        configuration.delete();
        return {};
      },
    ),
  ];
}
