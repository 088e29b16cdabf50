import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeProvisioningTemplateCommand,
  DescribeRoleAliasCommand,
  DescribeThingGroupCommand,
  DescribeThingTypeCommand,
  GetPolicyCommand,
  GetTopicRuleCommand,
} from '@aws-sdk/client-iot';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DescribeDatabaseCommand, TimestreamWriteClient } from '@aws-sdk/client-timestream-write';
import { isNamed } from '../operator/back-off.ts';
import type { StageClients } from '../operator/clients.ts';
import { answerOf, judgeName, type NamedResource, type Row } from './rows.ts';

/** Looks for each name that a deploy would make and that is not the stage's already. */
export async function probeNames(clients: StageClients, names: readonly NamedResource[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const resource of names) {
    rows.push(judgeName(resource, await answerOf(() => existing(clients, resource))));
  }
  return rows;
}

/** @returns how it exists; undefined when the name is free */
async function existing(clients: StageClients, { name, type }: NamedResource): Promise<string | undefined> {
  try {
    return await find(clients, type, name);
  } catch (error) {
    // GetTopicRule answers an unknown rule like one that may not be seen (API reference: UnauthorizedException).
    if (isNamed(error, 'ResourceNotFoundException', 'UnauthorizedException', 'QueueDoesNotExist')) return undefined;
    throw error;
  }
}

async function find(clients: StageClients, type: string, name: string): Promise<string | undefined> {
  const { iot } = clients;
  switch (type) {
    case 'AWS::IoT::Policy':
      await iot.send(new GetPolicyCommand({ policyName: name }));
      return 'it exists';
    case 'AWS::IoT::ProvisioningTemplate':
      await iot.send(new DescribeProvisioningTemplateCommand({ templateName: name }));
      return 'it exists';
    case 'AWS::IoT::RoleAlias':
      await iot.send(new DescribeRoleAliasCommand({ roleAlias: name }));
      return 'it exists';
    case 'AWS::IoT::ThingGroup':
      await iot.send(new DescribeThingGroupCommand({ thingGroupName: name }));
      return 'it exists';
    case 'AWS::IoT::ThingType': {
      const { thingTypeMetadata } = await iot.send(new DescribeThingTypeCommand({ thingTypeName: name }));
      return thingTypeMetadata?.deprecated === true ? 'it exists, deprecated' : 'it exists';
    }
    case 'AWS::IoT::TopicRule':
      await iot.send(new GetTopicRuleCommand({ ruleName: name }));
      return 'it exists';
    case 'AWS::Logs::LogGroup': {
      const client = clients.of(CloudWatchLogsClient);
      const { logGroups = [] } = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: name }));
      return logGroups.some(({ logGroupName }) => logGroupName === name) ? 'it exists' : undefined;
    }
    case 'AWS::SecretsManager::Secret': {
      const secret = await clients.of(SecretsManagerClient).send(new DescribeSecretCommand({ SecretId: name }));
      return secret.DeletedDate === undefined
        ? 'it exists'
        : `it waits for its deletion on ${secret.DeletedDate.toISOString()} (restore-secret, or delete-secret --force-delete-without-recovery)`;
    }
    case 'AWS::SQS::Queue':
      await clients.of(SQSClient).send(new GetQueueUrlCommand({ QueueName: name }));
      return 'it exists';
    case 'AWS::Timestream::Database':
      await clients.of(TimestreamWriteClient).send(new DescribeDatabaseCommand({ DatabaseName: name }));
      return 'it exists';
    default:
      throw new Error(`no way to look for a ${type}`);
  }
}
