import { parseArn } from '../../../../../core/account.ts';
import type { CompiledStatement } from '../../../../../core/iam/compiled-policy.ts';
import type { PolicyDocument, PolicyStatement } from '../../../../../core/iam/policy-document.ts';
import type { RequestContext } from '../../../../../core/iam/request-context.ts';
import { decide } from './policy-probe.ts';

export type Misconfiguration =
  | 'POLICY_CONTAINS_MQTT_WILDCARDS_IN_DENY_STATEMENT'
  | 'TOPIC_FILTERS_INTENDED_TO_DENY_ALLOWED_USING_WILDCARDS';

const SAMPLE = 'q7zk-sample-w1xv';

/** A device on the connection of its own thing: variables have values, and conditions on them hold. */
const device: RequestContext = {
  values(key) {
    if (key === 'iot:clientid' || key === 'iot:connection.thing.thingname') return [SAMPLE];
    if (key === 'iot:connection.thing.isattached') return ['true'];
    return undefined;
  },
};

/**
 * Mistakes about wildcards (`audit-chk-iot-misconfigured-policies`): `+` and `#` mean nothing in a policy, so that
 * denying a filter with them denies that one text; and a topic that is denied to be subscribed to still arrives by a
 * filter above it, unless receiving it is denied too.
 */
export function misconfigurationsOf(
  document: PolicyDocument,
  statements: readonly CompiledStatement[],
): Misconfiguration[] {
  const denied = [document.Statement].flat().filter(({ Effect }) => Effect === 'Deny');
  const found: Misconfiguration[] = [];
  if (denied.some((statement) => topicResources(statement).some(({ topic }) => /[+#]/.test(topic)))) {
    found.push('POLICY_CONTAINS_MQTT_WILDCARDS_IN_DENY_STATEMENT');
  }
  const evadable = denied
    .flatMap(topicResources)
    .filter(({ type, topic }) => type === 'topicfilter' && topic !== '*' && !/[+#]/.test(topic))
    .some((resource) => isEvadable(resource, statements));
  if (evadable) found.push('TOPIC_FILTERS_INTENDED_TO_DENY_ALLOWED_USING_WILDCARDS');
  return found;
}

interface TopicResource {
  /** `arn:aws:iot:us-east-1:123456789012:`, with the policy's own wildcards */
  readonly prefix: string;
  readonly type: 'topic' | 'topicfilter';
  readonly topic: string;
}

function topicResources({ Resource }: PolicyStatement): TopicResource[] {
  return [Resource ?? []].flat().flatMap((text): TopicResource[] => {
    const resource = parseArn(text)?.resource;
    const type = resource?.split('/', 1)[0];
    if (resource === undefined || (type !== 'topic' && type !== 'topicfilter')) return [];
    return [{ prefix: text.slice(0, text.length - resource.length), type, topic: resource.slice(type.length + 1) }];
  });
}

/** Whether a topic below a denied filter is received through a filter that covers it. */
function isEvadable({ prefix, topic: denied }: TopicResource, statements: readonly CompiledStatement[]): boolean {
  const concrete = (text: string): string =>
    text
      .replace(/\$\{[^}]*\}/g, SAMPLE)
      .replace(/\*/g, SAMPLE)
      .replace(/\?/g, 'q');
  const topic = concrete(denied);
  const arnPrefix = concrete(prefix);
  if (decide(statements, 'iot:subscribe', `${arnPrefix}topicfilter/${topic}`, device)) return false;
  if (!decide(statements, 'iot:receive', `${arnPrefix}topic/${topic}`, device)) return false;
  return coveringFilters(topic).some((filter) =>
    decide(statements, 'iot:subscribe', `${arnPrefix}topicfilter/${filter}`, device),
  );
}

/** Filters with MQTT wildcards that match the topic: `#` from each level on, `+` in place of each level. */
function coveringFilters(topic: string): string[] {
  const levels = topic.split('/');
  const hashes = levels.map((_, at) => [...levels.slice(0, at), '#'].join('/'));
  const pluses = levels.map((_, at) => levels.with(at, '+').join('/'));
  return [...hashes, ...pluses];
}
