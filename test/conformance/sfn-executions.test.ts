import type {
  CreateStateMachineOutput,
  DescribeExecutionOutput,
  GetExecutionHistoryOutput,
  StartExecutionOutput,
} from '@aws-sdk/client-sfn';
import type { ManualClock } from '../../local-cloud/src/core/clock.ts';
import { createSfnPlugin } from '../../local-cloud/src/services/sfn/plugin.ts';
import { ADMINISTRATOR, createTestCloud, type TestCloud } from '../../local-cloud/src/testing/context.ts';
import { LambdaCloud, until } from './lambda-cloud.ts';

const roleArn = 'arn:aws:iam::123456789012:role/machine-role';

let cloud: TestCloud<ManualClock>;
let counter = 0;
const sfn = <O = object>(operation: string, input: object, on: Pick<TestCloud<ManualClock>, 'api'> = cloud) =>
  on.api.call<O>(ADMINISTRATOR, 'sfn', operation, input);

async function start(definition: object, input: unknown = {}, on = cloud): Promise<string> {
  const { stateMachineArn } = await sfn<CreateStateMachineOutput>(
    'CreateStateMachine',
    { name: `machine-${++counter}`, definition: JSON.stringify(definition), roleArn },
    on,
  );
  const execution = { stateMachineArn, input: JSON.stringify(input) };
  return (await sfn<StartExecutionOutput>('StartExecution', execution, on)).executionArn as string;
}
const described = (executionArn: string, on = cloud) =>
  sfn<DescribeExecutionOutput>('DescribeExecution', { executionArn }, on);
async function ended(executionArn: string, on = cloud): Promise<DescribeExecutionOutput> {
  await until(async () => (await described(executionArn, on)).status !== 'RUNNING');
  return described(executionArn, on);
}
const run = async (definition: object, input?: unknown) => {
  const { status, output, error, cause } = await ended(await start(definition, input));
  return status === 'SUCCEEDED' ? (JSON.parse(output ?? '') as unknown) : { error, cause };
};
const one = (state: object) => ({ StartAt: 'S', States: { S: state } });

beforeEach(async () => {
  cloud = createTestCloud();
  await cloud.use(createSfnPlugin).start?.();
});
afterEach(() => cloud.close());

// source: developer guide, "Processing input and output in Step Functions"
test.each<[string, object, unknown, unknown]>([
  [
    'Result and ResultPath',
    { Type: 'Pass', Result: { a: 1 }, ResultPath: '$.x.y', End: true },
    { k: 1 },
    { k: 1, x: { y: { a: 1 } } },
  ],
  ['ResultPath null', { Type: 'Pass', Result: 1, ResultPath: null, End: true }, { k: 1 }, { k: 1 }],
  [
    'InputPath and OutputPath',
    { Type: 'Pass', InputPath: '$.a', OutputPath: '$.b[1]', End: true },
    { a: { b: [1, 2] } },
    2,
  ],
  [
    'Parameters',
    { Type: 'Pass', Parameters: { 'v.$': '$.a', s: 'x', 'n.$': '$$.State.Name' }, End: true },
    { a: [1] },
    { v: [1], s: 'x', n: 'S' },
  ],
])('%s shape what a state hands on', async (_name, state, input, output) => {
  expect(await run(one(state), input)).toEqual(output);
});

// source: developer guide, "Choice workflow state"
test('a Choice follows its first rule that holds, or its default', async () => {
  const machine = {
    StartAt: 'Choose',
    States: {
      Choose: {
        Type: 'Choice',
        Choices: [
          {
            And: [
              { Variable: '$.n', IsPresent: true },
              { Variable: '$.n', NumericGreaterThan: 5 },
            ],
            Next: 'Big',
          },
          { Not: { Variable: '$.name', StringMatches: 'dev-*' }, Next: 'Foreign' },
        ],
        Default: 'Own',
      },
      Big: { Type: 'Pass', Result: 'big', End: true },
      Foreign: { Type: 'Pass', Result: 'foreign', End: true },
      Own: { Type: 'Succeed', OutputPath: '$.name' },
    },
  };
  expect(await run(machine, { n: 6, name: 'dev-1' })).toBe('big');
  expect(await run(machine, { n: 5, name: 'prod' })).toBe('foreign');
  expect(await run(machine, { name: 'dev-1' })).toBe('dev-1');
});

