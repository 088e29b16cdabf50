import type { AlertTarget, Behavior, MetricToRetain, Tag } from '@aws-sdk/client-iot';
import type { ResourceProvider } from '../../../../../core/resources.ts';
import { durableProvider } from '../../../resources/durable-provider.ts';
import { MAX_NAME_LENGTH } from '../../limits.ts';
import type { Detect } from '../detect.ts';

interface SecurityProfileProperties {
  AdditionalMetricsToRetainV2?: object[];
  AlertTargets?: Record<string, object>;
  Behaviors?: object[];
  SecurityProfileDescription?: string;
  SecurityProfileName?: string;
  Tags?: Tag[];
  TargetArns?: string[];
}

/** Values that templates may write as text. */
const NUMBERS = new Set([
  'count',
  'number',
  'durationSeconds',
  'consecutiveDatapointsToAlarm',
  'consecutiveDatapointsToClear',
]);
const NUMBER_LISTS = new Set(['ports', 'numbers']);
const BOOLEANS = new Set(['suppressAlerts', 'exportMetric']);

/** AWS::IoT::SecurityProfile. A profile without `TargetArns` is attached to nothing. */
export function securityProfileResource(detect: Detect): ResourceProvider<SecurityProfileProperties> {
  const { service, profiles, targets } = detect;
  const tagged = detect.tags.profile;
  const stateOf = (name: string) => ({ physicalId: name, attributes: { SecurityProfileArn: tagged.arn(name) } });
  const settle = (name: string, { Tags, TargetArns }: SecurityProfileProperties): void => {
    tagged.replace(name, Tags);
    const wanted = new Set((TargetArns ?? []).map((target) => targets.read(target)));
    for (const target of targets.targetsOf(name)) if (!wanted.has(target)) targets.detach(name, target);
    for (const target of wanted) targets.attach(name, target);
    detect.changed();
  };
  return durableProvider(service, {
    type: 'AWS::IoT::SecurityProfile',
    replaceOn: ['SecurityProfileName'],
    properties: [
      'AdditionalMetricsToRetainV2',
      'AlertTargets',
      'Behaviors',
      'SecurityProfileDescription',
      'SecurityProfileName',
      'Tags',
      'TargetArns',
    ],
    async create(properties, scope) {
      const name = properties.SecurityProfileName ?? scope.generateName(MAX_NAME_LENGTH);
      profiles.create({ securityProfileName: name, ...definitionOf(properties) });
      settle(name, properties);
      return stateOf(name);
    },
    async update(properties, _previous, { physicalId: name }) {
      const definition = definitionOf(properties);
      profiles.update({
        securityProfileName: name,
        ...definition,
        ...(definition.alertTargets === undefined ? { deleteAlertTargets: true } : {}),
        securityProfileDescription: definition.securityProfileDescription ?? '',
      });
      settle(name, properties);
      return stateOf(name);
    },
    async delete({ physicalId: name }) {
      profiles.delete(name, undefined);
      targets.detachAll(name);
      tagged.forget(name);
      detect.changed();
    },
  });
}

function definitionOf(properties: SecurityProfileProperties) {
  const { AlertTargets, SecurityProfileDescription: description } = properties;
  return {
    behaviors: apiShape(properties.Behaviors ?? []) as Behavior[],
    additionalMetricsToRetainV2: apiShape(properties.AdditionalMetricsToRetainV2 ?? []) as MetricToRetain[],
    ...(AlertTargets === undefined ? {} : { alertTargets: alertTargets(AlertTargets) }),
    ...(description === undefined ? {} : { securityProfileDescription: description }),
  };
}

function alertTargets(targets: Record<string, object>): Record<string, AlertTarget> {
  return Object.fromEntries(Object.entries(targets).map(([kind, target]) => [kind, apiShape(target) as AlertTarget]));
}

/** Members named as the API names them, and values of its types. */
function apiShape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(apiShape);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([property, content]) => {
      const member = property.charAt(0).toLowerCase() + property.slice(1);
      if (NUMBERS.has(member)) return [member, Number(content)];
      if (NUMBER_LISTS.has(member)) return [member, (content as unknown[]).map(Number)];
      if (BOOLEANS.has(member)) return [member, content === true || content === 'true'];
      return [member, apiShape(content)];
    }),
  );
}
