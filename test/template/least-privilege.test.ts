import { join } from 'node:path';
import { flat, list, ofType, synthesize } from './synthesized.ts';

const { resources } = synthesize({
  edge: true,
  'fleetwright:components': join(__dirname, '../support/edge-components'),
});

/**
 * Actions that the service authorization reference gives no resource type, so that a policy can only say `*`.
 * Everything else must name what it acts on.
 */
const WITHOUT_RESOURCE_TYPE = new Set([
  'cloudwatch:PutMetricData',
  'iot:AttachPrincipalPolicy',
  'iot:AttachThingPrincipal',
  'iot:CreateCertificateFromCsr',
  'iot:CreateKeysAndCertificate',
  'iot:DescribeEndpoint',
  'iot:DetachThingPrincipal',
  'iot:ListPrincipalThings',
  'iot:ListThings',
  'iot:RegisterThing',
  'timestream:DescribeEndpoints',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
]);

/** Wildcards inside an ARN: only the part that nobody can know beforehand. */
const OPEN_ENDS = [
  /:thing\/fleetwright-dev-(pump-station|edge-core)-\*$/,
  /:thing\/fleetwright-dev-(pump-station|edge-core)-\*\/(presence|config)$/,
  /:topic\/fleetwright-dev\/\*\/(pump-station|edge-core)\/fleetwright-dev-\1-\*\/(command|rotation-answer)$/,
  /:cert\/\*$/,
  /:thing\/fleetwright-dev-(pump-station|edge-core)-\*\/firmware$/,
  /:(job|jobtemplate|thinggroup)\/fleetwright-dev-ota-\*$/,
  // An operator names the group of canaries.
  /:thinggroup\/\*$/,
  /<OtaPipelineFirmwareBucket\w+\.Arn>\/(uploads|releases)\/\*$/,
  /:(thing|client)\/fleetwright-dev-\*$/,
  /<RawArchiveBucket\w+\.Arn>\/raw\/\*$/,
  /<RawArchiveBucket\w+\.Arn>\/raw-errors\/\*$/,
  /<RawArchiveBucket\w+\.Arn>\/rollup-errors\/1[mh]\/\*$/,
  /<LakeBucket\w+\.Arn>\/(tables|errors)\/telemetry\/\*$/,
];

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
}

const statements: { policy: string; statement: Statement }[] = ofType(
  resources,
  'AWS::IAM::Policy',
  'AWS::IAM::ManagedPolicy',
).flatMap(([policy, { Properties }]) =>
  list<Statement>(Properties.PolicyDocument.Statement).map((statement) => ({ policy, statement })),
);

test('there are statements to look at', () => {
  expect(statements.length).toBeGreaterThan(15);
});

test.each(statements.map(({ policy, statement }) => [policy, list(statement.Action).join(' '), statement] as const))(
  '%s names what it acts on: %s',
  (_policy, _actions, statement) => {
    expect(statement.Effect).toBe('Allow');
    for (const action of list(statement.Action)) expect(action).not.toContain('*');
    for (const resource of list(statement.Resource).map(flat)) {
      if (resource === '*') {
        for (const action of list(statement.Action)) expect(WITHOUT_RESOURCE_TYPE).toContain(action);
      } else if (resource.includes('*')) {
        expect(OPEN_ENDS.some((end) => end.test(resource))).toBe(true);
      }
    }
  },
);

test('no role has a managed policy of AWS, which names nothing of ours', () => {
  for (const [, { Properties }] of ofType(resources, 'AWS::IAM::Role')) {
    expect(Properties.ManagedPolicyArns).toBeUndefined();
  }
});

test('no two functions and no two rules share a role', () => {
  const roles = [
    ...ofType(resources, 'AWS::Lambda::Function').map(([, { Properties }]) => flat(Properties.Role)),
    ...ofType(resources, 'AWS::IoT::TopicRule').map(([, { Properties }]) =>
      [...new Set(JSON.stringify(Properties).match(/"\w*Role\w*","Arn"/g))].join(),
    ),
  ];
  expect(new Set(roles).size).toBe(roles.length);
});

test('the ingest function may do exactly what it does', () => {
  const own = statements.filter(({ policy }) => /IngestRoleDefaultPolicy/.test(policy));
  expect(own.flatMap(({ statement }) => list(statement.Action)).sort()).toEqual([
    'dynamodb:UpdateItem',
    'firehose:PutRecordBatch',
    'logs:CreateLogStream',
    'logs:PutLogEvents',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'sqs:ReceiveMessage',
    // Rejected samples, and the slots whose roll-ups are to be made again.
    'sqs:SendMessage',
    'sqs:SendMessage',
    'timestream:DescribeEndpoints',
    'timestream:WriteRecords',
    'xray:PutTelemetryRecords',
    'xray:PutTraceSegments',
  ]);
});

const QUEUE = [
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'sqs:ReceiveMessage',
];
const STATE = ['dynamodb:GetItem', 'dynamodb:PutItem'];

test.each([
  ['HistoryRecorder', [...QUEUE, 'timestream:DescribeEndpoints', 'timestream:WriteRecords']],
  ['DriftDetector', [...QUEUE, ...STATE, 'sns:Publish', 'sqs:SendMessage']],
  [
    'PresenceTracker',
    [...QUEUE, ...STATE, 'iot:DescribeEndpoint', 'iot:UpdateThingShadow', 'sns:Publish', 'sqs:SendMessage'],
  ],
  ['CommandTracker', [...QUEUE, ...STATE, 'sqs:SendMessage']],
  [
    'CommandIssuer',
    [
      'dynamodb:PutItem',
      'iot:DescribeEndpoint',
      'iot:DescribeThing',
      'iot:Publish',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'sqs:SendMessage',
    ],
  ],
  ['TelemetryAlertsEvaluator', [...QUEUE, ...STATE, 'sns:Publish']],
  [
    'WhatIfPlayer',
    [
      'dynamodb:GetItem',
      'iot:DescribeEndpoint',
      'iot:DescribeThing',
      'iot:GetThingShadow',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'timestream:DescribeEndpoints',
      'timestream:Select',
    ],
  ],
  [
    'RemainingLifeEstimator',
    [
      'iot:DescribeThing',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'timestream:DescribeEndpoints',
      'timestream:Select',
    ],
  ],
])('the %s of twins may do exactly what it does', (name, actions) => {
  const own = statements.filter(
    ({ policy }) => policy.startsWith(`twin/${name}`) && policy.includes('RoleDefaultPolicy'),
  );
  const traced = (action: string) => action.startsWith('xray:');
  const granted = own.flatMap(({ statement }) => list(statement.Action)).filter((action) => !traced(action));
  expect(granted.sort()).toEqual([...actions].sort());
});
