import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ofType, type Resource, synthesize } from './synthesized.ts';

const EDGE = { edge: true, 'fleetwright:components': join(__dirname, '../support/edge-components') };
const dev = synthesize({ stage: 'dev', ...EDGE });
const prod = synthesize({ stage: 'prod', ...EDGE });

/** Types whose resources hold something that is lost with them. */
const STATEFUL = [
  'AWS::DynamoDB::Table',
  'AWS::KinesisFirehose::DeliveryStream',
  'AWS::Logs::LogGroup',
  'AWS::S3::Bucket',
  'AWS::SQS::Queue',
  'AWS::SecretsManager::Secret',
  'AWS::Timestream::Database',
  'AWS::Timestream::Table',
  'AWS::KMS::Key',
  'AWS::IoT::ThingGroup',
  'AWS::IoT::ThingType',
  'AWS::IoT::Policy',
  'AWS::IoT::ProvisioningTemplate',
  'Custom::ClaimCredentials',
  'Custom::GroupPolicy',
  'AWS::IoT::RoleAlias',
  'AWS::GreengrassV2::ComponentVersion',
  'AWS::SNS::Topic',
];
/** Types whose content is data: the configuration decides what becomes of it. */
const DATA = STATEFUL.filter((type) => /DynamoDB|KMS|Logs|S3|SQS|Secrets|Timestream|Thing|Greengrass/.test(type));

function statefulIds(resources: ReadonlyMap<string, Resource>): Record<string, string> {
  return Object.fromEntries(
    ofType(resources, ...STATEFUL)
      .map(([id, { Type }]): [string, string] => [id, Type])
      .sort(([left], [right]) => (left < right ? -1 : 1)),
  );
}

test('no stateful resource has changed its logical id, which would replace it and its data', () => {
  const committed = JSON.parse(readFileSync(join(__dirname, 'stateful-logical-ids.json'), 'utf8'));
  expect(statefulIds(dev.resources)).toEqual(committed);
});

test('both stages have the same logical ids, so that what holds for one holds for the other', () => {
  expect([...prod.resources.keys()].sort()).toEqual([...dev.resources.keys()].sort());
});

test('a resource whose type is kept by its stack is kept as its stage says', () => {
  for (const [stage, policy] of [
    [dev, 'Delete'],
    [prod, 'Retain'],
  ] as const) {
    for (const [, { DeletionPolicy, UpdateReplacePolicy }] of ofType(stage.resources, ...DATA)) {
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual([policy, policy]);
    }
  }
});

test('a stage that keeps its data cannot be destroyed by a slip of the hand', () => {
  expect(prod.platform.telemetry.terminationProtection).toBe(true);
  expect(dev.platform.telemetry.terminationProtection).toBeFalsy();
});

/** Names that are unique in an account and region (or, for tables, in a database), by property. */
const NAME_PROPERTIES = [
  'ThingTypeName',
  'ThingGroupName',
  'PolicyName',
  'TemplateName',
  'RuleName',
  'DatabaseName',
  'Name',
  'QueueName',
  'BucketName',
  'FunctionName',
  'RoleName',
  'LogGroupName',
  'DeliveryStreamName',
  'AlarmName',
  'RoleAlias',
  'DeploymentName',
];

/** `AWS::IAM::Policy` is inline in its role, and references are made by CloudFormation. */
function physicalNames(resources: ReadonlyMap<string, Resource>): string[] {
  return [...resources.values()]
    .filter(({ Type }) => Type !== 'AWS::IAM::Policy' && Type !== 'AWS::Timestream::Table')
    .flatMap(({ Type, Properties }) =>
      NAME_PROPERTIES.map((property) => Properties?.[property])
        .filter((name): name is string => typeof name === 'string')
        .map((name) => `${Type} ${name}`),
    );
}

test('two stages live side by side in one account: no physical name is used twice', () => {
  const names = [...physicalNames(dev.resources), ...physicalNames(prod.resources)];
  expect(names.length).toBeGreaterThan(15);
  expect(new Set(names).size).toBe(names.length);
});

test('a stage says nothing of the other', () => {
  expect(JSON.stringify([...dev.resources])).not.toMatch(/fleetwright[-_]prod/);
  expect(JSON.stringify([...prod.resources])).not.toMatch(/fleetwright[-_]dev/);
});

test('the two stacks of a stage are deployed in any order: neither refers to the other', () => {
  expect(dev.platform.identity.dependencies).toEqual([]);
  expect(dev.platform.telemetry.dependencies).toEqual([]);
});