// source: developer guide, "Parallel workflow state" and "Map workflow state"
test('branches and iterations run for themselves, and their results come in order', async () => {
  const branch = (Result: string) => one({ Type: 'Pass', Result, End: true });
  expect(await run(one({ Type: 'Parallel', Branches: [branch('a'), branch('b')], End: true }))).toEqual(['a', 'b']);
  const map = {
    Type: 'Map',
    ItemsPath: '$.items',
    ItemSelector: { 'item.$': '$$.Map.Item.Value', 'index.$': '$$.Map.Item.Index', 'unit.$': '$.unit' },
    ItemProcessor: one({ Type: 'Pass', End: true }),
    ResultPath: '$.results',
    End: true,
  };
  expect(await run(one(map), { items: ['x', 'y'], unit: 'C' })).toMatchObject({
    results: [
      { item: 'x', index: 0, unit: 'C' },
      { item: 'y', index: 1, unit: 'C' },
    ],
  });
});

// source: developer guide, "Handling errors in Step Functions workflows"
test('an error that nobody catches fails the execution; a caught one goes on with its name and cause', async () => {
  const Fail = { Type: 'Fail', Error: 'Broken', Cause: 'by design' };
  expect(await run(one(Fail))).toEqual({ error: 'Broken', cause: 'by design' });
  const Parallel = {
    Type: 'Parallel',
    Branches: [one(Fail)],
    Catch: [{ ErrorEquals: ['Broken'], ResultPath: '$.error', Next: 'Mend' }],
    End: true,
  };
  const machine = { StartAt: 'Try', States: { Try: Parallel, Mend: { Type: 'Pass', End: true } } };
  expect(await run(machine, { k: 1 })).toEqual({ k: 1, error: { Error: 'Broken', Cause: 'by design' } });
});

// source: developer guide, "Wait workflow state"
test('a Wait lasts by the clock, over a restart, and a stopped execution is aborted', async () => {
  const machine = one({ Type: 'Wait', Seconds: 60, End: true });
  const [first, second] = [await start(machine, { k: 1 }), await start(machine)];
  await cloud.clock.advance(59_000);
  expect((await described(first)).status).toBe('RUNNING');
  await sfn('StopExecution', { executionArn: second, error: 'Enough', cause: 'of it' });
  expect(await described(second)).toMatchObject({ status: 'ABORTED', error: 'Enough', cause: 'of it' });
  const again = createTestCloud({ directory: cloud.dataDirectory, clock: cloud.clock });
  await again.use(createSfnPlugin).start?.();
  await cloud.clock.advance(1000);
  expect(await ended(first, again)).toMatchObject({ status: 'SUCCEEDED', output: '{"k":1}' });
  expect((await described(second, again)).status).toBe('ABORTED');
  await again.close();
});

// source: StartExecution
test('StartExecution answers the same execution for the same name and input while it runs', async () => {
  const definition = JSON.stringify(one({ Type: 'Wait', Seconds: 60, End: true }));
  const { stateMachineArn } = await sfn<CreateStateMachineOutput>('CreateStateMachine', {
    name: 'm',
    definition,
    roleArn,
  });
  const begin = (input: string) => sfn<StartExecutionOutput>('StartExecution', { stateMachineArn, name: 'n', input });
  const { executionArn } = await begin('{}');
  expect(executionArn).toBe('arn:aws:states:us-east-1:123456789012:execution:m:n');
  expect((await begin('{}')).executionArn).toBe(executionArn);
  await expect(begin('{"k":1}')).rejects.toMatchObject({ code: 'ExecutionAlreadyExists' });
  await expect(begin('{')).rejects.toMatchObject({ code: 'InvalidExecutionInput' });
});

