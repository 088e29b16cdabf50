import type { TopicRulePayload } from '@aws-sdk/client-iot';
import type { ResourceProvider, ResourceState } from '../../core/resources.ts';
import { MAX_RULE_NAME } from '../limits.ts';
import { invalidRequest } from '../rule-payload.ts';
import type { TopicRules } from '../topic-rules.ts';

interface TopicRuleProperties {
  readonly RuleName?: string;
  readonly TopicRulePayload: Readonly<Record<string, unknown>>;
  readonly Tags?: readonly { readonly Key: string; readonly Value: string }[];
}

const PAYLOAD_PROPERTIES = ['Actions', 'AwsIotSqlVersion', 'Description', 'ErrorAction', 'RuleDisabled', 'Sql'];

/** AWS::IoT::TopicRule. `Ref` is the rule's name, `Arn` its ARN. */
export function topicRuleResource(rules: TopicRules): ResourceProvider<TopicRuleProperties> {
  const state = (ruleName: string): ResourceState => ({
    physicalId: ruleName,
    attributes: { Arn: rules.arn(ruleName) },
  });
  return {
    type: 'AWS::IoT::TopicRule',
    replaceOn: ['RuleName'],
    properties: ['RuleName', 'TopicRulePayload', 'Tags'],
    async create(properties, scope) {
      // generated names have hyphens, which rule names must not
      const ruleName = properties.RuleName ?? scope.generateName(MAX_RULE_NAME).replaceAll('-', '_');
      await rules.create(ruleName, readProperties(properties), readTags(properties));
      return state(ruleName);
    },
    async update(properties, _previous, previous) {
      await rules.replace(previous.physicalId, readProperties(properties), readTags(properties));
      return state(previous.physicalId);
    },
    async delete(previous) {
      if (rules.has(previous.physicalId)) await rules.delete(previous.physicalId);
    },
  };
}

function readTags({ Tags }: TopicRuleProperties): Record<string, string> {
  return Object.fromEntries((Tags ?? []).map(({ Key, Value }) => [Key, Value]));
}

function readProperties({ TopicRulePayload: payload }: TopicRuleProperties): TopicRulePayload {
  for (const name of Object.keys(payload)) {
    if (!PAYLOAD_PROPERTIES.includes(name)) throw invalidRequest(`TopicRulePayload has an unknown property '${name}'`);
  }
  const read = lowerNames(payload) as TopicRulePayload & { ruleDisabled?: unknown };
  return read.ruleDisabled === undefined ? read : { ...read, ruleDisabled: readFlag(read.ruleDisabled) };
}

function readFlag(value: unknown): boolean {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw invalidRequest(`TopicRulePayload.RuleDisabled must be true or false, not '${String(value)}'`);
}

/** CloudFormation writes the API's names with a capital first letter: `RoleArn`, `DynamoDBv2`, `S3`. */
function lowerNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerNames);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name.charAt(0).toLowerCase() + name.slice(1), lowerNames(member)]),
  );
}
