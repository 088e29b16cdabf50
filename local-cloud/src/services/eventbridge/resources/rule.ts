import type { Target } from '@aws-sdk/client-eventbridge';
import type { ResourceProvider } from '../../../core/resources.ts';
import { validation } from '../errors.ts';
import { type EventBridge, nameOfBus } from '../event-bridge.ts';
import { MAX_TARGETS_PER_RULE } from '../limits.ts';
import { readRule, readTarget } from '../read-rule.ts';

interface RuleProperties {
  readonly Name?: string;
  readonly Description?: string;
  readonly EventBusName?: string;
  readonly EventPattern?: unknown;
  readonly ScheduleExpression?: string;
  readonly State?: 'ENABLED' | 'DISABLED';
  readonly RoleArn?: string;
  readonly Tags?: { Key: string; Value: string }[];
  readonly Targets?: readonly unknown[];
}

const NUMBERS = new Set(['MaximumEventAgeInSeconds', 'MaximumRetryAttempts']);

/** CloudFormation template reference, "AWS::Events::Rule". */
export function ruleResource(bridge: EventBridge): ResourceProvider<RuleProperties> {
  const apply = async (name: string, properties: RuleProperties) => {
    const { EventPattern, Targets = [], ...rest } = properties;
    const pattern =
      typeof EventPattern === 'string' || EventPattern === undefined ? EventPattern : JSON.stringify(EventPattern);
    const targets = Targets.map((target) => readTarget(typed(target) as Target));
    if (targets.length > MAX_TARGETS_PER_RULE) throw validation(`A rule can have ${MAX_TARGETS_PER_RULE} targets.`);
    const rule = readRule(bridge, { ...rest, Name: name, ...(pattern === undefined ? {} : { EventPattern: pattern }) });
    await bridge.putRule({ ...rule, targets, tags: properties.Tags ?? [] });
    const bus = nameOfBus(properties.EventBusName);
    return { physicalId: bus === 'default' ? name : `${bus}|${name}`, attributes: { Arn: bridge.ruleArn(bus, name) } };
  };
  const nameOf = (physicalId: string) => physicalId.slice(physicalId.indexOf('|') + 1);
  return {
    type: 'AWS::Events::Rule',
    replaceOn: ['Name', 'EventBusName'],
    properties: [
      'Name',
      'Description',
      'EventBusName',
      'EventPattern',
      'ScheduleExpression',
      'State',
      'RoleArn',
      'Tags',
      'Targets',
    ],
    create: (properties, scope) => apply(properties.Name ?? scope.generateName(64), properties),
    update: (properties, _previous, { physicalId }) => apply(nameOf(physicalId), properties),
    async delete({ physicalId }, { EventBusName }) {
      const rule = bridge.findRule(EventBusName, nameOf(physicalId));
      if (rule !== undefined) await bridge.deleteRule(rule);
    },
  };
}

/** Numbers of templates may be text. */
function typed(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((member) => typed(member));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, typed(member, key)]));
  }
  return NUMBERS.has(name) ? Number(value) : value;
}