// source: CreateStateMachine
test.each<[string, object, string]>([
  ['a target that is missing', one({ Type: 'Pass', Next: 'Gone' }), 'InvalidDefinition'],
  ['a state without a way on', one({ Type: 'Pass' }), 'InvalidDefinition'],
  ['an unknown field', one({ Type: 'Pass', End: true, Color: 'red' }), 'InvalidDefinition'],
  ['JSONata', { QueryLanguage: 'JSONata', ...one({ Type: 'Pass', End: true }) }, 'NotImplemented'],
  ['intrinsic functions', one({ Type: 'Pass', Parameters: { 'a.$': 'States.UUID()' }, End: true }), 'NotImplemented'],
  ['JSONPath filters', one({ Type: 'Pass', InputPath: '$.a[?(@.b)]', End: true }), 'NotImplemented'],
  [
    'other integrations',
    one({ Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage', End: true }),
    'NotImplemented',
  ],
  [
    'timeouts of tasks',
    one({ Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', TimeoutSeconds: 5, End: true }),
    'NotImplemented',
  ],
])('CreateStateMachine refuses %s by name', async (_name, definition, code) => {
  const input = { name: 'm', definition: JSON.stringify(definition), roleArn };
  await expect(sfn('CreateStateMachine', input)).rejects.toMatchObject({ code });
});

// source: developer guide, "Invoke a Lambda function with Step Functions" and "Handling errors", Retry
test('tasks call real functions, by ARN and by the integration, and retry what they throw', async () => {
  const lambda = await new LambdaCloud().start();
  try {
    await lambda.cloud.use(createSfnPlugin).start?.();
    await lambda.function(
      `let calls = 0; exports.handler = async (event) => {
      if (event.flaky && ++calls < 3) { const error = new Error('not yet'); error.name = 'Flaky'; throw error; }
      return { doubled: (event.n ?? 0) * 2, calls };
    };`,
      { Timeout: 900 },
    );
    const Resource = 'arn:aws:lambda:us-east-1:123456789012:function:fn';
    const finish = async (executionArn: string) => {
      await until(async () => {
        // Slowly: the function's own time limits run on this clock, too, while its process takes real time.
        await lambda.clock.advance(20);
        return (await described(executionArn, lambda.cloud)).status !== 'RUNNING';
      });
      return described(executionArn, lambda.cloud);
    };
    const direct = await start(
      one({ Type: 'Task', Resource, ResultPath: '$.result', End: true }),
      { n: 4 },
      lambda.cloud,
    );
    expect(JSON.parse((await finish(direct)).output ?? '')).toEqual({ n: 4, result: { doubled: 8, calls: 0 } });

    const Retry = [{ ErrorEquals: ['Flaky'], IntervalSeconds: 1, MaxAttempts: 3 }];
    const integration = {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: { FunctionName: Resource, Payload: { flaky: true } },
      ResultSelector: { 'calls.$': '$.Payload.calls' },
      End: true,
    };
    const retried = await start(one({ ...integration, Retry }), {}, lambda.cloud);
    expect(await finish(retried)).toMatchObject({ status: 'SUCCEEDED', output: '{"calls":3}' });
    const { events } = await sfn<GetExecutionHistoryOutput>(
      'GetExecutionHistory',
      { executionArn: retried },
      lambda.cloud,
    );
    expect(events?.map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);

    const absent = one({ Type: 'Task', Resource: `${Resource}-absent`, End: true });
    const failed = await finish(await start(absent, {}, lambda.cloud));
    expect(failed).toMatchObject({ status: 'FAILED', error: 'Lambda.ResourceNotFoundException' });
  } finally {
    await lambda.close();
  }
});
