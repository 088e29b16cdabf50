import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NamedResource } from './rows.ts';

/** Properties that give a resource a name which is unique in the account and region. */
const NAME_PROPERTIES: Readonly<Record<string, string>> = {
  'AWS::IoT::Policy': 'PolicyName',
  'AWS::IoT::ProvisioningTemplate': 'TemplateName',
  'AWS::IoT::RoleAlias': 'RoleAlias',
  'AWS::IoT::ThingGroup': 'ThingGroupName',
  'AWS::IoT::ThingType': 'ThingTypeName',
  'AWS::IoT::TopicRule': 'RuleName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::SecretsManager::Secret': 'Name',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::Timestream::Database': 'DatabaseName',
};

interface Template {
  readonly Resources: Readonly<Record<string, { Type: string; Properties?: Readonly<Record<string, unknown>> }>>;
}

/** Names that the templates of an assembly fix. Names that CloudFormation makes are never taken. */
export function templateNames(template: Template): NamedResource[] {
  return Object.values(template.Resources).flatMap(({ Properties, Type: type }) => {
    const name = Properties?.[NAME_PROPERTIES[type] ?? ''];
    return typeof name === 'string' ? [{ type, name }] : [];
  });
}

export function assemblyTemplates(directory: string): Template[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.template.json'))
    .map((file) => JSON.parse(readFileSync(join(directory, file), 'utf8')) as Template);
}

export function countOf(templates: readonly Template[], type: string): number {
  return templates.flatMap(({ Resources }) => Object.values(Resources)).filter(({ Type }) => Type === type).length;
}
