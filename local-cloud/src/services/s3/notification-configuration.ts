import { parseArn } from '../../core/account.ts';
import { AwsError, NotImplementedError } from '../../core/errors.ts';

/** Whom a bucket tells of which events. */
export interface NotificationSettings {
  readonly eventBridge: boolean;
  readonly targets: readonly NotificationTarget[];
}

export interface NotificationTarget {
  readonly id: string;
  readonly arn: string;
  /** `s3:ObjectCreated:*` */
  readonly events: readonly string[];
  readonly prefix: string;
  readonly suffix: string;
}

/** What a bucket tells of; other events are refused by name (user guide, "Supported event types"). */
const EVENTS = [
  's3:ObjectCreated:*',
  's3:ObjectCreated:Put',
  's3:ObjectCreated:Copy',
  's3:ObjectCreated:CompleteMultipartUpload',
  's3:ObjectRemoved:*',
  's3:ObjectRemoved:Delete',
  's3:ObjectRemoved:DeleteMarkerCreated',
];

type Loose = Readonly<Record<string, unknown>>;

/** By service: members of the API and of templates that hold its configurations, and its ARN. */
const KINDS = [
  {
    service: 'lambda',
    lists: ['LambdaFunctionConfigurations', 'LambdaConfigurations'],
    arns: ['LambdaFunctionArn', 'Function'],
  },
  { service: 'sqs', lists: ['QueueConfigurations'], arns: ['QueueArn', 'Queue'] },
  { service: 'sns', lists: ['TopicConfigurations'], arns: ['TopicArn', 'Topic'] },
] as const;

/**
 * Reads a configuration of the API or of a template.
 * @throws AwsError `InvalidArgument`, `NotImplemented` for events that are not built
 */
export function readNotifications(configuration: Loose, newId: () => string): NotificationSettings {
  const targets: NotificationTarget[] = [];
  for (const { arns, lists, service } of KINDS) {
    for (const entry of lists.flatMap((list) => (configuration[list] ?? []) as readonly Loose[])) {
      const arn = String(arns.map((member) => entry[member]).find((value) => value !== undefined) ?? '');
      if (parseArn(arn)?.service !== service) throw invalid('The ARN could not be parsed');
      const events = (entry.Events ?? (entry.Event === undefined ? [] : [entry.Event])) as readonly string[];
      const unknown = events.find((event) => !EVENTS.includes(event));
      if (unknown !== undefined) throw new NotImplementedError(`S3 notifications of the event '${unknown}'`);
      if (events.length === 0) throw invalid('The event list must not be empty');
      targets.push({ id: String(entry.Id ?? newId()), arn, events, ...readFilter(entry.Filter as Loose | undefined) });
    }
  }
  checkOverlaps(targets);
  const bridge = configuration.EventBridgeConfiguration as Loose | undefined;
  return { eventBridge: bridge !== undefined && String(bridge.EventBridgeEnabled ?? true) === 'true', targets };
}

function readFilter(filter: Loose | undefined): { prefix: string; suffix: string } {
  const key = (filter?.Key ?? filter?.S3Key) as Loose | undefined;
  const rules = (key?.FilterRules ?? key?.Rules ?? []) as readonly { Name?: string; Value?: string }[];
  const read = { prefix: '', suffix: '' };
  for (const { Name = '', Value = '' } of rules) {
    const name = Name.toLowerCase();
    if (name !== 'prefix' && name !== 'suffix') throw invalid('filter rule name must be either prefix or suffix');
    read[name] = Value;
  }
  return read;
}

/** "Configurations overlap": two for the same event must differ in prefix or suffix. */
function checkOverlaps(targets: readonly NotificationTarget[]): void {
  for (const [index, one] of targets.entries()) {
    for (const other of targets.slice(index + 1)) {
      const shared = one.events.some((event) =>
        other.events.some((also) => covers(event, also) || covers(also, event)),
      );
      const prefixes = one.prefix.startsWith(other.prefix) || other.prefix.startsWith(one.prefix);
      const suffixes = one.suffix.endsWith(other.suffix) || other.suffix.endsWith(one.suffix);
      if (shared && prefixes && suffixes) {
        throw invalid('Configurations overlap. Configurations on the same bucket cannot share a common event type.');
      }
    }
  }
}

/** Whether `event`, which may end in a star, takes in `name`. */
export function covers(event: string, name: string): boolean {
  return event.endsWith('*') ? name.startsWith(event.slice(0, -1)) : event === name;
}

/** As GetBucketNotificationConfiguration answers it. */
export function writeNotifications({ eventBridge, targets }: NotificationSettings): Record<string, unknown> {
  const of = (service: string, member: string) => {
    const found = targets.filter(({ arn }) => parseArn(arn)?.service === service);
    return found.map(({ arn, events, id, prefix, suffix }) => {
      const rules = [
        ...(prefix === '' ? [] : [{ Name: 'prefix', Value: prefix }]),
        ...(suffix === '' ? [] : [{ Name: 'suffix', Value: suffix }]),
      ];
      const filter = rules.length === 0 ? {} : { Filter: { Key: { FilterRules: rules } } };
      return { Id: id, [member]: arn, Events: [...events], ...filter };
    });
  };
  return {
    LambdaFunctionConfigurations: of('lambda', 'LambdaFunctionArn'),
    QueueConfigurations: of('sqs', 'QueueArn'),
    TopicConfigurations: of('sns', 'TopicArn'),
    ...(eventBridge ? { EventBridgeConfiguration: {} } : {}),
  };
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidArgument', message);
}
