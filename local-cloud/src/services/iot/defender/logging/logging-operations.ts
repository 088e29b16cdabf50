import type {
  DeleteV2LoggingLevelRequest,
  GetLoggingOptionsResponse,
  GetV2LoggingOptionsResponse,
  ListV2LoggingLevelsRequest,
  ListV2LoggingLevelsResponse,
  SetLoggingOptionsRequest,
  SetV2LoggingLevelRequest,
  SetV2LoggingOptionsRequest,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../../core/api.ts';
import { anywhere, changing, type IotService, reading } from '../../iot-service.ts';
import { passingRole } from '../../operations/passing-role.ts';
import { listPage } from '../list-page.ts';
import type { LoggingOptions, LogTargetRecord } from './logging-options.ts';

/** Logs of version 2 are written as set here; the options of version 1 are kept, answered and audited, and write none. */
export function loggingOperations(service: IotService, options: LoggingOptions): Operation[] {
  const setV1 = changing<SetLoggingOptionsRequest, object>(service, 'SetLoggingOptions', anywhere, (input) => {
    options.setV1(input.loggingOptionsPayload?.roleArn, input.loggingOptionsPayload?.logLevel);
    return {};
  });
  const setV2 = changing<SetV2LoggingOptionsRequest, object>(service, 'SetV2LoggingOptions', anywhere, (input) => {
    options.setV2(input);
    return {};
  });
  return [
    passingRole(setV1, (input) => input.loggingOptionsPayload?.roleArn),
    passingRole(setV2, (input) => input.roleArn),
    reading<object, GetLoggingOptionsResponse>('GetLoggingOptions', anywhere, () => {
      const { roleArn, level } = options.v1();
      return { ...(roleArn === undefined ? {} : { roleArn }), ...(level === undefined ? {} : { logLevel: level }) };
    }),
    reading<object, GetV2LoggingOptionsResponse>('GetV2LoggingOptions', anywhere, () => {
      const { roleArn, level, disableAllLogs } = options.v2();
      return { roleArn, defaultLogLevel: level, disableAllLogs };
    }),
    changing<SetV2LoggingLevelRequest, object>(service, 'SetV2LoggingLevel', anywhere, (input) => {
      options.setLevel(input.logTarget?.targetType, input.logTarget?.targetName, input.logLevel);
      return {};
    }),
    changing<DeleteV2LoggingLevelRequest, object>(service, 'DeleteV2LoggingLevel', anywhere, (input) => {
      options.deleteLevel(input.targetType, input.targetName);
      return {};
    }),
    reading<ListV2LoggingLevelsRequest, ListV2LoggingLevelsResponse>('ListV2LoggingLevels', anywhere, (input) => {
      const of = (key: string) => options.targets.get(key) as LogTargetRecord;
      const { targetType } = input;
      const page = listPage(options.targets.sortedKeys(), input, (key) =>
        targetType === undefined ? true : of(key).targetType === targetType,
      );
      return {
        logTargetConfigurations: page.keys.map(of).map((record) => ({
          logTarget: { targetType: record.targetType, targetName: record.targetName },
          logLevel: record.level,
        })),
        nextToken: page.nextToken,
      };
    }),
  ];
}
