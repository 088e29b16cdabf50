import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  DescribeAccountAuditConfigurationCommand,
  DescribeEndpointCommand,
  DescribeEventConfigurationsCommand,
  GetIndexingConfigurationCommand,
  GetV2LoggingOptionsCommand,
  paginateListTopicRules,
} from '@aws-sdk/client-iot';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ListDatabasesCommand, TimestreamWriteClient } from '@aws-sdk/client-timestream-write';
import { isNamed } from '../operator/back-off.ts';
import type { StageClients } from '../operator/clients.ts';
import {
  answerOf,
  judgeAccountSetting,
  judgeBootstrap,
  judgeConcurrency,
  judgeRuleQuota,
  judgeTimestream,
  ok,
  type Row,
  stop,
} from './rows.ts';

export async function probeBootstrap({ cloudFormation }: StageClients, place: string): Promise<Row> {
  const answer = await answerOf(async () => {
    const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName: 'CDKToolkit' }));
    const [stack] = Stacks;
    const version = stack?.Outputs?.find(({ OutputKey }) => OutputKey === 'BootstrapVersion')?.OutputValue;
    return stack && { status: stack.StackStatus ?? '', version };
  });
  return judgeBootstrap(answer, place);
}

export async function probeTimestream(clients: StageClients): Promise<Row> {
  const client = clients.of(TimestreamWriteClient);
  return judgeTimestream(await answerOf(() => client.send(new ListDatabasesCommand({ MaxResults: 1 }))));
}

export async function probeQuotas(clients: StageClients, rulesToMake: number): Promise<Row[]> {
  const lambda = clients.of(LambdaClient);
  const concurrency = await answerOf(async () => {
    const { AccountLimit } = await lambda.send(new GetAccountSettingsCommand({}));
    return AccountLimit?.ConcurrentExecutions;
  });
  const rules = await answerOf(async () => {
    let count = 0;
    for await (const page of paginateListTopicRules({ client: clients.iot }, {})) count += page.rules?.length ?? 0;
    return count;
  });
  return [judgeConcurrency(concurrency), judgeRuleQuota(rules, rulesToMake)];
}

/** Settings of AWS IoT that belong to the account, and where it answers devices. */
export async function probeIot({ iot }: StageClients): Promise<Row[]> {
  const endpoint = await answerOf(() => iot.send(new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' })));
  if ('error' in endpoint) {
    const change = 'choose a region that has AWS IoT Core';
    return [stop('AWS IoT', `it does not answer: ${endpoint.error}: ${endpoint.message}`, change)];
  }
  const indexing = await answerOf(async () => {
    const { thingIndexingConfiguration: things } = await iot.send(new GetIndexingConfigurationCommand({}));
    const mode = things?.thingIndexingMode;
    return mode === undefined || mode === 'OFF' ? undefined : `things by ${mode}`;
  });
  const events = await answerOf(async () => {
    const { eventConfigurations = {} } = await iot.send(new DescribeEventConfigurationsCommand({}));
    const enabled = Object.entries(eventConfigurations).filter(([, own]) => own?.Enabled === true);
    return enabled.length === 0 ? undefined : enabled.map(([kind]) => kind).join(', ');
  });
  const audit = await answerOf(async () => {
    const answer = await iot.send(new DescribeAccountAuditConfigurationCommand({}));
    const checks = Object.entries(answer.auditCheckConfigurations ?? {}).filter(([, own]) => own.enabled === true);
    return answer.roleArn === undefined ? undefined : `${checks.length} checks, role ${answer.roleArn}`;
  });
  const logging = await answerOf(async () => {
    try {
      const { defaultLogLevel, disableAllLogs, roleArn } = await iot.send(new GetV2LoggingOptionsCommand({}));
      return roleArn === undefined || disableAllLogs === true ? undefined : `level ${defaultLogLevel}, role ${roleArn}`;
    } catch (error) {
      // An account that has never set them (API reference, GetV2LoggingOptions: NotConfiguredException).
      if (isNamed(error, 'NotConfiguredException')) return undefined;
      throw error;
    }
  });
  return [
    ok('AWS IoT', `devices connect to ${endpoint.value.endpointAddress}`),
    judgeAccountSetting('fleet indexing', indexing),
    judgeAccountSetting('registry events', events),
    judgeAccountSetting('Defender audits', audit),
    judgeAccountSetting('IoT logging', logging),
  ];
}
