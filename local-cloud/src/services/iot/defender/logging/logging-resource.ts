import type { LogLevel } from '@aws-sdk/client-iot';
import type { ResourceProvider } from '../../../../core/resources.ts';
import { invalidRequest, resourceAlreadyExists } from '../../errors.ts';
import type { IotService } from '../../iot-service.ts';
import { durableProvider } from '../../resources/durable-provider.ts';
import type { LoggingOptions } from './logging-options.ts';

interface LoggingProperties {
  AccountId: string;
  DefaultLogLevel: LogLevel;
  RoleArn: string;
}

/**
 * AWS::IoT::Logging (CloudFormation template reference): the fine-grained logging options of the account, as
 * SetV2LoggingOptions sets them. It is not made where logging is configured already, and deleting it turns logging off.
 */
export function loggingResource(service: IotService, options: LoggingOptions): ResourceProvider<LoggingProperties> {
  const apply = ({ AccountId: account, DefaultLogLevel: level, RoleArn: roleArn }: LoggingProperties) => {
    const { accountId } = service.context.account;
    if (account !== accountId) throw invalidRequest(`AccountId must be ${accountId}`);
    options.setV2({ roleArn, defaultLogLevel: level, disableAllLogs: false });
    return { physicalId: accountId, attributes: {} };
  };
  return durableProvider(service, {
    type: 'AWS::IoT::Logging',
    replaceOn: ['AccountId'],
    properties: ['AccountId', 'DefaultLogLevel', 'RoleArn'],
    async create(properties) {
      if (options.isEnabled()) {
        throw resourceAlreadyExists('Logging is already configured for the account', '', properties.AccountId);
      }
      return apply(properties);
    },
    async update(properties) {
      return apply(properties);
    },
    async delete() {
      options.setV2({ disableAllLogs: true });
    },
  });
}
