import type { Account } from '../../../../../core/account.ts';
import type { CompiledStatement } from '../../../../../core/iam/compiled-policy.ts';
import type { RequestContext } from '../../../../../core/iam/request-context.ts';
import { type IotResourceType, iotArn } from '../../../arns.ts';

/** A name that no policy means: what is allowed for it is allowed for any device. */
const ANY_THING = 'q7zk-any-thing-w1xv';
const ANY_CLIENT = 'q7zk-any-client-w1xv';

/** Operations on shadows and job executions (`audit-chk-iot-policy-permissive`, "Shadow and job permissions"). */
const DATA_ACTIONS = [
  'iot:deletethingshadow',
  'iot:getthingshadow',
  'iot:updatethingshadow',
  ...['describejobexecution', 'getpendingjobexecutions', 'startnextpendingjobexecution', 'updatejobexecution'].flatMap(
    (name) => [`iot:${name}`, `iotjobsdata:${name}`],
  ),
];

const SHADOW_REQUESTS = ['get', 'update', 'delete'];
const SHADOW_ANSWERS = [
  ...SHADOW_REQUESTS.flatMap((verb) => [`${verb}/accepted`, `${verb}/rejected`]),
  'update/delta',
  'update/documents',
];
const JOB_REQUESTS = ['get', 'start-next', 'q7zk-job/get', 'q7zk-job/update'];
const JOB_ANSWERS = ['notify', 'notify-next', ...JOB_REQUESTS.map((request) => `${request}/accepted`)];

function thingTopics(thing: string, shadow: readonly string[], jobs: readonly string[]): string[] {
  const below = `$aws/things/${thing}`;
  return [
    ...shadow.flatMap((end) => [`${below}/shadow/${end}`, `${below}/shadow/name/q7zk-shadow/${end}`]),
    ...jobs.map((end) => `${below}/jobs/${end}`),
  ];
}

const PUBLISHED = thingTopics(ANY_THING, SHADOW_REQUESTS, JOB_REQUESTS);

/** Filters that cover the reserved topics of every device, and the topics of one that nobody meant. */
const FILTERS = [
  '$aws/#',
  '$aws/things/#',
  '$aws/things/+/#',
  '$aws/things/+/shadow/#',
  '$aws/things/+/shadow/+',
  '$aws/things/+/shadow/update/#',
  '$aws/things/+/shadow/update/+',
  '$aws/things/+/shadow/name/#',
  '$aws/things/+/jobs/#',
  '$aws/things/+/jobs/+',
  ...thingTopics('+', [...SHADOW_REQUESTS, ...SHADOW_ANSWERS], JOB_ANSWERS),
  ...thingTopics(ANY_THING, [...SHADOW_REQUESTS, ...SHADOW_ANSWERS], JOB_ANSWERS),
];

/** A client of which nothing is known but an id that it chose itself, and that stands for no thing. */
const stranger: RequestContext = {
  values(key) {
    if (key === 'iot:clientid') return [ANY_CLIENT];
    if (key === 'iot:connection.thing.isattached') return ['false'];
    return undefined;
  },
};

/**
 * Whether statements give "broad access": what they allow to a client that stands for no thing, on a device that they
 * do not name. A wildcard after a specific prefix does not cover such a device, a policy variable of the thing has no
 * value, and so both are compliant, as the guide's examples are (`audit-chk-iot-policy-permissive`). Receiving is never
 * broad: "the device can only receive messages from topics on which it has permission to subscribe".
 */
export function broadDataPlaneAccess(account: Account, statements: readonly CompiledStatement[]): string | undefined {
  const allowed = (action: string, type: IotResourceType, name: string): boolean =>
    decide(statements, action, iotArn(account, type, name), stranger);
  if (allowed('iot:connect', 'client', ANY_CLIENT)) return 'iot:Connect';
  if (PUBLISHED.some((topic) => allowed('iot:publish', 'topic', topic))) return 'iot:Publish';
  if (FILTERS.some((filter) => allowed('iot:subscribe', 'topicfilter', filter))) return 'iot:Subscribe';
  return DATA_ACTIONS.find((action) => allowed(action, 'thing', ANY_THING));
}

/** An action that is allowed on a thing that the statements do not name. Actions in lower case. */
export function broadThingAccess(
  account: Account,
  statements: readonly CompiledStatement[],
  actions: readonly string[],
): string | undefined {
  const thing = iotArn(account, 'thing', ANY_THING);
  return actions.find((action) => decide(statements, action, thing, stranger));
}

export function decide(
  statements: readonly CompiledStatement[],
  action: string,
  resource: string,
  context: RequestContext,
): boolean {
  let allowed = false;
  for (const statement of statements) {
    if (!statement.matchesAction(action) || !statement.matchesResource(resource, context)) continue;
    if (statement.condition?.holds(context) === false) continue;
    if (statement.effect === 'Deny') return false;
    allowed = true;
  }
  return allowed;
}
